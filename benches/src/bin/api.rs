//! Load on the HTTP API: so many clients at once, each asking again as soon as it is answered.
//!
//! `api --url http://127.0.0.1:8080 --key sk_… --clients 1,16,64 --seconds 4 GET /users/me POST /room/join '{…}'`
//! prints one JSON object a line: method, path, clients, requests a second, p50 and p99 in milliseconds, failures.
//! `{n}` in a path or body is replaced by a number that never comes twice.

use anyhow::{Context as _, bail};
use clap::Parser;
use reqwest::{Client, Method};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Load on the HTTP API.
#[derive(Debug, Parser)]
struct Args {
    /// Where it is.
    #[arg(long)]
    url: String,
    /// API key.
    #[arg(long)]
    key: String,
    /// Clients at once; several runs, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    clients: Vec<usize>,
    /// Length of a run.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// METHOD PATH, and for POST a BODY.
    #[arg(required = true)]
    requests: Vec<String>,
}

/// What is asked for.
#[derive(Debug, Clone)]
struct Ask {
    method: Method,
    path: String,
    body: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    for ask in asks(&args.requests)? {
        for &clients in &args.clients {
            run(&args, &ask, clients).await?;
        }
    }
    Ok(())
}

fn asks(words: &[String]) -> anyhow::Result<Vec<Ask>> {
    let mut asks = Vec::new();
    let mut words = words.iter();
    while let Some(method) = words.next() {
        let method: Method = method.parse().context("METHOD")?;
        let path = words.next().context("PATH is missing")?.clone();
        let body = match method {
            Method::POST => Some(words.next().context("BODY is missing")?.clone()),
            _ => None,
        };
        asks.push(Ask { method, path, body });
    }
    Ok(asks)
}

async fn run(args: &Args, ask: &Ask, clients: usize) -> anyhow::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let http = Client::builder()
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(clients)
        .build()?;
    let shared = Arc::new((http, args.url.clone(), args.key.clone(), ask.clone()));
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let shared = shared.clone();
        tasks.spawn(async move {
            let (mut times, mut failures) = (Vec::new(), 0_u64);
            // The first request of each client makes the connection, and is not counted.
            let mut is_first = true;
            while Instant::now() < end {
                let (http, url, key, ask) = &*shared;
                let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
                let mut request = http
                    .request(
                        ask.method.clone(),
                        format!("{url}{}", ask.path.replace("{n}", &number)),
                    )
                    .bearer_auth(key);
                if let Some(body) = &ask.body {
                    request = request.body(body.replace("{n}", &number));
                }
                let begin = Instant::now();
                let is_fine = match request.send().await {
                    Ok(response) => {
                        response.status().is_success() && response.bytes().await.is_ok()
                    }
                    Err(_) => false,
                };
                if !is_fine {
                    failures += 1;
                } else if !is_first {
                    times.push(begin.elapsed());
                }
                is_first = false;
            }
            (times, failures)
        });
    }
    let (mut times, mut failures) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (part, failed) = done?;
        times.extend(part);
        failures += failed;
    }
    if times.is_empty() {
        bail!(
            "{} {}: nothing was answered ({failures} failures)",
            ask.method,
            ask.path
        );
    }
    times.sort_unstable();
    let at =
        |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!(
        "{}",
        serde_json::json!({
            "method": ask.method.as_str(), "path": ask.path, "clients": clients,
            "requests_per_s": times.len() as f64 / args.seconds as f64,
            "p50_ms": round(at(0.5)), "p99_ms": round(at(0.99)), "failures": failures,
        })
    );
    Ok(())
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
