//! What the chat API adds: time to the first token over that of the model asked directly, and memory of many streams.
//!
//! `chat --casp target/release/casp` starts a model of its own and `casp dev` behind it, and prints one JSON object:
//! times to the first token in milliseconds (direct, through CASP, the difference of the medians), resident memory in MiB
//! (idle, at its highest with all streams open, the difference). `casp dev` finds livekit-server as always.

use anyhow::{Context as _, ensure};
use casp_benches::service::Service;
use clap::Parser;
use futures_util::StreamExt as _;
use reqwest::Client;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    process::Command,
    task::JoinSet,
    time::sleep,
};

const KEY: &str = "sk_bench_0123456789abcdefghijklmnop";
/// How long the model thinks.
const THINKING: Duration = Duration::from_millis(20);
/// A long answer: so many words, so far apart.
const LONG_WORDS: usize = 100;
const LONG_GAP: Duration = Duration::from_millis(60);
/// What asks for one.
const LONG: &str = "Talk for long.";
const SHORT: &str = "Talk.";

/// The chat API's costs.
#[derive(Debug, Parser)]
struct Args {
    /// The binary.
    #[arg(long)]
    casp: PathBuf,
    /// Questions to each, one after the other.
    #[arg(long, default_value_t = 300)]
    questions: usize,
    /// Streams at once.
    #[arg(long, default_value_t = 200)]
    streams: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let model = format!("http://{}/v1", listener.local_addr()?);
    tokio::spawn(serve(listener));
    let folder = tempfile::tempdir()?;
    let casp = start(&args, &model, folder.path()).await?;
    let http = Client::builder().no_proxy().tcp_nodelay(true).build()?;
    let through = format!("{}/v1", casp.url);
    let (mut direct, mut added) = (Vec::new(), Vec::new());
    let warm_up = 20;
    for n in 0..args.questions + warm_up {
        let asked_directly = first_token(&http, &model, SHORT).await?;
        let asked_through = first_token(&http, &through, SHORT).await?;
        if n >= warm_up {
            direct.push(asked_directly);
            added.push(asked_through);
        }
    }
    let (idle, highest) = many_streams(&http, &through, args.streams, &casp).await?;
    let (direct, through) = (Times::of(direct), Times::of(added));
    println!(
        "{}",
        serde_json::json!({
            "questions": args.questions,
            "direct_first_token_p50_ms": direct.p50_ms, "direct_first_token_p99_ms": direct.p99_ms,
            "casp_first_token_p50_ms": through.p50_ms, "casp_first_token_p99_ms": through.p99_ms,
            "added_first_token_p50_ms": round(through.p50_ms - direct.p50_ms),
            "streams": args.streams, "idle_mib": round(idle), "highest_mib": round(highest),
            "added_mib": round(highest - idle),
        })
    );
    casp.stop().await
}

/// The time until the first word of an answer.
async fn first_token(http: &Client, base: &str, words: &str) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let mut first = None;
    read_stream(http, base, words, || {
        first.get_or_insert_with(|| begin.elapsed());
    })
    .await?;
    first.context("no word came")
}

/// Reads a stream to its end; tells of each piece that holds a word.
async fn read_stream(
    http: &Client,
    base: &str,
    words: &str,
    mut on_word: impl FnMut(),
) -> anyhow::Result<()> {
    let body = serde_json::json!({
        "model": "casp-realtime", "stream": true, "messages": [{"role": "user", "content": words}]
    });
    let request = http.post(format!("{base}/chat/completions"));
    let response = request.bearer_auth(KEY).json(&body).send().await?;
    let response = response.error_for_status()?;
    let mut pieces = response.bytes_stream();
    let mut end = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if piece.windows(4).any(|window| window == b"word") {
            on_word();
        }
        end.extend_from_slice(&piece[piece.len().saturating_sub(32)..]);
        end.drain(..end.len().saturating_sub(32));
    }
    ensure!(
        end.windows(6).any(|window| window == b"[DONE]"),
        "a stream broke off"
    );
    Ok(())
}

/// Memory before, and at its highest while all of them are open.
async fn many_streams(
    http: &Client,
    base: &str,
    streams: usize,
    casp: &Service,
) -> anyhow::Result<(f64, f64)> {
    sleep(Duration::from_secs(2)).await;
    let idle = casp.resident_mib()?;
    let mut open = JoinSet::new();
    for _ in 0..streams {
        let (http, base) = (http.clone(), base.to_owned());
        open.spawn(async move { read_stream(&http, &base, LONG, || {}).await });
    }
    let mut highest = idle;
    while !open.is_empty() {
        tokio::select! {
            Some(done) = open.join_next() => done??,
            () = sleep(Duration::from_millis(100)) => highest = highest.max(casp.resident_mib()?),
        }
    }
    Ok((idle, highest))
}

/// The middle and the end of what was measured.
struct Times {
    p50_ms: f64,
    p99_ms: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len().saturating_sub(1)) as f64 * share;
            round(times[place.round() as usize].as_secs_f64() * 1e3)
        };
        Self {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
        }
    }
}

/// `casp dev`, with our model behind it.
async fn start(args: &Args, model: &str, folder: &Path) -> anyhow::Result<Service> {
    let mut command = Command::new(&args.casp);
    command
        .args(["dev", "--port", "0", "--data-dir"])
        .arg(folder)
        .env("OPENAI_BASE_URL", model)
        .env("CASP_DEV_API_KEY", KEY)
        .env("RATE_LIMIT_CHATS", "0");
    Service::start(&mut command).await
}

/// A model that thinks for a while and then says words.
async fn serve(listener: TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(async move {
            // Who hangs up is no trouble.
            let _ = answer_all(socket).await;
        });
    }
}

/// Answers the requests of a connection.
async fn answer_all(socket: TcpStream) -> anyhow::Result<()> {
    socket.set_nodelay(true)?;
    let mut socket = BufReader::new(socket);
    loop {
        let (mut length, mut is_post) = (0, false);
        loop {
            let mut line = String::new();
            if socket.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            is_post |= line.starts_with("POST ");
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await?;
        if is_post {
            let is_long = body.windows(LONG.len()).any(|it| it == LONG.as_bytes());
            answer(socket.get_mut(), is_long).await?;
        } else {
            let nothing = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            socket.get_mut().write_all(nothing).await?;
        }
    }
}

async fn answer(socket: &mut TcpStream, is_long: bool) -> anyhow::Result<()> {
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head).await?;
    sleep(THINKING).await;
    let words = if is_long { LONG_WORDS } else { 5 };
    for _ in 0..words {
        event(
            socket,
            r#"{"choices":[{"index":0,"delta":{"content":"word "}}]}"#,
        )
        .await?;
        if is_long {
            sleep(LONG_GAP).await;
        }
    }
    let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    event(socket, end).await?;
    event(socket, "[DONE]").await?;
    socket.write_all(b"0\r\n\r\n").await?;
    Ok(())
}

async fn event(socket: &mut TcpStream, data: &str) -> anyhow::Result<()> {
    let event = format!("data: {data}\n\n");
    let chunk = format!("{:x}\r\n{event}\r\n", event.len());
    socket.write_all(chunk.as_bytes()).await?;
    Ok(())
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
