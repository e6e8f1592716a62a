//! What an action costs beyond the provider's own time: `POST /v1/actions/{name}` against a Google that takes 20 ms a
//! request and notes when it was busy.
//!
//! `actions --casp target/release/casp` prints one JSON object: for a read (one request at Google) and a write the time
//! of a call, the provider's part of it, and the rest, in milliseconds. `casp dev` finds livekit-server as always.

use anyhow::{Context as _, ensure};
use axum::{
    Json, Router,
    extract::{Request, State},
};
use casp_benches::service::Service;
use clap::Parser;
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, process::Command, time::sleep};

const KEY: &str = "sk_bench_0123456789abcdefghijklmnop";
/// Most that an action may add, at the median.
const MOST_MS: f64 = 5.0;
/// A connection may be used sixty times a minute.
const CALLS_A_USER: usize = 50;

/// What actions cost.
#[derive(Debug, Parser)]
struct Args {
    /// The binary.
    #[arg(long)]
    casp: PathBuf,
    /// End users, with a connection each; 50 calls of each action for each.
    #[arg(long, default_value_t = 6)]
    users: usize,
    /// How long Google takes, milliseconds.
    #[arg(long, default_value_t = 20)]
    provider_ms: u64,
}

/// Google: when it was busy since it was last asked.
#[derive(Clone)]
struct Google {
    takes: Duration,
    busy: Arc<Mutex<Vec<(Instant, Instant)>>>,
}

async fn answer(State(google): State<Google>, request: Request) -> Json<Value> {
    let began = Instant::now();
    sleep(google.takes).await;
    let answer = match request.uri().path() {
        path if path.ends_with("/files") => json!({"files": [{
            "id": "1a", "name": "Contract", "mimeType": "application/vnd.google-apps.document",
            "modifiedTime": "2025-06-02T09:00:00.000Z", "webViewLink": "https://docs.google.com/document/d/1a/edit",
        }]}),
        _ => json!({"id": "18c", "threadId": "18c", "labelIds": ["SENT"]}),
    };
    let mut busy = google.busy.lock().unwrap_or_else(PoisonError::into_inner);
    busy.push((began, Instant::now()));
    Json(answer)
}

impl Google {
    /// How long it was busy, and with how many requests, since the last time it was asked.
    fn was_busy(&self) -> (Duration, usize) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spans = std::mem::take(&mut *busy);
        spans.sort_unstable();
        let (mut total, mut end) = (Duration::ZERO, None);
        for (from, to) in &spans {
            let from = end.map_or(*from, |end: Instant| end.max(*from));
            total += to.saturating_duration_since(from);
            end = Some(end.map_or(*to, |end: Instant| end.max(*to)));
        }
        (total, spans.len())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let google = Google {
        takes: Duration::from_millis(args.provider_ms),
        busy: Arc::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let root = format!("http://{}", listener.local_addr()?);
    let routes = Router::new().fallback(answer).with_state(google.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let folder = tempfile::tempdir()?;
    let casp = start(&args, &root, folder.path()).await?;
    let http = Client::builder().no_proxy().tcp_nodelay(true).build()?;
    let api = Api {
        http: &http,
        url: &casp.url,
        google: &google,
    };
    let mut figures = Vec::new();
    for (provider, action, body) in [
        ("google-drive", "google-drive.recent", json!({})),
        (
            "gmail",
            "gmail.send",
            json!({"to": "ramesh@example.com", "subject": "The quotation", "body": "I approved the quotation."}),
        ),
    ] {
        api.connect(provider, args.users).await?;
        let measured = api.measure(action, &body, args.users).await;
        figures.push(measured.context(action)?);
    }
    casp.stop().await?;
    println!(
        "{}",
        json!({"provider_ms": args.provider_ms, "actions": figures})
    );
    let added = figures.iter().filter_map(|it| it["added_p50_ms"].as_f64());
    ensure!(
        added.fold(0.0, f64::max) < MOST_MS,
        "an action adds {MOST_MS} ms or more"
    );
    Ok(())
}

struct Api<'a> {
    http: &'a Client,
    url: &'a str,
    google: &'a Google,
}

impl Api<'_> {
    async fn connect(&self, provider: &str, users: usize) -> anyhow::Result<()> {
        for user in 0..users {
            let body = json!({
                "provider": provider, "access_token": format!("token-{user}"), "expires_in": 3_600,
                "user_email": format!("user{user}@example.org"),
                "scopes": ["https://www.googleapis.com/auth/gmail.send", "https://www.googleapis.com/auth/drive"],
            });
            let request = self.http.post(format!("{}/v1/oauth/register", self.url));
            let answer = request.bearer_auth(KEY).json(&body).send().await?;
            answer.error_for_status()?;
        }
        Ok(())
    }

    /// The first call of each user is not counted.
    async fn measure(&self, action: &str, body: &Value, users: usize) -> anyhow::Result<Value> {
        let (mut calls, mut added, mut requests) = (Vec::new(), Vec::new(), 0);
        for user in 0..users {
            let url = format!(
                "{}/v1/actions/{action}?resource=user{user}@example.org",
                self.url
            );
            for call in 0..CALLS_A_USER {
                self.google.was_busy();
                let begin = Instant::now();
                let request = self.http.post(&url).bearer_auth(KEY).json(body);
                let answer: Value = request.send().await?.json().await?;
                let took = begin.elapsed();
                ensure!(answer["status"] == "succeeded", "{answer}");
                let (busy, asked) = self.google.was_busy();
                ensure!(asked > 0, "the provider was not asked");
                if call > 0 {
                    calls.push(took);
                    added.push(took.saturating_sub(busy));
                    requests = asked;
                }
            }
        }
        Ok(json!({
            "action": action, "calls": calls.len(), "requests_a_call": requests,
            "call_p50_ms": at(&mut calls, 0.5), "added_p50_ms": at(&mut added, 0.5), "added_p99_ms": at(&mut added, 0.99),
        }))
    }
}

/// `casp dev`, with our Google behind it.
async fn start(args: &Args, google: &str, folder: &Path) -> anyhow::Result<Service> {
    let mut command = Command::new(&args.casp);
    command
        .args(["dev", "--port", "0", "--data-dir"])
        .arg(folder)
        .env("GOOGLE_API_BASE_URL", google)
        .env("GOOGLE_CLIENT_ID", "bench")
        .env("GOOGLE_CLIENT_SECRET", "bench")
        .env("CASP_DEV_API_KEY", KEY);
    Service::start(&mut command).await
}

fn at(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let place = (times.len().saturating_sub(1)) as f64 * share;
    let ms = times[place.round() as usize].as_secs_f64() * 1e3;
    (ms * 1000.0).round() / 1000.0
}
