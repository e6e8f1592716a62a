//! `POST /v1/realtime/sessions`: a key for one socket of a browser or an app.

use crate::{
    ControlApi, assistants,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, Problem},
    oauth::owner_of,
};
use axum::{Json, extract::State};
use casp_store::ephemeral_keys::{self, EphemeralKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A page asks for a key when it opens the socket.
const TTL_MS: i64 = 60_000;

/// The one route.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new().routes(routes!(create_realtime_session))
}

/// For whom a key is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RealtimeSessionRequest {
    /// Who answers: a built-in assistant, or one of your own.
    #[schema(example = "support")]
    assistant: String,
    /// The end user who will speak, and for whom the agent may act. Without one it is a stranger.
    #[schema(example = "ann@example.org")]
    resource: Option<String>,
}

/// A key.
#[derive(Serialize, ToSchema)]
pub(crate) struct RealtimeSessionAnswer {
    /// Opens one socket, once.
    #[schema(example = "ek_0123456789abcdefghijABCDEFGHIJ0123456789abc")]
    key: String,
    /// When it ends.
    #[schema(example = "2025-06-03T10:01:00Z")]
    expires_at: String,
}

/// Make a key for one socket
///
/// A browser or an app must not hold an API key. Its backend makes it this one, which opens one WebSocket to one
/// assistant (`/media-stream/{scenario}?api_key=ek_…`) within a minute, with no other rights. The session acts for
/// `resource` alone; without it the one who speaks is a stranger, for whom only the assistant's public actions are done.
#[utoipa::path(
    post, path = "/v1/realtime/sessions", tag = "rooms",
    request_body = RealtimeSessionRequest,
    responses((status = 200, description = "The key", body = RealtimeSessionAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn create_realtime_session(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<RealtimeSessionRequest>,
) -> Result<Json<RealtimeSessionAnswer>, ApiError> {
    let account = caller.account;
    api.rate_limits.chat.count(account.0)?;
    let assistant = assistants::named(&api, account, Some(&request.assistant)).await?;
    let resource = match request.resource.as_deref().map(str::trim) {
        None | Some("") => None,
        named => Some(owner_of(&api, account, "body", named).await?.resource),
    };
    let new = EphemeralKey {
        account,
        assistant: assistant.name,
        resource,
    };
    let expires_at_ms = now_ms() + TTL_MS;
    let key = ephemeral_keys::issue(&api.config.store, &new, expires_at_ms).await?;
    Ok(Json(RealtimeSessionAnswer {
        key,
        expires_at: rfc3339(expires_at_ms),
    }))
}
