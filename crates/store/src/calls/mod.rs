//! Calls that are placed: each has a row before Twilio hears of it, and the row says how it fared.
//!
//! A status only grows (see [`CallStatus`]), each change a compare-and-set, so webhooks may come late, twice or in
//! any order. Who crashes while it asks Twilio leaves a row in `placing`; it becomes `unknown`, and is looked for at
//! Twilio. Nobody places such a call again.
//!
//! What a call is to say is forgotten when it ends: its session has had it, and nobody else reads it.

mod change;
mod check;
mod queue;
mod removal;
mod status;

pub use change::{
    asking, cancel, fail, free_request, placed, progress, put_back, set_answered_by, unknown,
};
pub use check::{lose_placing, take_checks};
pub use queue::{Claim, Pace, claim, expire, position, waiting_accounts};
pub use removal::remove_old;
pub use status::{CallStatus, Machine};

use crate::{AccountId, Store, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// `call_…`
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// Twilio's id; `None` until Twilio has told it.
    pub call_sid: Option<String>,
    /// Who is called, E.164.
    pub to: String,
    /// The number that was asked for; `None`: any of the account's.
    pub wanted_from: Option<String>,
    /// The number that it is placed from.
    pub from: Option<String>,
    /// Who speaks.
    pub assistant: String,
    /// What the request overrides of the assistant, as JSON (`{}` when nothing).
    pub overrides: serde_json::Value,
    /// What is done when a machine answers.
    pub machine: Machine,
    /// What a machine is told; `None`: the assistant's greeting.
    pub message: Option<String>,
    /// Where it stands.
    pub status: CallStatus,
    /// Twilio's code, or a word of ours, when it failed.
    pub error_code: Option<String>,
    /// Why it failed, for its owner.
    pub error: Option<String>,
    /// `human`, `machine_start`, …
    pub answered_by: Option<String>,
    /// How often Twilio was asked.
    pub attempts: i64,
    /// Not placed before, Unix milliseconds.
    pub not_before_ms: i64,
    /// Not placed after, Unix milliseconds.
    pub give_up_at_ms: i64,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// When Twilio was asked last, Unix milliseconds.
    pub claimed_at_ms: Option<i64>,
    /// When Twilio took it, Unix milliseconds.
    pub placed_at_ms: Option<i64>,
    /// When somebody or something answered, Unix milliseconds.
    pub answered_at_ms: Option<i64>,
    /// Unix milliseconds.
    pub ended_at_ms: Option<i64>,
}

/// A call to place.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// See [`Call`].
    pub account: AccountId,
    /// See [`Call`].
    pub to: String,
    /// See [`Call`].
    pub wanted_from: Option<String>,
    /// See [`Call`].
    pub assistant: String,
    /// See [`Call`].
    pub overrides: serde_json::Value,
    /// See [`Call`].
    pub machine: Machine,
    /// See [`Call`].
    pub message: Option<String>,
    /// A name that the request has and no other: the same one again finds the call that it made.
    pub request_key: Option<String>,
    /// See [`Call`].
    pub not_before_ms: i64,
    /// See [`Call`].
    pub give_up_at_ms: i64,
}

/// Columns of a call, in the order of [`from_row`].
macro_rules! columns {
    () => {
        "id, account_id, call_sid, to_number, wanted_from, from_number, assistant, overrides, \
         machine, message, status, error_code, error, answered_by, attempts, not_before_ms, \
         give_up_at_ms, created_at_ms, placed_at_ms, answered_at_ms, ended_at_ms, claimed_at_ms"
    };
}
pub(crate) use columns;

/// Puts a call into its account's queue, or finds the one that the same request made before.
pub async fn add(store: &Store, new: &NewCall, now_ms: i64) -> Result<Call, StoreError> {
    let id = format!("call_{}", uuid::Uuid::now_v7().simple());
    let row = store
        .timed(
            sqlx::query(concat!(
                "INSERT INTO calls (id, account_id, to_number, wanted_from, assistant, overrides, \
                 machine, message, status, phase, attempts, request_key, not_before_ms, \
                 give_up_at_ms, check_at_ms, created_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, 0, $9, $10, $11, 0, $12) \
                 ON CONFLICT (request_key) DO UPDATE SET request_key = excluded.request_key \
                 RETURNING ",
                columns!()
            ))
            .bind(id)
            .bind(new.account.0)
            .bind(&new.to)
            .bind(new.wanted_from.as_deref())
            .bind(&new.assistant)
            .bind(new.overrides.to_string())
            .bind(new.machine.name())
            .bind(new.message.as_deref())
            .bind(new.request_key.as_deref())
            .bind(new.not_before_ms)
            .bind(new.give_up_at_ms)
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    from_row(&row)
}

/// By our id.
pub async fn get(store: &Store, id: &str) -> Result<Option<Call>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!("SELECT ", columns!(), " FROM calls WHERE id = $1"))
                .bind(id)
                .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The call that a request made.
pub async fn by_request(store: &Store, request_key: &str) -> Result<Option<Call>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM calls WHERE request_key = $1"
            ))
            .bind(request_key)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// By Twilio's id.
pub async fn by_sid(store: &Store, call_sid: &str) -> Result<Option<Call>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM calls WHERE call_sid = $1"
            ))
            .bind(call_sid)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Calls that an account asked for since then, the newest first; of one status, or of all.
pub async fn list(
    store: &Store,
    account: AccountId,
    status: Option<CallStatus>,
    since_ms: i64,
    skip: u32,
    limit: u32,
) -> Result<Vec<Call>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM calls WHERE account_id = $1 AND ($2 = '' OR status = $2) \
                 AND created_at_ms >= $5 ORDER BY created_at_ms DESC, id DESC LIMIT $3 OFFSET $4"
            ))
            .bind(account.0)
            .bind(status.map_or("", CallStatus::name))
            .bind(i64::from(limit))
            .bind(i64::from(skip))
            .bind(since_ms)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Call, StoreError> {
    let overrides: String = row.try_get(7)?;
    Ok(Call {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        call_sid: row.try_get(2)?,
        to: row.try_get(3)?,
        wanted_from: row.try_get(4)?,
        from: row.try_get(5)?,
        assistant: row.try_get(6)?,
        overrides: serde_json::from_str(&overrides)
            .map_err(|_| StoreError::Corrupt("calls.overrides".into()))?,
        machine: Machine::from_name(&row.try_get::<String, _>(8)?)
            .ok_or_else(|| StoreError::Corrupt("calls.machine".into()))?,
        message: row.try_get(9)?,
        status: CallStatus::from_name(&row.try_get::<String, _>(10)?)
            .ok_or_else(|| StoreError::Corrupt("calls.status".into()))?,
        error_code: row.try_get(11)?,
        error: row.try_get(12)?,
        answered_by: row.try_get(13)?,
        attempts: row.try_get(14)?,
        not_before_ms: row.try_get(15)?,
        give_up_at_ms: row.try_get(16)?,
        created_at_ms: row.try_get(17)?,
        placed_at_ms: row.try_get(18)?,
        answered_at_ms: row.try_get(19)?,
        ended_at_ms: row.try_get(20)?,
        claimed_at_ms: row.try_get(21)?,
    })
}
