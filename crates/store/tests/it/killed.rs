//! Workers that are killed (SIGKILL), at random and at every step, lose no job and do none twice.
//!
//! The workers are processes of their own: this test binary, started anew with one ignored test to run. Each reports
//! to the test over TCP, which also stands for the world outside: it counts what reaches it, by the job's id.

use crate::databases::TestDatabase;
use casp_store::{
    Store,
    jobs::{self, JobFilter, NewJob},
};
use std::{
    collections::HashMap,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::mpsc,
};

const KIND: &str = "send-mail";
const LEASE_MS: i64 = 300;
/// Between any two of them a worker may die.
const STEPS: [&str; 6] = [
    "claimed",
    "sent",
    "settling",
    "written",
    "committed",
    "idle",
];

const DATABASE: &str = "CASP_TEST_DATABASE";
const REPORT_TO: &str = "CASP_TEST_REPORT_TO";
const STOP_AT: &str = "CASP_TEST_STOP_AT";

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// The worker's side of the line to the test.
struct Line {
    stream: BufReader<TcpStream>,
    stop_at: String,
}

impl Line {
    /// Says something and waits until it was heard.
    async fn say(&mut self, text: &str) {
        let line = format!("{text}\n");
        self.stream
            .get_mut()
            .write_all(line.as_bytes())
            .await
            .unwrap();
        self.stream.read_line(&mut String::new()).await.unwrap();
    }

    /// A place to die at.
    async fn step(&mut self, name: &str) {
        if self.stop_at == name {
            self.say("here").await;
            std::future::pending::<()>().await;
        }
    }
}

