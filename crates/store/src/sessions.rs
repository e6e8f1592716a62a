//! Sessions: one row a conversation; announced → active → ended, each change a compare-and-set.

use crate::{AccountId, Store, StoreError, transcripts, webhooks};
use serde::Serialize;
use sqlx::{Row as _, any::AnyRow};

/// At most this many sessions are listed at once.
const MOST_LISTED: i64 = 1_000;

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

impl SessionKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Phone,
        Self::Whatsapp,
        Self::Web,
        Self::Slack,
        Self::Teams,
        Self::Discord,
        Self::Api,
    ];

    /// `phone`, `whatsapp`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Whatsapp => "whatsapp",
            Self::Web => "web",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Discord => "discord",
            Self::Api => "api",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| StoreError::Corrupt(format!("sessions.kind {name}")))
    }
}

/// Who rang whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// They us.
    Inbound,
    /// We them.
    Outbound,
}

impl Direction {
    /// `inbound`, `outbound`
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
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
    /// Who rang whom.
    pub direction: Direction,
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

/// Columns of a session, in the order of [`from_row`].
macro_rules! columns {
    () => {
        "id, account_id, kind, room_name, from_address, to_address, assistant, overrides, state, \
         agent_epoch, worker_id, wants_agent, started_at_ms, ended_at_ms, end_reason, direction"
    };
}

// The macro above is seen by the modules below it.
mod admission;
mod agent;
mod announcing;
mod by_webhook;
pub(crate) use admission::take_turn;
pub use admission::{Admission, admit};
pub use agent::{
    claim_agent, holds, lease_dispatch, orphaned, release_agent, set_wants_agent, unattended,
};
pub use announcing::{announce, announce_outbound};
pub use by_webhook::{choose_assistant, claim_exchange};

/// announced → active. False when it was not announced (already active counts as true; ended is false).
pub async fn activate(store: &Store, id: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("UPDATE sessions SET state = 'active' WHERE id = $1 AND state <> 'ended'")
                .bind(id)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// → ended; true for whoever ended it, false when it was over (or never was).
pub async fn end(store: &Store, id: &str, reason: &str, now_ms: i64) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let ended = sqlx::query(
                "UPDATE sessions SET state = 'ended', end_reason = $2, ended_at_ms = $3 \
                 WHERE id = $1 AND state <> 'ended' RETURNING incarnation",
            )
            .bind(id)
            .bind(reason)
            .bind(now_ms)
            .fetch_optional(&mut *transaction)
            .await?;
            if let Some(row) = &ended {
                transcripts::end(&mut transaction, id, row.try_get(0)?, reason, now_ms).await?;
                webhooks::call_ended(&mut transaction, id, now_ms).await?;
            }
            transaction.commit().await?;
            Ok(ended.is_some())
        })
        .await
}

/// By id, ended ones too.
pub async fn get(store: &Store, id: &str) -> Result<Option<Session>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM sessions WHERE id = $1"
            ))
            .bind(id)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The live (not ended) session of a room.
pub async fn live_by_room(store: &Store, room_name: &str) -> Result<Option<Session>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM sessions WHERE room_name = $1 AND state <> 'ended'"
            ))
            .bind(room_name)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Live sessions, newest first (the first 1,000); of one account, or of all.
pub async fn list_live(
    store: &Store,
    account: Option<AccountId>,
) -> Result<Vec<Session>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM sessions WHERE state <> 'ended' AND ($1 = 0 OR account_id = $1) \
                 ORDER BY started_at_ms DESC, id LIMIT $2"
            ))
            .bind(account.map_or(0, |account| account.0))
            .bind(MOST_LISTED)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many live sessions there are of each kind (kinds without any are left out); of one account, or of all.
pub async fn count_live(
    store: &Store,
    account: Option<AccountId>,
) -> Result<Vec<(SessionKind, i64)>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT kind, COUNT(*) FROM sessions \
                 WHERE state <> 'ended' AND ($1 = 0 OR account_id = $1) GROUP BY kind",
            )
            .bind(account.map_or(0, |account| account.0))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.try_get(0)?;
            Ok((SessionKind::from_name(&kind)?, row.try_get(1)?))
        })
        .collect()
}

/// A page of the live sessions begun before `started_before_ms` that should have a room (a call that we place has
/// none before it is answered), in the order of their ids, from the first id after `after_id`; at most `limit`.
pub async fn page_live(
    store: &Store,
    started_before_ms: i64,
    after_id: &str,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM sessions WHERE state <> 'ended' AND started_at_ms < $1 AND id > $2 \
                 AND NOT (direction = 'outbound' AND state = 'announced') \
                 ORDER BY id LIMIT $3"
            ))
            .bind(started_before_ms)
            .bind(after_id)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Session, StoreError> {
    let overrides: String = row.try_get(7)?;
    let state: String = row.try_get(8)?;
    Ok(Session {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        kind: SessionKind::from_name(&row.try_get::<String, _>(2)?)?,
        room_name: row.try_get(3)?,
        from: row.try_get(4)?,
        to: row.try_get(5)?,
        assistant: row.try_get(6)?,
        overrides: serde_json::from_str(&overrides)
            .map_err(|_| StoreError::Corrupt("sessions.overrides".into()))?,
        state: match state.as_str() {
            "announced" => SessionState::Announced,
            "active" => SessionState::Active,
            "ended" => SessionState::Ended,
            other => return Err(StoreError::Corrupt(format!("sessions.state {other}"))),
        },
        agent_epoch: row.try_get(9)?,
        worker_id: row.try_get(10)?,
        wants_agent: row.try_get::<i64, _>(11)? != 0,
        started_at_ms: row.try_get(12)?,
        ended_at_ms: row.try_get(13)?,
        end_reason: row.try_get(14)?,
        direction: match row.try_get::<String, _>(15)?.as_str() {
            "inbound" => Direction::Inbound,
            "outbound" => Direction::Outbound,
            other => return Err(StoreError::Corrupt(format!("sessions.direction {other}"))),
        },
    })
}
