use super::*;
use crate::background::jobs::backoff::Backoff;
use casp_store::jobs::{JobState, NewJob};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(10),
    factor: 1,
    longest: Duration::from_millis(10),
};
static KINDS: &[Kind] = &[
    Kind {
        name: "send-mail",
        at_once: 2,
        timeout: Duration::from_millis(300),
        backoff: BACKOFF,
    },
    Kind {
        name: "retention",
        at_once: 1,
        timeout: Duration::from_mins(1),
        backoff: BACKOFF,
    },
];

/// A runner with the handler that `handle` is, and how to stop it.
struct Running {
    store: Store,
    bell: JobBell,
    stop: CancellationToken,
    runner: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn with<F>(handle: impl Fn(Value) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), JobFailure>> + Send + 'static,
    {
        let store = Store::connect("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let (bell, stop) = (JobBell::default(), CancellationToken::new());
        let runner = Runner {
            store: store.clone(),
            bell: bell.clone(),
            kinds: KINDS,
            handle: Arc::new(move |job| handle(job.payload).boxed()),
        };
        let stopped = stop.clone();
        let runner = tokio::spawn(async move { runner.run(&stopped).await });
        Self {
            store,
            bell,
            stop,
            runner,
        }
    }

    /// As another process does: nobody rings the bell here.
    async fn enqueue_elsewhere(&self, kind: &'static str, payload: Value) -> String {
        let job = NewJob {
            kind,
            account: None,
            key: None,
            payload,
            run_at_ms: now_ms(),
            max_attempts: 2,
        };
        jobs::enqueue(&self.store, &job, now_ms()).await.unwrap().id
    }

    async fn enqueue(&self, kind: &'static str, payload: Value) -> String {
        let id = self.enqueue_elsewhere(kind, payload).await;
        self.bell.ring();
        id
    }

    async fn until(&self, id: &str, state: JobState) -> jobs::Job {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            let job = jobs::get(&self.store, id).await.unwrap().unwrap();
            if job.state == state {
                return job;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "not {state:?}: {job:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_job_of_this_process_is_done_long_before_the_next_look() {
    let running = Running::with(async |_| Ok(())).await;
    // Let the first look pass.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begin = std::time::Instant::now();
    let id = running.enqueue("send-mail", json!(1)).await;
    running.until(&id, JobState::Done).await;
    assert!(begin.elapsed() < POLL / 2, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_job_of_another_process_is_found_by_looking() {
    let running = Running::with(async |_| Ok(())).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let id = running.enqueue_elsewhere("send-mail", json!(1)).await;
    running.until(&id, JobState::Done).await;
}

#[tokio::test]
async fn failures_panics_and_time_outs_end_in_dead_letter_and_block_nobody() {
    let running = Running::with(async |payload: Value| match payload.as_str() {
        Some("fail") => Err(JobFailure::retry("no answer")),
        Some("panic") => panic!("poison"),
        Some("hang") => std::future::pending().await,
        Some("never") => Err(JobFailure::Dead("unreadable".into())),
        _ => Ok(()),
    })
    .await;
    let mut poison = Vec::new();
    for (payload, error, attempts) in [
        ("fail", "no answer", 2),
        ("panic", "the handler panicked", 2),
        ("hang", "it took too long", 2),
        ("never", "unreadable", 1),
    ] {
        poison.push((
            running.enqueue("send-mail", json!(payload)).await,
            error,
            attempts,
        ));
    }
    let good = running.enqueue("send-mail", json!("good")).await;
    running.until(&good, JobState::Done).await;
    for (id, error, attempts) in poison {
        let dead = running.until(&id, JobState::Dead).await;
        assert_eq!(
            (dead.last_error.as_deref(), dead.attempts),
            (Some(error), attempts)
        );
    }
}

#[tokio::test]
async fn each_kind_has_its_own_number_at_once() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let running = Running::with(async |payload: Value| {
        if payload == json!("other kind") {
            return Ok(());
        }
        MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        NOW.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    })
    .await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(running.enqueue("send-mail", json!(n)).await);
    }
    let other = running.enqueue("retention", json!("other kind")).await;
    running.until(&other, JobState::Done).await;
    let last = jobs::get(&running.store, &ids[5]).await.unwrap().unwrap();
    assert_ne!(
        last.state,
        JobState::Done,
        "the other kind did not wait for these"
    );
    for id in &ids {
        running.until(id, JobState::Done).await;
    }
    assert_eq!(MOST.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn later_is_no_attempt() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let running = Running::with(async |_| match ASKED.fetch_add(1, Ordering::SeqCst) {
        0..5 => Err(JobFailure::Later(Duration::from_millis(5))),
        _ => Ok(()),
    })
    .await;
    let id = running.enqueue("send-mail", json!(1)).await;
    assert_eq!(running.until(&id, JobState::Done).await.attempts, 1);
}

#[tokio::test]
async fn a_cancelled_job_is_dropped_by_who_works_on_it() {
    static DROPPED: Mutex<bool> = Mutex::new(false);
    struct Noticing;
    impl Drop for Noticing {
        fn drop(&mut self) {
            *DROPPED.lock().unwrap() = true;
        }
    }
    let running = Running::with(async |_| {
        let _noticing = Noticing;
        std::future::pending().await
    })
    .await;
    let id = running.enqueue("retention", json!(1)).await;
    running.until(&id, JobState::Running).await;
    jobs::cancel(&running.store, &id, now_ms()).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !*DROPPED.lock().unwrap() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.until(&id, JobState::Cancelled).await;
}

#[tokio::test]
async fn on_shutdown_what_is_nearly_done_is_finished_and_the_rest_is_given_back() {
    let running = Running::with(async |payload: Value| {
        let seconds = payload.as_u64().unwrap();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(())
    })
    .await;
    let long = running.enqueue("retention", json!(60)).await;
    let short = running.enqueue("send-mail", json!(0)).await;
    running.until(&long, JobState::Running).await;
    running.until(&short, JobState::Done).await;
    running.stop.cancel();
    tokio::time::timeout(GRACE * 2, running.runner)
        .await
        .unwrap()
        .unwrap();
    let given_back = jobs::get(&running.store, &long).await.unwrap().unwrap();
    assert_eq!(
        (given_back.state, given_back.attempts),
        (JobState::Waiting, 0)
    );
    assert!(given_back.due_at_ms <= now_ms(), "due at once");
}
