//! The codes that prove whose address it is: kept as keyed hashes, good for a time and a few attempts.

use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// One attempt at a code, already counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What the right code's hash is.
    pub code_hash: String,
    /// Attempts that are left after this one.
    pub attempts_left: i64,
}

/// Sets the code of a link that does not count yet, in place of an older one. False when there is no such link.
pub async fn set_code(
    store: &Store,
    id: &str,
    code_hash: &str,
    expires_at_ms: i64,
    attempts: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE identities SET code_hash = $2, code_expires_at_ms = $3, attempts_left = $4 \
                 WHERE id = $1 AND verified_at_ms IS NULL",
            )
            .bind(id)
            .bind(code_hash)
            .bind(expires_at_ms)
            .bind(attempts)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts an attempt before it is looked at, so that many at once are no more than many in a row. `None` when no code is
/// good at the moment: none was sent, its time is over, or its attempts are spent.
pub async fn take_attempt(
    store: &Store,
    account: AccountId,
    id: &str,
    now_ms: i64,
) -> Result<Option<Attempt>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE identities SET attempts_left = attempts_left - 1 \
                 WHERE account_id = $1 AND id = $2 AND verified_at_ms IS NULL \
                 AND code_hash IS NOT NULL AND attempts_left > 0 AND code_expires_at_ms > $3 \
                 RETURNING code_hash, attempts_left",
            )
            .bind(account.0)
            .bind(id)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Attempt {
        code_hash: row.try_get(0)?,
        attempts_left: row.try_get(1)?,
    }))
}

/// The code was right: from now on the link counts. False when it has another code by now.
pub async fn confirm(
    store: &Store,
    account: AccountId,
    id: &str,
    code_hash: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE identities SET verified_at_ms = $4, code_hash = NULL \
                 WHERE account_id = $1 AND id = $2 AND code_hash = $3 AND verified_at_ms IS NULL",
            )
            .bind(account.0)
            .bind(id)
            .bind(code_hash)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts a code on its way to an address, unless `most` were sent there since `since_ms`, by whichever account.
pub async fn count_sent_code(
    store: &Store,
    address: &str,
    since_ms: i64,
    most: i64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    // Two at the same moment may both pass; it is a brake against annoyance, not a lock.
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO codes_sent (address, sent_at_ms) SELECT $1, $2 FROM \
                 (SELECT COUNT(*) AS sent FROM codes_sent WHERE address = $1 AND sent_at_ms > $3) c \
                 WHERE c.sent < $4",
            )
            .bind(address)
            .bind(now_ms)
            .bind(since_ms)
            .bind(most)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the codes that were sent before; returns how many.
pub async fn purge_sent_codes(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM codes_sent WHERE sent_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
