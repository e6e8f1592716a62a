//! Rooms for people: making, joining, looking, calling the agent in or sending it away.

mod agent;
mod answer;
mod create;
mod join;
mod opening;
mod recording;
mod show;
mod token;

use crate::{ControlApi, error::ApiError, names::RoomName};
use casp_store::{
    AccountId,
    sessions::{self, Session},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of rooms.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(join::join_room))
        .routes(routes!(create::create_room))
        .routes(routes!(token::issue_token))
        .routes(routes!(show::show_room))
        .routes(routes!(agent::switch_agent))
        .routes(routes!(recording::switch_recording))
}

/// LiveKit's identity of the agent, in every room.
pub(crate) const AGENT_IDENTITY: &str = "agent";

const NO_SUCH_ROOM: ApiError = ApiError::NotFound("There is no such room.");

/// The live session of a room of this account's.
async fn live_session(
    api: &ControlApi,
    account: AccountId,
    room: &RoomName,
) -> Result<Session, ApiError> {
    let session = sessions::live_by_room(&api.config.store, room.as_str()).await?;
    session
        .filter(|session| session.account == account)
        .ok_or(NO_SUCH_ROOM)
}
