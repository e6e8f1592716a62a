//! No request goes on for ever. A WebSocket's request ends with its handshake, so what comes after is not bound.

use crate::{ControlApi, error::plain};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Routes that work for longer than others: on files,
const LONG: [&str; 2] = ["/whisper/transcribe", "/v1/audio/transcriptions"];
/// and with models that think.
const CHAT: &str = "/v1/chat/completions";

pub(super) async fn limit(State(api): State<ControlApi>, request: Request, next: Next) -> Response {
    let limits = &api.config.limits;
    let path = request.uri().path();
    let time = if LONG.contains(&path) {
        limits.transcription_timeout
    } else if path == CHAT {
        limits.chat_timeout
    } else {
        limits.request_timeout
    };
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => plain(StatusCode::GATEWAY_TIMEOUT).into_response(),
    }
}
