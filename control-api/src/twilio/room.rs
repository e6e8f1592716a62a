//! The room of a phone call.

use crate::{ControlApi, clock::now_ms};
use casp_room::{RoomError, admin::CreateRoom};
use casp_store::sessions::{self, Session};
use std::time::Duration;

/// A call whose stream never comes leaves its room after this.
const EMPTY_TIMEOUT: Duration = Duration::from_mins(1);
/// A caller whose bridge died, or who was to be put through to somebody who did not answer, has this long to come back
/// into the room.
const DEPARTURE_TIMEOUT: Duration = Duration::from_secs(75);
/// The bridge looks after the agent from here; nobody else sends for one until then.
const DISPATCH_LEASE_MS: i64 = 2_000;

/// The room, and an agent for it. Workers without a name take a new room by themselves.
pub(super) async fn open(api: &ControlApi, session: &Session) -> Result<(), RoomError> {
    let config = &api.config;
    let room = CreateRoom {
        name: session.room_name.clone(),
        empty_timeout: EMPTY_TIMEOUT,
        departure_timeout: DEPARTURE_TIMEOUT,
    };
    config.livekit.create_room(&room).await?;
    let lease =
        sessions::lease_dispatch(&config.store, &session.id, now_ms(), DISPATCH_LEASE_MS).await;
    if !config.agent_name.is_empty() && matches!(lease, Ok(true)) {
        config
            .livekit
            .dispatch_agent(&session.room_name, &config.agent_name, &session.id)
            .await?;
    }
    Ok(())
}
