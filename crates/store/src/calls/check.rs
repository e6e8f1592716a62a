//! Calls that nothing is heard of.

use super::{Call, columns, from_row};
use crate::{Store, StoreError};

/// Calls whose placing was begun before `before_ms` and never finished, since who did it died: placing → unknown.
/// Returns how many.
pub async fn lose_placing(store: &Store, before_ms: i64, now_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = 'unknown', phase = 2, check_at_ms = $2, \
                 error = 'The process that placed it died.' WHERE phase = 1 AND check_at_ms < $1",
            )
            .bind(before_ms)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

/// Takes up to `limit` calls that are to be looked for at Twilio now; nobody else looks for them until
/// `next_check_at_ms`.
pub async fn take_checks(
    store: &Store,
    now_ms: i64,
    next_check_at_ms: i64,
    limit: u32,
) -> Result<Vec<Call>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "UPDATE calls SET check_at_ms = $2 WHERE id IN (SELECT id FROM calls \
                 WHERE phase BETWEEN 2 AND 8 AND check_at_ms <= $1 ORDER BY check_at_ms LIMIT $3) \
                 AND phase BETWEEN 2 AND 8 AND check_at_ms <= $1 RETURNING ",
                columns!()
            ))
            .bind(now_ms)
            .bind(next_check_at_ms)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}
