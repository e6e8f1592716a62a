//! PINs: what an end user says or keys on a telephone to prove that it is in the right hands. One a resource.

use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// Wrong ones in a row after which the PIN is locked.
const MOST_FAILURES: i64 = 5;
/// How long it then is.
const LOCKED_MS: i64 = 15 * 60_000;

/// Sets a resource's PIN (its hash, a PHC string); an older one and its lock are gone.
pub async fn set(
    store: &Store,
    account: AccountId,
    resource: &str,
    pin_hash: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO resource_pins (account_id, resource, pin_hash, set_at_ms) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, resource) DO UPDATE SET \
                 pin_hash = excluded.pin_hash, set_at_ms = excluded.set_at_ms, failures = 0, \
                 locked_until_ms = 0",
            )
            .bind(account.0)
            .bind(resource)
            .bind(pin_hash)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Whether a resource has a PIN.
pub async fn exists(store: &Store, account: AccountId, resource: &str) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT COUNT(*) FROM resource_pins WHERE account_id = $1 AND resource = $2",
            )
            .bind(account.0)
            .bind(resource)
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// The hash to compare an attempt with, which is counted as a wrong one until [`succeeded`] says otherwise. `None` when
/// there is no PIN, or it is locked: 15 minutes after five wrong ones.
pub async fn take_attempt(
    store: &Store,
    account: AccountId,
    resource: &str,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE resource_pins SET \
                 failures = CASE WHEN failures + 1 >= $4 THEN 0 ELSE failures + 1 END, \
                 locked_until_ms = CASE WHEN failures + 1 >= $4 THEN $3 + $5 ELSE locked_until_ms END \
                 WHERE account_id = $1 AND resource = $2 AND locked_until_ms <= $3 RETURNING pin_hash",
            )
            .bind(account.0)
            .bind(resource)
            .bind(now_ms)
            .bind(MOST_FAILURES)
            .bind(LOCKED_MS)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The attempt was right: the wrong ones before it are forgotten.
pub async fn succeeded(
    store: &Store,
    account: AccountId,
    resource: &str,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE resource_pins SET failures = 0, locked_until_ms = 0 \
                 WHERE account_id = $1 AND resource = $2",
            )
            .bind(account.0)
            .bind(resource)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}
