//! Pages and searches of 100,000 transcripts, on SQLite and on PostgreSQL, by one client.
//!
//! Every conversation is written as it is in service: announced, turn by turn, ended. The words are drawn as in
//! speech: a few are in nearly every conversation, most are rare.

use anyhow::Context as _;
use casp_store::{
    AccountId, Store, accounts,
    sessions::{self, NewSession, SessionKind},
    transcripts::{self, Filter},
    turns::{self, Turn},
};
use casp_testkit::PostgresServer;
use clap::Parser;
use serde_json::json;
use sqlx::{Connection as _, Executor as _};
use std::{
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Words that there are.
const VOCABULARY: u64 = 20_000;
const TURNS: u64 = 6;
const WORDS_A_TURN: u64 = 12;
/// Between two calls.
const STEP_MS: i64 = 60_000;
/// 2024-01-01
const BEGIN_MS: i64 = 1_704_067_200_000;

#[derive(Debug, Parser)]
struct Args {
    /// Conversations of the account that is asked for; its neighbour has a tenth of that.
    #[arg(long, default_value_t = 100_000)]
    count: u32,
    /// Requests of each kind.
    #[arg(long, default_value_t = 1_000)]
    requests: u32,
    /// Databases: `sqlite`, `postgres`.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<String>,
    /// Where to write the figures, as JSON.
    #[arg(long)]
    output: Option<std::path::PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let mut figures = Vec::new();
    for name in &args.databases {
        let url = match name.as_str() {
            "sqlite" => format!("sqlite://{}/bench.db", folder.path().display()),
            "postgres" => postgres().await?,
            other => anyhow::bail!("no such database: {other}"),
        };
        figures.extend(measure(name, &url, &args).await.context(name.clone())?);
    }
    if let Some(file) = &args.output {
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(())
}

async fn postgres() -> anyhow::Result<String> {
    let server = tokio::task::spawn_blocking(PostgresServer::shared).await?;
    sqlx::any::install_default_drivers();
    let mut admin = sqlx::AnyConnection::connect(&server.url("postgres")).await?;
    admin.execute("CREATE DATABASE bench").await?;
    Ok(server.url("bench"))
}

async fn measure(name: &str, url: &str, args: &Args) -> anyhow::Result<Vec<serde_json::Value>> {
    let store = Store::connect(url).await?;
    store.migrate().await?;
    let ours = accounts::ensure(&store, "ours@example.org", None, false)
        .await?
        .id;
    let neighbour = accounts::ensure(&store, "next@example.org", None, false)
        .await?
        .id;
    let begin = Instant::now();
    fill(&store, ours, neighbour, args.count).await?;
    println!(
        "{name}: {} conversations written in {:.0} s",
        args.count,
        begin.elapsed().as_secs_f64()
    );
    // What autovacuum does within minutes.
    if name == "postgres" {
        let mut connection = sqlx::AnyConnection::connect(url).await?;
        connection.execute("VACUUM ANALYZE").await?;
    }
    println!(
        "{:<42} {:>8} {:>8} {:>8} {:>6}",
        name, "p50 ms", "p99 ms", "max ms", "rows"
    );
    let mut figures = Vec::new();
    for (what, filter, skip) in questions() {
        let mut times = Vec::with_capacity(args.requests as usize);
        let mut rows = 0;
        for _ in 0..args.requests {
            let begin = Instant::now();
            rows = transcripts::page(&store, ours, &filter, skip, 10)
                .await?
                .len();
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        let at = |share: f64| ms(times[((times.len() - 1) as f64 * share) as usize]);
        let (p50, p99, max) = (at(0.5), at(0.99), at(1.0));
        println!("{what:<42} {p50:>8.2} {p99:>8.2} {max:>8.2} {rows:>6}");
        figures.push(json!({
            "database": name, "what": what, "transcripts": args.count, "requests": args.requests,
            "p50_ms": p50, "p99_ms": p99, "max_ms": max, "rows": rows,
        }));
    }
    store.close().await;
    Ok(figures)
}

/// What is asked: a name, a filter, and how many rows are skipped.
fn questions() -> Vec<(&'static str, Filter, u32)> {
    let words = |text: &str| Filter {
        words: Some(text.to_owned()),
        ..Filter::default()
    };
    let day = |n: i64| BEGIN_MS + n * 86_400_000;
    vec![
        ("page, the newest", Filter::default(), 0),
        ("page, skip 1,000", Filter::default(), 1_000),
        ("page, skip 90,000", Filter::default(), 90_000),
        (
            "page of a scenario",
            Filter {
                scenario_name: Some("sales".into()),
                ..Filter::default()
            },
            0,
        ),
        (
            "page of a number",
            Filter {
                number: Some("+15550000042".into()),
                ..Filter::default()
            },
            0,
        ),
        (
            "page of a week",
            Filter {
                from_ms: Some(day(20)),
                to_ms: Some(day(27)),
                ..Filter::default()
            },
            0,
        ),
        ("search, a word of every call", words(&word(0)), 0),
        ("search, a word of every third call", words(&word(150)), 0),
        (
            "search, a word of every hundredth call",
            words(&word(6_000)),
            0,
        ),
        ("search, a rare word", words(&word(VOCABULARY - 7)), 0),
        (
            "search, a common and a rare word",
            words(&format!("{} {}", word(0), word(19_000))),
            0,
        ),
        (
            "search, two middling words",
            words(&format!("{} {}", word(1_500), word(2_500))),
            0,
        ),
        ("search, no such word", words("unicorn"), 0),
    ]
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

async fn fill(
    store: &Store,
    ours: AccountId,
    neighbour: AccountId,
    count: u32,
) -> anyhow::Result<()> {
    let next = Arc::new(AtomicU32::new(0));
    let total = count + count / 10;
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let (store, next) = (store.clone(), next.clone());
        writers.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= total {
                    return anyhow::Ok(());
                }
                let account = if n % 11 == 10 { neighbour } else { ours };
                conversation(&store, account, u64::from(n)).await?;
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    Ok(())
}

async fn conversation(store: &Store, account: AccountId, n: u64) -> anyhow::Result<()> {
    let mut chance = Chance(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let at_ms = BEGIN_MS + n as i64 * STEP_MS;
    let new = NewSession {
        id: format!("phone-CA{n:032x}"),
        account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-CA{n:032x}"),
        from: format!("+1555{:07}", n % 5_000),
        to: "+15551230002".into(),
        assistant: ["default", "sales", "support", "reminder"][(n % 97 % 4) as usize].into(),
        overrides: json!({}),
    };
    sessions::announce(store, &new, at_ms).await?;
    for turn in 0..TURNS {
        let words: Vec<String> = (0..WORDS_A_TURN).map(|_| word(chance.rank())).collect();
        let at_ms = at_ms + turn as i64 * 5_000;
        let turn = Turn {
            position: 0,
            role: if turn % 2 == 0 { "assistant" } else { "user" }.into(),
            text: format!("{} {}.", word(0), words.join(" ")),
            was_interrupted: false,
            timings: json!({"total_ms": 400}),
            at_ms,
        };
        turns::append(store, &new.id, 0, &turn)
            .await?
            .context("the session is ours")?;
    }
    sessions::end(store, &new.id, "completed", at_ms + 40_000).await?;
    Ok(())
}

/// The word of that rank.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ka", "lo", "mi", "ru", "sen", "ta", "vo", "ne", "pi", "gar", "du", "fel", "ho", "jin",
        "bra", "zu",
    ];
    let mut rest = rank + 16;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}

/// xorshift64*, the same at every run.
struct Chance(u64);

impl Chance {
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Ranks as Zipf has them: each is drawn with a chance of about one over itself.
    fn rank(&mut self) -> u64 {
        let rank = (VOCABULARY as f64).powf(self.share());
        (rank as u64 - 1).min(VOCABULARY - 1)
    }
}
