//! `POST /room/create`

use super::{answer, opening};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
    names::{DisplayName, Identity, RoomName},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A room and its host.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRequest {
    /// A random one when it is left out.
    #[schema(value_type = Option<String>, max_length = 128, pattern = "^[A-Za-z0-9 _.:@-]{1,128}$", example = "my-meeting")]
    room_name: Option<RoomName>,
    /// The host's identity in the room.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "host-1700000000000")]
    host_identity: Identity,
    /// The host's name in the room.
    #[schema(value_type = Option<String>, max_length = 128, example = "John Doe")]
    host_name: Option<DisplayName>,
    /// Which assistant answers (`default`).
    #[schema(example = "default")]
    assistant: Option<String>,
}

/// The room, and two ways into it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateAnswer {
    /// The room.
    #[schema(example = "my-meeting")]
    room_name: String,
    /// Opens the web app in that room; good for guests for 24 hours.
    #[schema(example = "https://voice.example.com/?room=my-meeting&join=eyJhIjox.c2ln")]
    room_url: String,
    /// The host's LiveKit access token.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2ln")]
    token: String,
    /// Where LiveKit's client connects to.
    #[schema(example = "wss://voice.example.com")]
    url: String,
}

/// Make a room
///
/// And get a link to send to others. A room of the account's that is open already is used.
#[utoipa::path(
    post, path = "/room/create", tag = "rooms",
    request_body = CreateRequest,
    responses((status = 201, description = "The room is open", body = CreateAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn create_room(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<CreateRequest>,
) -> Result<(StatusCode, Json<CreateAnswer>), ApiError> {
    let room = request.room_name.unwrap_or_else(RoomName::random);
    opening::open(&api, caller.account, &room, request.assistant.as_deref()).await?;
    let link = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("room", room.as_str())
        .append_pair(
            "join",
            &api.join_links.token(caller.account, &room, now_ms()),
        )
        .finish();
    let answer = CreateAnswer {
        room_name: room.as_str().to_owned(),
        room_url: format!("{}/?{link}", api.config.public_url.http()),
        token: answer::participant_token(
            &api,
            &room,
            &request.host_identity,
            request.host_name.as_ref(),
            true,
        )?,
        url: answer::signalling_url(&api),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}
