//! `casp call` against a stand-in that speaks Media Streams and checks what it gets.

// The module as the binary has it.
#[allow(dead_code, reason = "the binary uses what the test does not")]
#[path = "../src/call/mod.rs"]
mod call;

use axum::{
    Router,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::HeaderMap,
    response::IntoResponse as _,
    routing::{any, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::CallArgs;
use casp_twilio::{signature::RequestValidator, twiml};
use clap::Parser;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    call: CallArgs,
}

/// What the stand-in saw.
#[derive(Default)]
struct Seen {
    start: Option<Value>,
    marks: Vec<String>,
    heard_frames: usize,
    has_stopped: bool,
    resumes: usize,
}

#[derive(Clone)]
struct StandIn {
    seen: Arc<Mutex<Seen>>,
    address: SocketAddr,
}

impl StandIn {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stand_in = Self {
            seen: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let router = Router::new()
            .route("/media-stream/default", any(stream))
            .route("/twilio/stream/CAtest123", any(stream))
            .route("/twilio/voice", post(voice))
            .route("/twilio/dropped", post(dropped))
            .route("/twilio/drop", any(drop_at_once))
            .route("/twilio/resume", post(resume))
            .with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        stand_in
    }
}

async fn stream(
    State(stand_in): State<StandIn>,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    upgrade.on_upgrade(move |socket| answer(stand_in, socket))
}

/// Greets for 400 ms, and answers each line for 600 ms, 200 ms after its end.
async fn answer(stand_in: StandIn, mut socket: WebSocket) {
    let media = |code| {
        json!({"event": "media", "media": {"payload": STANDARD.encode([code; 160])}}).to_string()
    };
    let said = json!({"event": "mark", "mark": {"name": "said"}}).to_string();
    let mut to_say = 20;
    let (mut was_speaking, mut quiet) = (false, 0);
    loop {
        if to_say > 0 {
            // All at once: the far end plays it in real time, however busy the machine is.
            for _ in 0..std::mem::take(&mut to_say) {
                socket.send(Message::text(media(0x90))).await.unwrap();
            }
            socket.send(Message::text(said.clone())).await.unwrap();
        }
        let Some(Ok(Message::Text(text))) = socket.recv().await else {
            return;
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        let mut seen = stand_in.seen.lock().unwrap();
        match message["event"].as_str().unwrap() {
            "start" => seen.start = Some(message["start"].clone()),
            "mark" => {
                let name = message["mark"]["name"].as_str().unwrap();
                seen.marks.push(name.to_owned());
            }
            "stop" => {
                seen.has_stopped = true;
                return;
            }
            "media" => {
                let payload = message["media"]["payload"].as_str().unwrap();
                let payload = STANDARD.decode(payload).unwrap();
                assert_eq!(payload.len(), 160);
                let is_speech = payload.iter().any(|code| *code != 0xFF);
                seen.heard_frames += usize::from(is_speech);
                quiet = if is_speech { 0 } else { quiet + 1 };
                was_speaking |= is_speech;
                if was_speaking && quiet == 10 {
                    was_speaking = false;
                    to_say = 30;
                }
            }
            _ => {}
        }
    }
}

async fn voice(
    State(stand_in): State<StandIn>,
    headers: HeaderMap,
    body: String,
) -> axum::response::Response {
    let url = format!("http://{}/twilio/voice", stand_in.address);
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let signature = headers
        .get("x-twilio-signature")
        .map_or("", |value| value.to_str().unwrap());
    if !RequestValidator::new("secret").is_valid(&url, &form, signature) {
        return axum::http::StatusCode::FORBIDDEN.into_response();
    }
    assert!(form.contains(&("CallSid".into(), "CAtest123".into())));
    let stream = twiml::Stream::new(format!("ws://{}/twilio/stream/CAtest123", stand_in.address))
        .parameter("token", "t<1>");
    twiml::Response::new()
        .with(twiml::Connect::new(stream).action("/twilio/resume"))
        .to_xml()
        .into_response()
}

async fn dropped(State(stand_in): State<StandIn>) -> String {
    let stream = twiml::Stream::new(format!("ws://{}/twilio/drop", stand_in.address));
    twiml::Response::new()
        .with(twiml::Connect::new(stream).action("/twilio/resume"))
        .to_xml()
}

async fn drop_at_once(upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(|mut socket| async move {
        let _ = socket.send(Message::Close(None)).await;
    })
}

async fn resume(State(stand_in): State<StandIn>) -> String {
    stand_in.seen.lock().unwrap().resumes += 1;
    twiml::Response::new().with(twiml::Verb::Hangup).to_xml()
}

fn tone(folder: &std::path::Path) -> String {
    let path = folder.join("line.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for index in 0..4_000 {
        writer
            .write_sample(if index / 8 % 2 == 0 {
                9_000_i16
            } else {
                -9_000
            })
            .unwrap();
    }
    writer.finalize().unwrap();
    path.to_str().unwrap().to_owned()
}

async fn call(arguments: &[&str]) -> anyhow::Result<()> {
    let arguments = [&["casp", "--json", "--patience", "40"], arguments].concat();
    call::run(Cli::try_parse_from(arguments).unwrap().call).await
}

#[tokio::test]
async fn two_turns_are_said_heard_and_written_down() {
    let stand_in = StandIn::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (wav, out) = (tone(folder.path()), folder.path().join("heard.wav"));
    let url = format!("ws://{}/media-stream/default", stand_in.address);
    call(&[
        "--url",
        &url,
        "--wav",
        &wav,
        "--turns",
        "2",
        "--out",
        out.to_str().unwrap(),
    ])
    .await
    .unwrap();
    {
        let seen = stand_in.seen.lock().unwrap();
        assert_eq!(seen.heard_frames, 50, "two lines of 500 ms");
        assert_eq!(
            seen.marks,
            ["said", "said", "said"],
            "greeting and two answers were played"
        );
        assert!(seen.has_stopped);
        assert_eq!(
            seen.start.as_ref().unwrap()["mediaFormat"]["encoding"],
            "audio/x-mulaw"
        );
    }
    let heard: Vec<i16> = hound::WavReader::open(out)
        .unwrap()
        .into_samples()
        .map(Result::unwrap)
        .collect();
    let audible = heard
        .iter()
        .filter(|sample| sample.unsigned_abs() > 1_000)
        .count();
    assert_eq!(audible, (20 + 30 + 30) * 160);
    assert!(
        heard.len() > 8_000 * 4,
        "in real time, pauses and all: {} samples",
        heard.len()
    );
}

#[tokio::test]
async fn a_call_by_webhook_is_signed_and_carries_the_parameters() {
    let stand_in = StandIn::start().await;
    let folder = tempfile::tempdir().unwrap();
    let wav = tone(folder.path());
    let webhook = format!("http://{}/twilio/voice", stand_in.address);
    let unsigned = call(&[
        "--webhook",
        &webhook,
        "--call-sid",
        "CAtest123",
        "--wav",
        &wav,
    ])
    .await;
    assert!(unsigned.unwrap_err().to_string().contains("--auth-token"));
    call(&[
        "--webhook",
        &webhook,
        "--call-sid",
        "CAtest123",
        "--wav",
        &wav,
        "--auth-token",
        "secret",
    ])
    .await
    .unwrap();
    let seen = stand_in.seen.lock().unwrap();
    let start = seen.start.as_ref().unwrap();
    assert_eq!(start["callSid"], "CAtest123");
    assert_eq!(start["customParameters"], json!({"token": "t<1>"}));
    assert_eq!(seen.resumes, 0, "we hung up; nothing is to be resumed");
}

#[tokio::test]
async fn a_socket_that_is_closed_asks_the_action_how_to_go_on() {
    let stand_in = StandIn::start().await;
    let webhook = format!("http://{}/twilio/dropped", stand_in.address);
    let folder = tempfile::tempdir().unwrap();
    let wav = tone(folder.path());
    let unanswered = call(&["--webhook", &webhook, "--wav", &wav]).await;
    assert!(
        unanswered
            .unwrap_err()
            .to_string()
            .contains("not every line")
    );
    assert_eq!(stand_in.seen.lock().unwrap().resumes, 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_so_that_it_can_be_mended() {
    let nobody = call(&["--url", "ws://127.0.0.1:9/media-stream/default"])
        .await
        .unwrap_err()
        .to_string();
    assert!(nobody.contains("is CASP running"), "{nobody}");
    let stand_in = StandIn::start().await;
    let url = format!("ws://{}/media-stream/nobody", stand_in.address);
    let unknown = call(&["--url", &url]).await.unwrap_err().to_string();
    assert!(
        unknown.contains("404") && unknown.contains("/media-stream/<scenario>"),
        "{unknown}"
    );
    let nothing = call(&["--url", &url, "--turns", "1"])
        .await
        .unwrap_err()
        .to_string();
    assert!(nothing.contains("--wav"), "{nothing}");
}
