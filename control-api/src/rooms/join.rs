//! `POST /room/join`

use super::{answer, opening};
use crate::{
    ControlApi,
    auth::{RoomVisitor, network},
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
    names::{DisplayName, Identity, RoomName},
};
use axum::{Json, extract::State};
use casp_store::AccountId;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// Who wants into which room.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JoinRequest {
    /// Letters, digits, blank and `_ . : @ -`. Rooms `twilio-*`, `whatsapp-*` and `api-*` are made by calls alone.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9 _.:@-]{1,128}$", example = "my-meeting")]
    room_name: RoomName,
    /// Unique in the room: who joins with the same one takes the other's place. `agent*`, `caller-*`, `bridge-*` and
    /// `recorder-*` are reserved.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "user-1700000000000")]
    participant_identity: Identity,
    /// As others see it; the identity when it is left out.
    #[schema(value_type = Option<String>, max_length = 128, example = "John Doe")]
    participant_name: Option<DisplayName>,
    /// Which assistant answers, when the room is made now (`default`).
    #[schema(example = "default")]
    assistant: Option<String>,
    /// Of a join link (`join` in the query of `roomUrl`): lets a guest in without a key.
    join_token: Option<String>,
}

/// The way into the room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JoinAnswer {
    /// LiveKit access token: 15 minutes, for this room and identity alone.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2ln")]
    token: String,
    /// Where LiveKit's client connects to.
    #[schema(example = "wss://voice.example.com")]
    url: String,
    /// The room.
    #[schema(example = "my-meeting")]
    room_name: String,
    /// An agent is in the room, or on its way.
    agent_present: bool,
}

/// Join a room
///
/// Makes the room if needed, sends for an agent, and gives a token for LiveKit's client. Allowed: an API key; a
/// publishable key (`X-Publishable-Key` or `?key=`), or anybody with the `joinToken` of a join link, 30 times a
/// minute and address.
#[utoipa::path(
    post, path = "/room/join", tag = "rooms",
    request_body = JoinRequest,
    responses((status = 200, description = "The way in", body = JoinAnswer), Problem),
    security(("api_key" = []), ("publishable_key" = []), ())
)]
pub(crate) async fn join_room(
    State(api): State<ControlApi>,
    visitor: RoomVisitor,
    JsonBody(request): JsonBody<JoinRequest>,
) -> Result<Json<JoinAnswer>, ApiError> {
    let speaks_for_account = matches!(visitor, RoomVisitor::Caller(_));
    let account = host(
        &api,
        visitor,
        &request.room_name,
        request.join_token.as_deref(),
    )?;
    let room = opening::open(
        &api,
        account,
        &request.room_name,
        request.assistant.as_deref(),
    )
    .await?;
    Ok(Json(JoinAnswer {
        token: answer::participant_token(
            &api,
            &request.room_name,
            &request.participant_identity,
            request.participant_name.as_ref(),
            speaks_for_account,
        )?,
        url: answer::signalling_url(&api),
        room_name: request.room_name.as_str().to_owned(),
        agent_present: room.agent_present,
    }))
}

/// The account whose room it is; a guest is counted.
pub(super) fn host(
    api: &ControlApi,
    visitor: RoomVisitor,
    room: &RoomName,
    join_token: Option<&str>,
) -> Result<AccountId, ApiError> {
    let (account, address) = match (visitor, join_token) {
        (RoomVisitor::Caller(caller), _) => return Ok(caller.account),
        (RoomVisitor::Page { account, address }, _) => (account, address),
        (RoomVisitor::Stranger { address }, Some(token)) => {
            let account = api.join_links.account(token, room, now_ms());
            let expired = ApiError::Unauthorized(
                "This join link is not good, or no longer. Ask for a new one.",
            );
            (account.ok_or(expired)?, address)
        }
        (RoomVisitor::Stranger { .. }, None) => return Err(RoomVisitor::NEEDS_KEY_OR_LINK),
    };
    count_guest(api, address)?;
    Ok(account)
}

fn count_guest(api: &ControlApi, address: Option<IpAddr>) -> Result<(), ApiError> {
    let Some(address) = address else {
        return Ok(());
    };
    api.rate_limits.guest_joins.count(network(address))
}
