//! Calls that go because they are old.

use crate::{Store, StoreError};

/// Deletes at most `limit` calls that ended before `before_ms`; returns how many. Call it until there are none.
pub async fn remove_old(store: &Store, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
    // Ids are in the order of time: they begin with the milliseconds.
    let first_new = format!("call_{:012x}", before_ms.max(0));
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE id < $1 AND phase = 9 \
                 AND ended_at_ms < $2 ORDER BY id LIMIT $3)",
            )
            .bind(first_new)
            .bind(before_ms)
            .bind(i64::from(limit))
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
