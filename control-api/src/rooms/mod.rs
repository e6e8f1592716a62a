//! Rooms for people: making, joining, looking, calling the agent in or sending it away.

mod agent;
mod answer;
mod create;
mod join;
mod opening;
mod show;
mod token;

pub(crate) use agent::{__path_switch_agent, switch_agent};
pub(crate) use create::{__path_create_room, create_room};
pub(crate) use join::{__path_join_room, join_room};
pub(crate) use show::{__path_show_room, show_room};
pub(crate) use token::{__path_issue_token, issue_token};

use crate::{ControlApi, error::ApiError, names::RoomName};
use casp_store::{
    AccountId,
    sessions::{self, Session},
};

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
