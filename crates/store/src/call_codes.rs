//! One-time codes on the telephone: a caller's number proves nothing, a code that was sent to the one it is linked to does.
//! The agent asks for one, control-api makes and sends it; what is kept is a hash, good for this call, a time and a few
//! attempts.

use crate::{AccountId, Store, StoreError, jobs};
use serde_json::json;
use sqlx::Row as _;

/// The job that makes and sends a code.
pub const CALL_CODE_JOB: &str = "send-call-code";

/// Codes that one call may ask for.
const CODES_A_CALL: i64 = 3;
/// Attempts at sending one.
const ATTEMPTS_TO_SEND: u32 = 2;

/// Where a code went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBy {
    /// A message to the telephone.
    Message,
    /// A mail.
    Email,
}

impl SentBy {
    /// `message`, `email`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Email => "email",
        }
    }
}

/// Where the code of a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeState {
    /// It is being made.
    Wanted,
    /// It was sent.
    Sent(SentBy),
    /// It could not be sent.
    Failed,
}

/// Asks for a code for a live session, in place of an older one, and for the work of sending it. False when this call
/// had its share, or is over.
pub async fn want(
    store: &Store,
    account: AccountId,
    session_id: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "INSERT INTO call_codes (session_id, state, codes, wanted_at_ms) \
                 SELECT id, 'wanted', 1, $2 FROM sessions WHERE id = $1 AND state <> 'ended' \
                 ON CONFLICT (session_id) DO UPDATE SET state = 'wanted', sent_by = NULL, code_hash = NULL, \
                 codes = call_codes.codes + 1, wanted_at_ms = excluded.wanted_at_ms \
                 WHERE call_codes.codes < $3 RETURNING codes",
            )
            .bind(session_id)
            .bind(now_ms)
            .bind(CODES_A_CALL)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(false) };
    let job = jobs::NewJob {
        kind: CALL_CODE_JOB,
        account: Some(account),
        key: Some(format!("{session_id}/{}", row.try_get::<i64, _>(0)?)),
        payload: json!({"session": session_id}),
        run_at_ms: now_ms,
        max_attempts: ATTEMPTS_TO_SEND,
    };
    jobs::enqueue(store, &job, now_ms).await?;
    Ok(true)
}

/// Sets the code of a session that waits for one. False when none is wanted (any more).
pub async fn set(
    store: &Store,
    session_id: &str,
    code_hash: &str,
    expires_at_ms: i64,
    attempts: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE call_codes SET code_hash = $2, expires_at_ms = $3, attempts_left = $4 \
                 WHERE session_id = $1 AND state = 'wanted'",
            )
            .bind(session_id)
            .bind(code_hash)
            .bind(expires_at_ms)
            .bind(attempts)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes where the code went; `None`: nowhere, and it is good for nothing.
pub async fn settle(
    store: &Store,
    session_id: &str,
    sent_by: Option<SentBy>,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE call_codes SET state = $2, sent_by = $3, \
                 code_hash = CASE WHEN $2 = 'sent' THEN code_hash ELSE NULL END \
                 WHERE session_id = $1 AND state = 'wanted'",
            )
            .bind(session_id)
            .bind(if sent_by.is_some() { "sent" } else { "failed" })
            .bind(sent_by.map(SentBy::name))
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Where the session's code stands; `None` when none was asked for.
pub async fn state(store: &Store, session_id: &str) -> Result<Option<CodeState>, StoreError> {
    let row = store
        .timed(
            sqlx::query("SELECT state, sent_by FROM call_codes WHERE session_id = $1")
                .bind(session_id)
                .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (state, sent_by): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let state = match (state.as_str(), sent_by.as_deref()) {
        ("wanted", _) => CodeState::Wanted,
        ("failed", _) => CodeState::Failed,
        ("sent", Some("message")) => CodeState::Sent(SentBy::Message),
        ("sent", Some("email")) => CodeState::Sent(SentBy::Email),
        (other, _) => return Err(StoreError::Corrupt(format!("call_codes.state {other}"))),
    };
    Ok(Some(state))
}

/// The hash to compare an attempt with, which is counted before it is looked at, so that many at once are no more than
/// many in a row. `None` when no code is good at the moment: none was sent, its time is over, or its attempts are spent.
pub async fn take_attempt(
    store: &Store,
    session_id: &str,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE call_codes SET attempts_left = attempts_left - 1 \
                 WHERE session_id = $1 AND state = 'sent' AND code_hash IS NOT NULL \
                 AND attempts_left > 0 AND expires_at_ms > $2 RETURNING code_hash",
            )
            .bind(session_id)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The code was right, and is good for nothing more. False when somebody else has spent it, or there is another by now.
pub async fn spend(store: &Store, session_id: &str, code_hash: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE call_codes SET code_hash = NULL WHERE session_id = $1 AND code_hash = $2",
            )
            .bind(session_id)
            .bind(code_hash)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets codes asked for before; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM call_codes WHERE wanted_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
