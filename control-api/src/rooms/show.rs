//! `GET /room/{name}`

use super::{AGENT_IDENTITY, live_session, recording};
use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, Problem},
    names::RoomName,
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_room::admin::ListedParticipant;
use serde::Serialize;
use utoipa::ToSchema;

/// A room as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomView {
    /// The room.
    #[schema(example = "my-meeting")]
    room_name: String,
    /// Its session, for `/sessions/{id}`.
    #[schema(example = "web-my-meeting")]
    session_id: String,
    /// Who answers.
    #[schema(example = "default")]
    assistant: String,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    started_at: String,
    /// Everybody in the room, the agent too.
    participants: Vec<ParticipantView>,
    /// The agent is in the room.
    agent_present: bool,
    /// `initializing`, `listening`, `thinking` or `speaking`; null without an agent.
    #[schema(example = "listening")]
    agent_state: Option<String>,
    /// The room is being recorded.
    recording: bool,
}

/// Somebody in the room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParticipantView {
    /// Unique in the room.
    identity: String,
    /// As others see it.
    name: String,
    /// Is the agent.
    is_agent: bool,
}

/// Look at a room
#[utoipa::path(
    get, path = "/room/{name}", tag = "rooms",
    params(("name" = String, Path, description = "The room", example = "my-meeting")),
    responses((status = 200, description = "The room", body = RoomView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_room(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(room): PathValue<RoomName>,
) -> Result<Json<RoomView>, ApiError> {
    let session = live_session(&api, caller.account, &room).await?;
    let participants = api
        .config
        .livekit
        .participants(room.as_str())
        .await?
        .unwrap_or_default();
    let agent = participants
        .iter()
        .find(|participant| is_agent(participant));
    Ok(Json(RoomView {
        session_id: session.id,
        assistant: session.assistant,
        started_at: rfc3339(session.started_at_ms),
        agent_present: agent.is_some(),
        agent_state: agent.and_then(|agent| agent.attributes.get("lk.agent.state").cloned()),
        recording: recording::going_on(&participants).is_some(),
        participants: participants
            .iter()
            .map(|participant| ParticipantView {
                identity: participant.identity.clone(),
                name: participant.name.clone(),
                is_agent: is_agent(participant),
            })
            .collect(),
        room_name: session.room_name,
    }))
}

pub(super) fn is_agent(participant: &ListedParticipant) -> bool {
    participant.is_agent || participant.identity == AGENT_IDENTITY
}
