//! `POST /room/token`

use super::{answer, join, opening};
use crate::{
    ControlApi,
    auth::RoomVisitor,
    body::JsonBody,
    error::{ApiError, Problem},
    names::{DisplayName, Identity, RoomName},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// LiveKit's request of a token endpoint. What else it may hold (metadata, grants, a dispatch) is ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RoomTokenRequest {
    /// A random one when it is left out.
    #[schema(value_type = Option<String>, max_length = 128, example = "my-meeting")]
    room_name: Option<RoomName>,
    /// A random one when it is left out.
    #[schema(value_type = Option<String>, max_length = 128, example = "user-1")]
    participant_identity: Option<Identity>,
    /// As others see it.
    #[schema(value_type = Option<String>, max_length = 128, example = "John Doe")]
    participant_name: Option<DisplayName>,
    /// Of a join link (`join` in the query of `roomUrl`): lets a guest into that room without a key.
    join_token: Option<String>,
}

/// LiveKit's answer of a token endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomTokenAnswer {
    /// Where LiveKit's client connects to.
    #[schema(example = "wss://voice.example.com")]
    server_url: String,
    /// LiveKit access token: 15 minutes, for this room and identity alone.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2ln")]
    participant_token: String,
}

/// Join a room, in LiveKit's words
///
/// The same as `/room/join` in the form of LiveKit's standard token endpoint, for the token sources of its SDKs.
/// Who may is the same too: a page sends its publishable key, as header `X-Publishable-Key` or in the endpoint's address.
#[utoipa::path(
    post, path = "/room/token", tag = "rooms",
    request_body = RoomTokenRequest,
    responses((status = 200, description = "The way in", body = RoomTokenAnswer), Problem),
    security(("api_key" = []), ("publishable_key" = []), ())
)]
pub(crate) async fn issue_token(
    State(api): State<ControlApi>,
    visitor: RoomVisitor,
    JsonBody(request): JsonBody<RoomTokenRequest>,
) -> Result<Json<RoomTokenAnswer>, ApiError> {
    let room = request.room_name.unwrap_or_else(RoomName::random);
    let identity = request
        .participant_identity
        .unwrap_or_else(Identity::random);
    let speaks_for_account = matches!(visitor, RoomVisitor::Caller(_));
    let account = join::host(&api, visitor, &room, request.join_token.as_deref())?;
    opening::open(&api, account, &room, None).await?;
    Ok(Json(RoomTokenAnswer {
        server_url: answer::signalling_url(&api),
        participant_token: answer::participant_token(
            &api,
            &room,
            &identity,
            request.participant_name.as_ref(),
            speaks_for_account,
        )?,
    }))
}
