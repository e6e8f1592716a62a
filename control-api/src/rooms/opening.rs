//! Opening a room: its session, the room at LiveKit, and an agent on its way.

use super::NO_SUCH_ROOM;
use crate::{
    ControlApi, assistants, call_trace, clock::now_ms, error::ApiError, names::RoomName, spending,
    state::STALE_AFTER_MS,
};
use casp_room::admin::CreateRoom;
use casp_store::{
    AccountId, StoreError,
    sessions::{self, NewSession, Session, SessionKind},
    workers,
};
use std::time::Duration;

/// A room that nobody joins is closed after this.
const EMPTY_TIMEOUT: Duration = Duration::from_mins(5);
/// A room that everybody has left is closed after this: long enough for a page that is loaded anew.
const DEPARTURE_TIMEOUT: Duration = Duration::from_secs(20);
/// Nobody else sends for an agent until then: it is on its way.
const DISPATCH_LEASE_MS: i64 = 2_000;

/// A room that can be joined.
pub(super) struct OpenRoom {
    /// An agent is in it, or on its way.
    pub(super) agent_present: bool,
}

/// Opens the room of this name for the account, or finds it open. 404 when it is open for another account, or when
/// it is a call's that does not exist.
pub(super) async fn open(
    api: &ControlApi,
    account: AccountId,
    room: &RoomName,
    assistant: Option<&str>,
) -> Result<OpenRoom, ApiError> {
    let store = &api.config.store;
    let assistant = assistants::named(api, account, assistant).await?;
    let existing = sessions::live_by_room(store, room.as_str()).await?;
    let is_new = existing.is_none();
    let session = match existing {
        Some(session) => session,
        None if room.is_reserved() => return Err(NO_SUCH_ROOM),
        None => {
            // An agent comes, and talks at the account's cost.
            spending::admit_talk(api, account).await?;
            announce(api, account, room, &assistant.name).await?
        }
    };
    if session.account != account {
        return Err(NO_SUCH_ROOM);
    }
    call_trace::joins(&session);
    // A call's room is made by its webhook, with time-outs of its own.
    if session.kind == SessionKind::Web {
        let made = CreateRoom {
            name: session.room_name.clone(),
            empty_timeout: EMPTY_TIMEOUT,
            departure_timeout: DEPARTURE_TIMEOUT,
        };
        if let Err(error) = api.config.livekit.create_room(&made).await {
            if is_new {
                sessions::end(
                    store,
                    &session.id,
                    "LiveKit did not make the room",
                    now_ms(),
                )
                .await?;
            }
            return Err(error.into());
        }
    }
    let agent_present = send_for_agent(api, &session, is_new).await?;
    Ok(OpenRoom { agent_present })
}

async fn announce(
    api: &ControlApi,
    account: AccountId,
    room: &RoomName,
    assistant: &str,
) -> Result<Session, ApiError> {
    let new = NewSession {
        id: format!("web-{}", room.as_str()),
        account,
        kind: SessionKind::Web,
        room_name: room.as_str().to_owned(),
        from: String::new(),
        to: String::new(),
        assistant: assistant.to_owned(),
        overrides: serde_json::json!({}),
    };
    let now = now_ms();
    match sessions::announce(&api.config.store, &new, now).await {
        Ok(session) => {
            call_trace::begins(&session, now);
            Ok(session)
        }
        // Somebody else was faster, or the name is that of something that is no web room.
        Err(StoreError::RoomTaken | StoreError::SessionEnded) => Err(NO_SUCH_ROOM),
        Err(error) => Err(error.into()),
    }
}

/// Sends for an agent when the session wants one and has none; returns whether one is there or on its way.
pub(super) async fn send_for_agent(
    api: &ControlApi,
    session: &Session,
    is_new_room: bool,
) -> Result<bool, ApiError> {
    if !session.wants_agent {
        return Ok(false);
    }
    if session.worker_id.is_some() {
        return Ok(true);
    }
    let config = &api.config;
    let now = now_ms();
    let capacity = workers::capacity(&config.store, now, STALE_AFTER_MS).await?;
    let is_ours =
        sessions::lease_dispatch(&config.store, &session.id, now, DISPATCH_LEASE_MS).await?;
    // Workers without a name take a new room by themselves.
    let comes_by_itself = is_new_room && config.agent_name.is_empty();
    if is_ours && !comes_by_itself {
        let sent =
            config
                .livekit
                .dispatch_agent(&session.room_name, &config.agent_name, &session.id);
        if let Err(error) = sent.await {
            tracing::warn!(%error, session = session.id, "no agent could be sent for; it is tried again");
        }
    }
    Ok(capacity.workers > 0)
}
