//! Log lines: to standard error, as text or JSON, filtered by `RUST_LOG`.

use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// What is logged when `RUST_LOG` says nothing: our own news, and only the troubles of the libraries below.
const DEFAULT_FILTER: &str = "info,str0m=error,livekit_api=warn,hyper=warn,sqlx=warn,rustls=error";

/// Starts logging. `LOG_FORMAT=json` gives one JSON object a line.
pub(crate) fn start() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let is_json = std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json");
    let text = (!is_json).then(|| {
        fmt::layer()
            .with_writer(std::io::stderr)
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
    });
    let json = is_json.then(|| fmt::layer().json().with_writer(std::io::stderr));
    tracing_subscriber::registry()
        .with(filter)
        .with(text)
        .with(json)
        .init();
}
