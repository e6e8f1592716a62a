//! Sessions: one row a conversation; announced → active → ended, each change a compare-and-set.

use crate::{AccountId, Store, StoreError};
use serde::Serialize;

/// The channel a session came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// `phone-<CallSid>`
    Phone,
    /// `whatsapp-<CallSid>`
    Whatsapp,
    /// `web-<room>`
    Web,
    /// `slack-<room>`
    Slack,
    /// `teams-<room>`
    Teams,
    /// `discord-<room>`
    Discord,
    /// `api-<streamSid>`
    Api,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// A webhook or token spoke of it.
    Announced,
    /// Somebody is in the room.
    Active,
    /// Over, for good.
    Ended,
}

/// A session.
#[derive(Debug, Clone)]
pub struct Session {
    /// `phone-CA…`
    pub id: String,
    /// Its owner.
    pub account: AccountId,
    /// Channel.
    pub kind: SessionKind,
    /// LiveKit room.
    pub room_name: String,
    /// Caller's address, as given (may be empty).
    pub from: String,
    /// Called address.
    pub to: String,
    /// Assistant's name (`default`, `sales`, `custom_…`).
    pub assistant: String,
    /// What the start message overrides, as JSON (`{}` when nothing).
    pub overrides: serde_json::Value,
    /// State.
    pub state: SessionState,
    /// Grows by one each time an agent takes the session.
    pub agent_epoch: i64,
    /// Worker that holds it.
    pub worker_id: Option<String>,
    /// An agent is wanted (`/room/{name}/agent {enable:false}` clears it).
    pub wants_agent: bool,
    /// Unix milliseconds.
    pub started_at_ms: i64,
    /// Unix milliseconds.
    pub ended_at_ms: Option<i64>,
    /// `completed`, `hung up`, `caller dropped`, …
    pub end_reason: Option<String>,
}

/// What is known when a session is announced.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// See [`Session`].
    pub id: String,
    /// See [`Session`].
    pub account: AccountId,
    /// See [`Session`].
    pub kind: SessionKind,
    /// See [`Session`].
    pub room_name: String,
    /// See [`Session`].
    pub from: String,
    /// See [`Session`].
    pub to: String,
    /// See [`Session`].
    pub assistant: String,
    /// See [`Session`].
    pub overrides: serde_json::Value,
}

/// Makes the row, or returns the live one of that id. `SessionEnded` when it ended before
/// (web rooms alone may be made again: their row begins anew).
pub async fn announce(
    _store: &Store,
    _new: &NewSession,
    _now_ms: i64,
) -> Result<Session, StoreError> {
    unimplemented!()
}
/// announced → active. False when it was not announced (already active counts as true; ended is false).
pub async fn activate(_store: &Store, _id: &str) -> Result<bool, StoreError> {
    unimplemented!()
}
/// → ended; true for whoever ended it, false when it was over (or never was).
pub async fn end(
    _store: &Store,
    _id: &str,
    _reason: &str,
    _now_ms: i64,
) -> Result<bool, StoreError> {
    unimplemented!()
}
/// By id, ended ones too.
pub async fn get(_store: &Store, _id: &str) -> Result<Option<Session>, StoreError> {
    unimplemented!()
}
/// The live (not ended) session of a room.
pub async fn live_by_room(_store: &Store, _room_name: &str) -> Result<Option<Session>, StoreError> {
    unimplemented!()
}
/// Live sessions, newest first; of one account, or of all.
pub async fn list_live(
    _store: &Store,
    _account: Option<AccountId>,
) -> Result<Vec<Session>, StoreError> {
    unimplemented!()
}
/// An agent takes the session: succeeds when the session is live, wants an agent and is held by nobody, by this
/// same worker's dead predecessor, or by a worker whose heartbeat is older than `stale_after_ms`.
/// Returns the new epoch; the agent speaks only while [`holds`] it.
pub async fn claim_agent(
    _store: &Store,
    _id: &str,
    _worker_id: &str,
    _now_ms: i64,
    _stale_after_ms: i64,
) -> Result<Option<i64>, StoreError> {
    unimplemented!()
}
/// Whether this epoch still is the session's.
pub async fn holds(_store: &Store, _id: &str, _epoch: i64) -> Result<bool, StoreError> {
    unimplemented!()
}
/// The agent of this epoch lets go.
pub async fn release_agent(_store: &Store, _id: &str, _epoch: i64) -> Result<bool, StoreError> {
    unimplemented!()
}
/// Sets whether an agent is wanted; false when the session is not live.
pub async fn set_wants_agent(_store: &Store, _id: &str, _wants: bool) -> Result<bool, StoreError> {
    unimplemented!()
}
/// Live sessions that want an agent and whose worker's heartbeat is stale (takeover); at most `limit`.
pub async fn orphaned(
    _store: &Store,
    _now_ms: i64,
    _stale_after_ms: i64,
    _limit: u32,
) -> Result<Vec<Session>, StoreError> {
    unimplemented!()
}
