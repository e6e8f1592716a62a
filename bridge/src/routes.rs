//! The ways in.

use crate::{
    BridgeState, access,
    admission::{Credential, Door},
    call, metrics,
    state::now_ms,
};
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
    ephemeral_keys,
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

/// Anybody with an API key, or a key for this one socket, speaking with an assistant. Without one, only an announced call gets in.
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
    let key = match (access::api_key(parts), config.dev_account) {
        (Some(key), _) => key_of(state, &key).await?,
        (None, Some(account)) if access::is_local(parts) => Key {
            account,
            credential: Credential::Loopback,
            assistant: None,
        },
        (None, _) => return Ok(ANNOUNCED),
    };
    let account = key.account;
    let found = match named {
        Named::Any(name) => casp_assistants::find(&config.store, account, name).await,
        Named::Own(reference) => casp_assistants::find_own(&config.store, account, reference).await,
    };
    match found {
        Ok(Some(assistant)) if key.assistant.is_some_and(|only| only != assistant.name) => {
            metrics::refused("wrong assistant");
            Err(refuse(
                StatusCode::FORBIDDEN,
                "this key is for another assistant",
            ))
        }
        Ok(Some(assistant)) => Ok(Door::Account {
            account,
            credential: key.credential,
            assistant: Box::new(assistant),
        }),
        // An announced call of another account's may speak with one of its own.
        Ok(None) if key.credential == Credential::Loopback => Ok(ANNOUNCED),
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

/// What a key opens.
struct Key {
    account: AccountId,
    credential: Credential,
    /// The only one it may speak with.
    assistant: Option<String>,
}

/// An ephemeral key is spent by this, whatever comes of the socket.
async fn key_of(state: &BridgeState, key: &str) -> Result<Key, Response> {
    let store = &state.config().store;
    let found = if key.starts_with(ephemeral_keys::PREFIX) {
        let spent = ephemeral_keys::spend(store, key, now_ms()).await;
        spent.map(|spent| {
            spent.map(|spent| Key {
                account: spent.account,
                credential: Credential::Ephemeral(spent.resource),
                assistant: Some(spent.assistant),
            })
        })
    } else {
        let account = accounts::by_key(store, KeyKind::Secret, key).await;
        account.map(|account| {
            account
                .filter(|account| account.is_active)
                .map(|account| Key {
                    account: account.id,
                    credential: Credential::ApiKey,
                    assistant: None,
                })
        })
    };
    let found = found.map_err(|error| {
        tracing::error!(%error, "a key could not be looked up");
        refuse(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
    })?;
    found.ok_or_else(|| {
        metrics::refused("wrong key");
        refuse(
            StatusCode::UNAUTHORIZED,
            "the key is not valid, or no longer",
        )
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
