//! Pages and searches of 100,000 transcripts at the store, and `casp control-api` above it under load, on SQLite and on
//! PostgreSQL: reads, tokens, rooms, and its memory while it is idle.
//!
//! `api --casp target/release/casp` makes the databases, fills them with 100,000 conversations, starts LiveKit's server
//! and the API, and prints a table; `--output` keeps the figures as JSON.

use anyhow::Context as _;
use casp_benches::{
    conversations,
    load::{self, Ask, Load},
    pages,
    service::Service,
};
use casp_store::{
    Store,
    accounts::{self, KeyKind},
};
use casp_testkit::LiveKitServer;
use clap::Parser;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::process::Command;

const KEY: &str = "sk_bench_0123456789abcdefghijklmnop";

/// The API under load.
#[derive(Debug, Parser)]
struct Args {
    /// The binary.
    #[arg(long)]
    casp: PathBuf,
    /// Conversations of the account that asks; its neighbour has a tenth of that.
    #[arg(long, default_value_t = 100_000)]
    count: u32,
    /// Requests of each kind at the store.
    #[arg(long, default_value_t = 1_000)]
    requests: u32,
    /// Clients at once; one run each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    clients: Vec<usize>,
    /// Length of a run.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Databases: `sqlite`, `postgres`.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<String>,
    /// Where to write the figures, as JSON.
    #[arg(long)]
    output: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let livekit = LiveKitServer::start().await;
    let mut figures = Vec::new();
    for name in &args.databases {
        let url = match name.as_str() {
            "sqlite" => format!("sqlite://{}/bench.db", folder.path().display()),
            "postgres" => conversations::postgres().await?,
            other => anyhow::bail!("no such database: {other}"),
        };
        let measured = measure(name, &url, &livekit, &args).await;
        figures.extend(measured.context(name.clone())?);
    }
    if let Some(file) = &args.output {
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(())
}

async fn measure(
    name: &str,
    database: &str,
    livekit: &LiveKitServer,
    args: &Args,
) -> anyhow::Result<Vec<Value>> {
    let mut figures = at_the_store(name, database, args).await?;
    let api = start(args, database, livekit).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let idle_mib = api.resident_mib()?;
    println!("{name}: {idle_mib:.1} MiB idle");
    figures.push(json!({"database": name, "what": "idle", "resident_mib": idle_mib}));
    println!(
        "{:<34} {:>7} {:>9} {:>8} {:>8} {:>8}",
        name, "clients", "a second", "p50 ms", "p99 ms", "failures"
    );
    for ask in asks() {
        for &clients in &args.clients {
            let load = Load {
                url: api.url.clone(),
                key: KEY.to_owned(),
                clients,
                time: Duration::from_secs(args.seconds),
            };
            let answers = load::run(&load, &ask).await?;
            println!(
                "{:<34} {clients:>7} {:>9.0} {:>8.2} {:>8.2} {:>8}",
                ask.name, answers.a_second, answers.p50_ms, answers.p99_ms, answers.failures
            );
            figures.push(json!({
                "database": name, "what": ask.name, "clients": clients, "transcripts": args.count,
                "answers": answers,
            }));
        }
    }
    api.stop().await?;
    Ok(figures)
}

/// What is asked: the reads of a page that a user looks at, and the ways into a room.
fn asks() -> Vec<Ask> {
    let get = |name, path: String| Ask {
        name,
        method: Method::GET,
        path,
        body: None,
    };
    let post = |name, path: &str, body: &str| Ask {
        name,
        method: Method::POST,
        path: path.to_owned(),
        body: Some(body.to_owned()),
    };
    let search = |word| format!("/api/enhanced-transcripts/?limit=10&q={word}");
    vec![
        get("GET /users/me", "/users/me".to_owned()),
        get(
            "a page of transcripts",
            "/api/enhanced-transcripts/?limit=10".to_owned(),
        ),
        get("a search, a common word", search(conversations::word(0))),
        get("a search, a rare word", search(conversations::word(19_000))),
        post(
            "POST /room/token, an open room",
            "/room/token",
            r#"{"room_name":"bench","participant_identity":"caller{n}"}"#,
        ),
        post(
            "POST /room/join, a new room",
            "/room/join",
            r#"{"roomName":"bench-{n}","participantIdentity":"ann"}"#,
        ),
    ]
}

/// Fills the database, and measures it without the API.
async fn at_the_store(name: &str, database: &str, args: &Args) -> anyhow::Result<Vec<Value>> {
    let store = Store::connect(database).await?;
    store.migrate().await?;
    let mut ids = Vec::new();
    for email in ["ours@example.org", "next@example.org"] {
        ids.push(accounts::ensure(&store, email, None, false).await?.id);
    }
    accounts::ensure_key(&store, ids[0], KeyKind::Secret, KEY).await?;
    let begin = Instant::now();
    conversations::fill(&store, ids[0], ids[1], args.count).await?;
    if name == "postgres" {
        conversations::vacuum(database).await?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{name}: {} conversations written in {seconds:.0} s",
        args.count
    );
    let figures = pages::measure(name, &store, ids[0], args.requests).await?;
    store.close().await;
    Ok(figures)
}

async fn start(args: &Args, database: &str, livekit: &LiveKitServer) -> anyhow::Result<Service> {
    let mut command = Command::new(&args.casp);
    command
        .arg("control-api")
        .env("PORT", "0")
        .env("DATABASE_URL", database)
        .env("LIVEKIT_URL", livekit.url())
        .env("LIVEKIT_API_KEY", LiveKitServer::KEY)
        .env("LIVEKIT_API_SECRET", LiveKitServer::SECRET)
        .env("SECRET_KEY", "b7f1c2a94e6d8035b7f1c2a94e6d8035")
        .env("TWILIO_AUTH_TOKEN", "of nobody")
        .env("PUBLIC_URL", "http://127.0.0.1:8080")
        .env("RATE_LIMIT_GUEST_JOINS", "0")
        .env("RETENTION_DAYS", "0");
    Service::start(&mut command).await
}
