//! Calls that are put through to another telephone. The agent writes down whom it wants dialled; control-api, which alone
//! talks with Twilio, has it dialled when Twilio asks how the call goes on. One a call at a time.

use crate::{Store, StoreError};
use sqlx::Row as _;

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// The agent wants it.
    Wanted,
    /// The number is being dialled, or talked with.
    Dialing,
    /// It came to nothing; the agent has the call back.
    Failed(TransferFailure),
    /// The two have talked.
    Over,
}

/// Why nothing came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferFailure {
    /// Nobody answered, or the line was busy.
    NobodyThere,
    /// The account may not call this number, or not now.
    NotAllowed,
    /// Twilio could not dial it.
    Undialable,
}

impl TransferFailure {
    const ALL: [Self; 3] = [Self::NobodyThere, Self::NotAllowed, Self::Undialable];

    /// For the row, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NobodyThere => "nobody_there",
            Self::NotAllowed => "not_allowed",
            Self::Undialable => "undialable",
        }
    }
}

/// A number to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialing {
    /// E.164.
    pub number: String,
    /// It is dialled for the first time; false when Twilio asks once more.
    pub is_first: bool,
}

/// Notes that a live session is to be put through to this number; false when the session is over.
pub async fn want(
    store: &Store,
    session_id: &str,
    number: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO transfers (session_id, number, state, wanted_at_ms) \
                 SELECT id, $2, 'wanted', $3 FROM sessions WHERE id = $1 AND state <> 'ended' \
                 ON CONFLICT (session_id) DO UPDATE SET number = excluded.number, state = 'wanted', \
                 failure = NULL, wanted_at_ms = excluded.wanted_at_ms, dialed_at_ms = NULL",
            )
            .bind(session_id)
            .bind(number)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whom to dial for this session: `None` when nobody is wanted, or was so before `wanted_since_ms` (whoever wanted it did
/// not get as far as leaving the call).
pub async fn dial(
    store: &Store,
    session_id: &str,
    wanted_since_ms: i64,
    now_ms: i64,
) -> Result<Option<Dialing>, StoreError> {
    let first = store
        .timed(
            sqlx::query(
                "UPDATE transfers SET state = 'dialing', dialed_at_ms = $3 \
                 WHERE session_id = $1 AND state = 'wanted' AND wanted_at_ms >= $2 RETURNING number",
            )
            .bind(session_id)
            .bind(wanted_since_ms)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    if let Some(row) = first {
        return Ok(Some(Dialing {
            number: row.try_get(0)?,
            is_first: true,
        }));
    }
    let row = store
        .timed(
            sqlx::query("SELECT number FROM transfers WHERE session_id = $1 AND state = 'dialing'")
                .bind(session_id)
                .fetch_optional(store.pool()),
        )
        .await?;
    row.map(|row| {
        Ok(Dialing {
            number: row.try_get(0)?,
            is_first: false,
        })
    })
    .transpose()
}

/// It came to nothing; true for whoever notes it first.
pub async fn fail(
    store: &Store,
    session_id: &str,
    failure: TransferFailure,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE transfers SET state = 'failed', failure = $2 \
                 WHERE session_id = $1 AND state IN ('wanted', 'dialing')",
            )
            .bind(session_id)
            .bind(failure.name())
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The two have talked, and that is over: since when it was dialled (Unix milliseconds), for whoever notes it first.
pub async fn finish(store: &Store, session_id: &str) -> Result<Option<i64>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE transfers SET state = 'over' WHERE session_id = $1 AND state = 'dialing' \
                 RETURNING dialed_at_ms",
            )
            .bind(session_id)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Where the session's transfer stands; `None` when there was none.
pub async fn state(store: &Store, session_id: &str) -> Result<Option<TransferState>, StoreError> {
    let row = store
        .timed(
            sqlx::query("SELECT state, failure FROM transfers WHERE session_id = $1")
                .bind(session_id)
                .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (state, failure): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let failure = TransferFailure::ALL
        .into_iter()
        .find(|known| failure.as_deref() == Some(known.name()));
    let state = match (state.as_str(), failure) {
        ("wanted", _) => TransferState::Wanted,
        ("dialing", _) => TransferState::Dialing,
        ("over", _) => TransferState::Over,
        ("failed", Some(failure)) => TransferState::Failed(failure),
        (other, _) => return Err(StoreError::Corrupt(format!("transfers.state {other}"))),
    };
    Ok(Some(state))
}

/// Forgets transfers wanted before; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM transfers WHERE wanted_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
