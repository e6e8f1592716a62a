//! Numbers that an account may not call.

use crate::{AccountId, Store, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// A number on an account's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// E.164.
    pub number: String,
    /// Why, in the account's or our words.
    pub reason: String,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// Puts a number on the list; one that is there stays as it was.
pub async fn add(
    store: &Store,
    account: AccountId,
    number: &str,
    reason: &str,
    now_ms: i64,
) -> Result<Entry, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "INSERT INTO do_not_call (account_id, number, reason, created_at_ms) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, number) DO UPDATE SET \
                 number = excluded.number RETURNING number, reason, created_at_ms",
            )
            .bind(account.0)
            .bind(number)
            .bind(reason)
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    from_row(&row)
}

/// Whoever was called in this session, by us, is not to be called again. False when it is no such call; a number that
/// is on the list stays as it was.
pub async fn add_callee(
    store: &Store,
    session_id: &str,
    reason: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "INSERT INTO do_not_call (account_id, number, reason, created_at_ms) \
                 SELECT account_id, to_address, $2, $3 FROM sessions \
                 WHERE id = $1 AND kind = 'phone' AND direction = 'outbound' AND to_address LIKE '+%' \
                 ON CONFLICT (account_id, number) DO UPDATE SET number = excluded.number RETURNING number",
            )
            .bind(session_id)
            .bind(reason)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.is_some())
}

/// Takes a number off the list; false when it was not on it.
pub async fn remove(store: &Store, account: AccountId, number: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM do_not_call WHERE account_id = $1 AND number = $2")
                .bind(account.0)
                .bind(number)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a number is on the list.
pub async fn contains(store: &Store, account: AccountId, number: &str) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query("SELECT 1 FROM do_not_call WHERE account_id = $1 AND number = $2")
                .bind(account.0)
                .bind(number)
                .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.is_some())
}

/// The list, the newest first.
pub async fn list(
    store: &Store,
    account: AccountId,
    skip: u32,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT number, reason, created_at_ms FROM do_not_call WHERE account_id = $1 \
                 ORDER BY created_at_ms DESC, number LIMIT $2 OFFSET $3",
            )
            .bind(account.0)
            .bind(i64::from(limit))
            .bind(i64::from(skip))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        number: row.try_get(0)?,
        reason: row.try_get(1)?,
        created_at_ms: row.try_get(2)?,
    })
}
