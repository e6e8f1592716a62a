//! The ways in.

use crate::{BridgeState, access, admission::Door, call, metrics};
use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Request, State, WebSocketUpgrade, ws::WebSocket},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
    routing::get,
};
use casp_store::{
    AccountId,
    accounts::{self, KeyKind},
};
use casp_twilio::CallSid;
use serde_json::json;

/// Messages up to this size are read, so that one that is too long can be answered rather than end the call.
const LARGEST_READ: usize = 2 * 1024 * 1024;

/// `WS /twilio/stream/{callSid}`, `WS /media-stream/{scenario}`, `WS /media-stream-custom/{scenario_id}` and
/// `WS /calendar-media-stream`.
pub fn router(state: BridgeState) -> Router {
    Router::new()
        .route("/twilio/stream/{call_sid}", get(twilio_stream))
        .route("/media-stream/{scenario}", get(media_stream))
        .route(
            "/media-stream-custom/{scenario_id}",
            get(custom_media_stream),
        )
        .route("/calendar-media-stream", get(calendar_media_stream))
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

/// What the last part of a path names.
enum Named {
    /// A built-in assistant, or one of the account's own.
    Any(String),
    /// One of the account's own.
    Own(String),
}

/// Anybody with an API key, speaking with an assistant. Without one, only an announced call gets in.
async fn media_stream(
    State(state): State<BridgeState>,
    Path(scenario): Path<String>,
    request: Request,
) -> Response {
    stream(state, Named::Any(scenario), request).await
}

/// The same, with one of the account's own assistants.
async fn custom_media_stream(
    State(state): State<BridgeState>,
    Path(scenario_id): Path<String>,
    request: Request,
) -> Response {
    stream(state, Named::Own(scenario_id), request).await
}

/// The same, with the assistant that knows the calendar.
async fn calendar_media_stream(State(state): State<BridgeState>, request: Request) -> Response {
    stream(state, Named::Any("calendar".to_owned()), request).await
}

async fn stream(state: BridgeState, named: Named, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match door_of(&state, &parts, &named).await {
        Ok(door) => upgrade(state, Request::from_parts(parts, body), door).await,
        Err(response) => response,
    }
}

async fn door_of(state: &BridgeState, parts: &Parts, named: &Named) -> Result<Door, Response> {
    const ANNOUNCED: Door = Door::Announced { call_sid: None };
    let config = state.config();
    let (account, has_key) = match (access::api_key(parts), config.dev_account) {
        (Some(key), _) => (owner_of(state, &key).await?, true),
        (None, Some(account)) if access::is_local(parts) => (account, false),
        (None, _) => return Ok(ANNOUNCED),
    };
    let found = match named {
        Named::Any(name) => casp_assistants::find(&config.store, account, name).await,
        Named::Own(reference) => casp_assistants::find_own(&config.store, account, reference).await,
    };
    match found {
        Ok(Some(assistant)) => Ok(Door::Account {
            account,
            has_key,
            assistant: Box::new(assistant),
        }),
        // An announced call of another account's may speak with one of its own.
        Ok(None) if !has_key => Ok(ANNOUNCED),
        Ok(None) => {
            metrics::refused("unknown scenario");
            Err(refuse(
                StatusCode::NOT_FOUND,
                "there is no scenario of that name; see GET /scenarios and GET /custom-scenarios",
            ))
        }
        Err(error) => {
            tracing::error!(%error, "an assistant could not be read");
            Err(refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "try again in a moment",
            ))
        }
    }
}

async fn owner_of(state: &BridgeState, key: &str) -> Result<AccountId, Response> {
    let account = accounts::by_key(&state.config().store, KeyKind::Secret, key).await;
    let account = account.map_err(|error| {
        tracing::error!(%error, "an API key could not be looked up");
        refuse(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
    })?;
    match account {
        Some(account) if account.is_active => Ok(account.id),
        _ => {
            metrics::refused("wrong key");
            Err(refuse(StatusCode::UNAUTHORIZED, "the API key is not valid"))
        }
    }
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