/// Takes jobs for ever: tells the world outside, and writes into the ledger where it settles.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process that the other tests start"]
async fn worker_process() {
    let Ok(url) = std::env::var(DATABASE) else {
        return;
    };
    let stream = TcpStream::connect(std::env::var(REPORT_TO).unwrap())
        .await
        .unwrap();
    let mut line = Line {
        stream: BufReader::new(stream),
        stop_at: std::env::var(STOP_AT).unwrap_or_default(),
    };
    let store = Store::connect(&url).await.unwrap();
    let worker = format!("process {}", std::process::id());
    line.say("up").await;
    loop {
        let claimed = jobs::claim(&store, KIND, &worker, LEASE_MS, 3, now_ms()).await;
        for job in claimed.unwrap_or_default() {
            line.step("claimed").await;
            line.say(&format!("sent {}", job.lease.job)).await;
            line.step("sent").await;
            let settled = jobs::settle(&store, &job.lease, now_ms()).await;
            let Ok(Some(mut settlement)) = settled else {
                continue;
            };
            line.step("settling").await;
            sqlx::query("INSERT INTO ledger (job) VALUES ($1)")
                .bind(&job.lease.job)
                .execute(settlement.connection())
                .await
                .unwrap();
            line.step("written").await;
            settlement.commit().await.unwrap();
            line.step("committed").await;
        }
        line.step("idle").await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The test's side: what came from outside, and which workers are where they were told to stop.
struct World {
    address: String,
    sent: Arc<Mutex<HashMap<String, u32>>>,
    up: mpsc::Receiver<()>,
    here: mpsc::Receiver<()>,
    url: String,
}

impl World {
    async fn new(db: &TestDatabase) -> Self {
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&db.url)
            .await
            .unwrap();
        // Nothing but the settlement keeps a job from being written here twice.
        sqlx::query("CREATE TABLE ledger (job TEXT NOT NULL)")
            .execute(&mut connection)
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let sent = Arc::new(Mutex::new(HashMap::new()));
        let (says_up, up) = mpsc::channel(64);
        let (says_here, here) = mpsc::channel(64);
        let counted = sent.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (counted, up, here) = (counted.clone(), says_up.clone(), says_here.clone());
                tokio::spawn(async move {
                    let (read, mut write) = stream.into_split();
                    let mut lines = BufReader::new(read).lines();
                    while let Ok(Some(line)) = lines.next_line().await {
                        match line.split_once(' ') {
                            Some(("sent", job)) => {
                                *counted.lock().unwrap().entry(job.to_owned()).or_default() += 1;
                            }
                            _ if line == "here" => here.send(()).await.unwrap(),
                            _ => up.send(()).await.unwrap(),
                        }
                        if write.write_all(b"heard\n").await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self {
            address,
            sent,
            up,
            here,
            url: db.url.clone(),
        }
    }

    /// A worker that is up.
    async fn worker(&mut self, stop_at: &str) -> Child {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::worker_process", "--ignored"])
            .env(DATABASE, &self.url)
            .env(REPORT_TO, &self.address)
            .env(STOP_AT, stop_at)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.up.recv().await.unwrap();
        child
    }

    /// Every job reached the outside at least once, and the ledger exactly once.
    async fn check(&self, db: &TestDatabase, ids: &[String]) {
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&db.url)
            .await
            .unwrap();
        let mut written: Vec<String> = sqlx::query_scalar("SELECT job FROM ledger")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        written.sort_unstable();
        let mut expected = ids.to_vec();
        expected.sort_unstable();
        assert_eq!(written, expected);
        let sent = self.sent.lock().unwrap();
        assert!(ids.iter().all(|id| sent.contains_key(id)));
        assert_eq!(sent.len(), ids.len());
        drop(sent);
        assert!(self.has_repeats());
    }

    /// Somebody died after having spoken to the outside, and a successor did so again.
    fn has_repeats(&self) -> bool {
        self.sent.lock().unwrap().values().any(|times| *times > 1)
    }
}

async fn enqueue(db: &TestDatabase, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let job = NewJob {
            kind: KIND,
            account: None,
            key: None,
            payload: serde_json::json!({}),
            run_at_ms: 0,
            max_attempts: 1_000,
        };
        ids.push(jobs::enqueue(&db.store, &job, 0).await.unwrap().id);
    }
    ids
}

async fn until_all_done(db: &TestDatabase) {
    let deadline = Instant::now() + Duration::from_mins(3);
    while !jobs::list(&db.store, JobFilter::Open, 1)
        .await
        .unwrap()
        .is_empty()
    {
        assert!(Instant::now() < deadline, "jobs were lost");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn killed_at_every_step(db: TestDatabase) {
    let mut world = World::new(&db).await;
    let mut ids = Vec::new();
    for step in STEPS {
        ids.extend(enqueue(&db, 3).await);
        let mut victim = world.worker(step).await;
        world.here.recv().await.unwrap();
        victim.kill().await.unwrap();
        let mut successor = world.worker("").await;
        until_all_done(&db).await;
        successor.kill().await.unwrap();
    }
    world.check(&db, &ids).await;
}

async fn killed_at_random(db: TestDatabase) {
    const KILLS: usize = 40;
    let mut world = World::new(&db).await;
    let mut ids = Vec::new();
    let mut workers = vec![world.worker("").await, world.worker("").await];
    let mut kill = 0;
    // Where they strike is chance, and more of it on some machines.
    while kill < KILLS || (kill < 10 * KILLS && !world.has_repeats()) {
        ids.extend(enqueue(&db, 10).await);
        let pause = rand::random_range(0..40);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let victim = kill % workers.len();
        workers[victim].kill().await.unwrap();
        workers[victim] = world.worker("").await;
        kill += 1;
    }
    until_all_done(&db).await;
    for mut worker in workers {
        worker.kill().await.unwrap();
    }
    world.check(&db, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives_kills_at_every_step() {
    killed_at_every_step(TestDatabase::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives_kills_at_every_step() {
    killed_at_every_step(TestDatabase::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives_kills_at_random() {
    killed_at_random(TestDatabase::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives_kills_at_random() {
    killed_at_random(TestDatabase::postgres().await).await;
}
