//! Load on the HTTP API: so many clients at once, each asking again as soon as it is answered.

use anyhow::bail;
use reqwest::{Client, Method};
use serde::Serialize;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// What is asked for. `{n}` in path and body becomes a number that never comes twice.
#[derive(Debug, Clone)]
pub struct Ask {
    /// In the table.
    pub name: &'static str,
    /// Method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// JSON.
    pub body: Option<String>,
}

/// Who asks, and for how long.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where the API is.
    pub url: String,
    /// API key.
    pub key: String,
    /// Clients at once.
    pub clients: usize,
    /// Length of the run.
    pub time: Duration,
}

/// How it was answered.
#[derive(Debug, Clone, Serialize)]
pub struct Answers {
    /// Answers a second.
    pub a_second: f64,
    /// Median.
    pub p50_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Answers other than 2xx, and requests without one.
    pub failures: u64,
}

/// Runs it. The first request of each client makes the connection, and is not counted.
///
/// # Errors
/// When nothing was answered.
pub async fn run(load: &Load, ask: &Ask) -> anyhow::Result<Answers> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let http = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(load.clients)
        .build()?;
    let shared = Arc::new((http, load.clone(), ask.clone()));
    let end = Instant::now() + load.time;
    let mut clients = JoinSet::new();
    for _ in 0..load.clients {
        let shared = shared.clone();
        clients.spawn(async move {
            let (mut times, mut failures, mut is_first) = (Vec::new(), 0_u64, true);
            while Instant::now() < end {
                let (http, load, ask) = &*shared;
                let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
                let url = format!("{}{}", load.url, ask.path.replace("{n}", &number));
                let mut request = http.request(ask.method.clone(), url).bearer_auth(&load.key);
                if let Some(body) = &ask.body {
                    request = request.body(body.replace("{n}", &number));
                }
                let begin = Instant::now();
                let is_fine = match request.send().await {
                    Ok(answer) => answer.status().is_success() && answer.bytes().await.is_ok(),
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
    while let Some(done) = clients.join_next().await {
        let (part, failed) = done?;
        times.extend(part);
        failures += failed;
    }
    if times.is_empty() {
        bail!("{}: nothing was answered ({failures} failures)", ask.name);
    }
    times.sort_unstable();
    let at = |share: f64| {
        let place = (times.len() - 1) as f64 * share;
        rounded(times[place.round() as usize].as_secs_f64() * 1e3)
    };
    Ok(Answers {
        a_second: rounded(times.len() as f64 / load.time.as_secs_f64()),
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        failures,
    })
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
