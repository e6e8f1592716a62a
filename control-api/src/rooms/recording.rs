//! `POST /room/{name}/recording`

use super::live_session;
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, Problem},
    names::RoomName,
    path::PathValue,
    recorder,
};
use axum::{Json, extract::State};
use casp_room::admin::ListedParticipant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// On or off.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RecordingSwitch {
    /// `true` begins a recording, `false` ends it.
    #[schema(example = true)]
    enable: bool,
}

/// How it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordingAnswer {
    /// The room.
    #[schema(example = "my-meeting")]
    room_name: String,
    /// A recording goes on.
    recording: bool,
    /// The one that goes on, or that has just been ended (`GET /recordings/{id}`); null when there is none.
    #[schema(example = "RE0123456789abcdef0123456789abcdef")]
    recording_id: Option<String>,
}

/// Begin or end a recording
///
/// Everybody hears that it begins, and nobody is recorded before they have heard so. It ends when the room is empty,
/// too. Doing it twice is the same as doing it once. The sound (Ogg, Opus) is there some seconds after the end.
#[utoipa::path(
    post, path = "/room/{name}/recording", tag = "rooms",
    params(("name" = String, Path, description = "The room", example = "my-meeting")),
    request_body = RecordingSwitch,
    responses((status = 200, description = "Done", body = RecordingAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn switch_recording(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(room): PathValue<RoomName>,
    JsonBody(switch): JsonBody<RecordingSwitch>,
) -> Result<Json<RecordingAnswer>, ApiError> {
    let session = live_session(&api, caller.account, &room).await?;
    let livekit = &api.config.livekit;
    let there = livekit.participants(room.as_str()).await?;
    let there = there.ok_or(super::NO_SUCH_ROOM)?;
    let running = going_on(&there).map(str::to_owned);
    let recording_id = match (switch.enable, running) {
        (true, Some(id)) => Some(id),
        (true, None) => Some(recorder::start(&api, &session).await?),
        (false, Some(id)) => {
            let identity = recorder::identity(&id);
            livekit.remove_participant(room.as_str(), &identity).await?;
            Some(id)
        }
        (false, None) => None,
    };
    Ok(Json(RecordingAnswer {
        room_name: session.room_name,
        recording: switch.enable,
        recording_id,
    }))
}

/// The recording that goes on in a room.
pub(super) fn going_on(participants: &[ListedParticipant]) -> Option<&str> {
    participants
        .iter()
        .find_map(|participant| recorder::recording_of(&participant.identity))
}
