//! Pages and searches of transcripts at the store, by one client.

use crate::conversations::{BEGIN_MS, VOCABULARY, word};
use casp_store::{
    AccountId, Store, StoreError,
    transcripts::{self, Filter},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Asks for each so often, prints a table, and returns the figures.
///
/// # Errors
/// When the database fails.
pub async fn measure(
    name: &str,
    store: &Store,
    account: AccountId,
    requests: u32,
) -> Result<Vec<Value>, StoreError> {
    println!(
        "{:<42} {:>8} {:>8} {:>8} {:>6}",
        format!("{name}, at the store"),
        "p50 ms",
        "p99 ms",
        "max ms",
        "rows"
    );
    let mut figures = Vec::new();
    for (what, filter, skip) in questions() {
        let mut times = Vec::with_capacity(requests as usize);
        let mut rows = 0;
        for _ in 0..requests {
            let begin = Instant::now();
            rows = transcripts::page(store, account, &filter, skip, 10)
                .await?
                .len();
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        let at = |share: f64| ms(times[((times.len() - 1) as f64 * share) as usize]);
        let (p50, p99, max) = (at(0.5), at(0.99), at(1.0));
        println!("{what:<42} {p50:>8.2} {p99:>8.2} {max:>8.2} {rows:>6}");
        figures.push(json!({
            "database": name, "what": format!("store: {what}"), "requests": requests,
            "p50_ms": p50, "p99_ms": p99, "max_ms": max, "rows": rows,
        }));
    }
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
