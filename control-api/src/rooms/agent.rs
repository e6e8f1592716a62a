//! `POST /room/{name}/agent`

use super::{AGENT_IDENTITY, live_session, opening, show::is_agent};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, Problem},
    names::RoomName,
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_store::sessions;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In or out.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AgentSwitch {
    /// `true` sends for an agent, `false` sends it away.
    #[schema(example = true)]
    enable: bool,
}

/// How it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentAnswer {
    /// The room.
    #[schema(example = "my-meeting")]
    room_name: String,
    /// An agent is in the room, or on its way.
    agent_present: bool,
}

/// Call the agent in, or send it away
///
/// Doing it twice is the same as doing it once.
#[utoipa::path(
    post, path = "/room/{name}/agent", tag = "rooms",
    params(("name" = String, Path, description = "The room", example = "my-meeting")),
    request_body = AgentSwitch,
    responses((status = 200, description = "Done", body = AgentAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn switch_agent(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(room): PathValue<RoomName>,
    JsonBody(switch): JsonBody<AgentSwitch>,
) -> Result<Json<AgentAnswer>, ApiError> {
    let mut session = live_session(&api, caller.account, &room).await?;
    if !sessions::set_wants_agent(&api.config.store, &session.id, switch.enable).await? {
        return Err(super::NO_SUCH_ROOM);
    }
    let agent_present = if switch.enable {
        session.wants_agent = true;
        let there = api
            .config
            .livekit
            .participants(room.as_str())
            .await?
            .unwrap_or_default();
        there.iter().any(is_agent) || opening::send_for_agent(&api, &session, false).await?
    } else {
        api.config
            .livekit
            .remove_participant(room.as_str(), AGENT_IDENTITY)
            .await?;
        false
    };
    Ok(Json(AgentAnswer {
        room_name: session.room_name,
        agent_present,
    }))
}
