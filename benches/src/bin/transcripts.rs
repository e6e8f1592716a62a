//! Pages and searches of 100,000 transcripts, on SQLite and on PostgreSQL, by one client.

use anyhow::Context as _;
use casp_benches::conversations::{self, BEGIN_MS, VOCABULARY, word};
use casp_store::{
    Store, accounts,
    transcripts::{self, Filter},
};
use clap::Parser;
use serde_json::json;
use std::time::{Duration, Instant};

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
            "postgres" => conversations::postgres().await?,
            other => anyhow::bail!("no such database: {other}"),
        };
        figures.extend(measure(name, &url, &args).await.context(name.clone())?);
    }
    if let Some(file) = &args.output {
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(())
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
    conversations::fill(&store, ours, neighbour, args.count).await?;
    println!(
        "{name}: {} conversations written in {:.0} s",
        args.count,
        begin.elapsed().as_secs_f64()
    );
    if name == "postgres" {
        conversations::vacuum(url).await?;
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
