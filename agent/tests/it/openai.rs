//! A server that speaks OpenAI's API: hears what it is told to, answers what it is told to, speaks in a tone.

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use std::{
    f32::consts::TAU,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

/// What the stand-in does, and what it was asked.
#[derive(Debug)]
pub(crate) struct Script {
    /// What speech-to-text understands.
    pub(crate) heard: String,
    /// What the model answers.
    pub(crate) answer: String,
    /// Each of them may fail.
    pub(crate) stt_fails: bool,
    pub(crate) llm_fails: bool,
    pub(crate) tts_fails: bool,
    /// The conversations the model was asked to go on with.
    pub(crate) chats: Vec<Vec<Value>>,
    /// The texts that were spoken.
    pub(crate) spoken: Vec<String>,
    /// How often speech-to-text was asked.
    pub(crate) transcriptions: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct OpenAi {
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) url: String,
}

impl OpenAi {
    pub(crate) async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script {
            heard: "Could you tell me what the weather is like in Paris today?".into(),
            answer: "It is sunny in Paris today.".into(),
            stt_fails: false,
            llm_fails: false,
            tts_fails: false,
            chats: Vec::new(),
            spoken: Vec::new(),
            transcriptions: 0,
        }));
        let app = Router::new()
            .route("/v1/audio/transcriptions", post(transcribe))
            .route("/v1/chat/completions", post(chat))
            .route("/v1/audio/speech", post(speech))
            .with_state(script.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { script, url }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    pub(crate) fn spoken(&self) -> Vec<String> {
        self.script.lock().unwrap().spoken.clone()
    }

    pub(crate) fn transcriptions(&self) -> usize {
        self.script.lock().unwrap().transcriptions
    }

    pub(crate) fn chats(&self) -> Vec<Vec<Value>> {
        self.script.lock().unwrap().chats.clone()
    }
}

type Shared = State<Arc<Mutex<Script>>>;

fn failure() -> Response {
    let error = json!({"error": {"message": "scripted", "type": "test", "code": null}});
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}

async fn transcribe(State(script): Shared, body: Bytes) -> Response {
    let mut script = script.lock().unwrap();
    assert!(body.len() > 1_000, "there is sound in it");
    script.transcriptions += 1;
    if script.stt_fails {
        return failure();
    }
    Json(json!({"text": script.heard})).into_response()
}

async fn chat(State(script): Shared, Json(request): Json<Value>) -> Response {
    let mut script = script.lock().unwrap();
    let messages = request["messages"].as_array().unwrap().clone();
    script.chats.push(messages);
    if script.llm_fails {
        return failure();
    }
    let mut events = String::new();
    for word in script.answer.split_inclusive(' ') {
        let delta = json!({"choices": [{"index": 0, "delta": {"content": word}}]});
        write!(events, "data: {delta}\n\n").unwrap();
    }
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    write!(events, "data: {end}\n\ndata: [DONE]\n\n").unwrap();
    ([("content-type", "text/event-stream")], events).into_response()
}

/// 1 kHz at 24 kHz, 60 ms a character.
async fn speech(State(script): Shared, Json(request): Json<Value>) -> Response {
    let text = request["input"].as_str().unwrap().to_owned();
    let mut script = script.lock().unwrap();
    if script.tts_fails {
        return failure();
    }
    let samples = text.chars().count() * 24 * 60;
    script.spoken.push(text);
    let pcm: Vec<u8> = (0..samples)
        .map(|n| (9_000.0 * (TAU * n as f32 / 24.0).sin()) as i16)
        .flat_map(i16::to_le_bytes)
        .collect();
    ([("content-type", "audio/pcm")], Body::from(pcm)).into_response()
}
