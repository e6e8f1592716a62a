//! The two ways in.

use crate::{BridgeState, access, admission::Door, call, metrics};
use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Request, State, WebSocketUpgrade, ws::WebSocket},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
    routing::get,
};
use casp_conversation::Assistant;
use casp_store::accounts::{self, KeyKind};
use casp_twilio::CallSid;
use serde_json::json;

/// Messages up to this size are read, so that one that is too long can be answered rather than end the call.
const LARGEST_READ: usize = 2 * 1024 * 1024;

/// `WS /twilio/stream/{callSid}` and `WS /media-stream/{scenario}`.
pub fn router(state: BridgeState) -> Router {
    Router::new()
        .route("/twilio/stream/{call_sid}", get(twilio_stream))
        .route("/media-stream/{scenario}", get(media_stream))
        .with_state(state)
}

/// Twilio's own sockets: the token in a `<Parameter>` is checked at `start`.
async fn twilio_stream(
    State(state): State<BridgeState>,
    Path(call_sid): Path<String>,
    request: Request,
) -> Response {
    match CallSid::new(call_sid) {
        Ok(call_sid) => {
            upgrade(
                state,
                request,
                Door::Announced {
                    call_sid: Some(call_sid),
                },
            )
            .await
        }
        Err(error) => refuse(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

/// Anybody with an API key, speaking with a built-in assistant. Without one, only an announced call gets in.
async fn media_stream(
    State(state): State<BridgeState>,
    Path(scenario): Path<String>,
    request: Request,
) -> Response {
    let Some(assistant) = Assistant::builtin(&scenario) else {
        metrics::refused("unknown scenario");
        return refuse(
            StatusCode::NOT_FOUND,
            "there is no scenario of that name; see GET /scenarios",
        );
    };
    let (parts, body) = request.into_parts();
    let door = match door_of(&state, &parts, &assistant.name).await {
        Ok(door) => door,
        Err(response) => return response,
    };
    upgrade(state, Request::from_parts(parts, body), door).await
}

async fn door_of(state: &BridgeState, parts: &Parts, assistant: &str) -> Result<Door, Response> {
    let config = state.config();
    let account = match (access::api_key(parts), config.dev_account) {
        (Some(key), _) => {
            let account = accounts::by_key(&config.store, KeyKind::Secret, &key).await;
            let account = account.map_err(|error| {
                tracing::error!(%error, "an API key could not be looked up");
                refuse(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
            })?;
            match account {
                Some(account) if account.is_active => account.id,
                _ => {
                    metrics::refused("wrong key");
                    return Err(refuse(StatusCode::UNAUTHORIZED, "the API key is not valid"));
                }
            }
        }
        (None, Some(account)) if access::is_local(parts) => account,
        (None, _) => return Ok(Door::Announced { call_sid: None }),
    };
    Ok(Door::Account {
        account,
        assistant: assistant.to_owned(),
    })
}

async fn upgrade(state: BridgeState, request: Request, door: Door) -> Response {
    if state.is_draining() {
        metrics::refused("draining");
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "shutting down; try again");
    }
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &state).await else {
        return refuse(
            StatusCode::UPGRADE_REQUIRED,
            "this is a WebSocket: send an Upgrade request",
        );
    };
    upgrade
        .max_message_size(LARGEST_READ)
        .max_frame_size(LARGEST_READ)
        .on_upgrade(move |socket: WebSocket| {
            let calls = state.calls().clone();
            calls.track_future(call::serve(state, socket, door))
        })
}

fn refuse(status: StatusCode, detail: &str) -> Response {
    let body = json!({"detail": detail, "status_code": status.as_u16()});
    (status, Json(body)).into_response()
}
