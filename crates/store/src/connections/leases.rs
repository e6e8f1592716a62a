//! Who may ask a provider for new tokens.

use super::{Connection, columns, from_row};
use crate::{Store, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// The right to renew a connection's tokens, until its time is over.
#[derive(Debug, Clone)]
pub struct RefreshLease {
    /// The connection as it was when the lease was taken.
    pub connection: Connection,
    /// The how-manieth lease on it.
    pub number: i64,
    /// Somebody before set out and never told how it went: the refresh token may be spent.
    pub may_be_spent: bool,
}

/// That nobody renews the tokens at `$1`, and they can be.
macro_rules! is_free {
    () => {
        "lease_until_ms <= $1 AND needs_reauth = 0 AND sealed_refresh_token IS NOT NULL"
    };
}

/// Takes the lease on one connection, if its tokens are still those of `version` and nobody else holds it. The attempt
/// is written down before the provider hears of it.
pub async fn claim(
    store: &Store,
    id: &str,
    version: i64,
    lease_ms: i64,
    now_ms: i64,
) -> Result<Option<RefreshLease>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "UPDATE connections SET lease = lease + 1, lease_until_ms = $2, unfinished = unfinished + 1 \
                 WHERE id = $3 AND version = $4 AND ",
                is_free!(),
                " RETURNING ",
                columns!(),
                ", lease, unfinished"
            ))
            .bind(now_ms)
            .bind(now_ms.saturating_add(lease_ms))
            .bind(id)
            .bind(version)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(lease_from_row).transpose()
}

/// Takes up to `limit` connections whose tokens are due, the longest due first.
pub async fn claim_due(
    store: &Store,
    lease_ms: i64,
    limit: u32,
    now_ms: i64,
) -> Result<Vec<RefreshLease>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "UPDATE connections SET lease = lease + 1, lease_until_ms = $2, unfinished = unfinished + 1 \
                 WHERE id IN (SELECT id FROM connections WHERE refresh_due_at_ms <= $1 AND ",
                is_free!(),
                " ORDER BY refresh_due_at_ms LIMIT $3) AND refresh_due_at_ms <= $1 AND ",
                is_free!(),
                " RETURNING ",
                columns!(),
                ", lease, unfinished"
            ))
            .bind(now_ms)
            .bind(now_ms.saturating_add(lease_ms))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(lease_from_row).collect()
}

/// When the next connection is due, or was; Unix milliseconds.
pub async fn next_due(store: &Store) -> Result<Option<i64>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT MIN(refresh_due_at_ms) FROM connections \
                 WHERE needs_reauth = 0 AND sealed_refresh_token IS NOT NULL",
            )
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get(0)?)
}

fn lease_from_row(row: &AnyRow) -> Result<RefreshLease, StoreError> {
    Ok(RefreshLease {
        connection: from_row(row)?,
        number: row.try_get("lease")?,
        may_be_spent: row.try_get::<i64, _>("unfinished")? > 1,
    })
}
