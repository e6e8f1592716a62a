//! Taking work.

use super::{ClaimedJob, Lease};
use crate::{AccountId, Store, StoreError};
use sqlx::{Row as _, any::AnyRow};
use std::fmt::Write as _;

/// That a job can be taken at `$1`.
macro_rules! is_due {
    () => {
        "state = 'open' AND kind = $2 AND due_at_ms <= $1"
    };
}

/// Takes up to `limit` jobs of a kind that are due, the longest due first, each for `lease_ms`.
pub async fn claim(
    store: &Store,
    kind: &str,
    worker: &str,
    lease_ms: i64,
    limit: u32,
    now_ms: i64,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "UPDATE jobs SET worker = $3, lease = lease + 1, attempts = attempts + 1, due_at_ms = $4 \
                 WHERE id IN (SELECT id FROM jobs WHERE ",
                is_due!(),
                " AND attempts < max_attempts ORDER BY due_at_ms LIMIT $5) AND ",
                is_due!(),
                " AND attempts < max_attempts RETURNING id, lease, kind, account_id, payload, attempts, \
                 max_attempts, created_at_ms"
            ))
            .bind(now_ms)
            .bind(kind)
            .bind(worker)
            .bind(now_ms.saturating_add(lease_ms))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(claimed_from_row).collect()
}

/// Jobs of a kind whose last attempt ended with their worker's death are dead now; how many. What kills whoever
/// touches it must not go round for ever.
pub async fn bury(store: &Store, kind: &str, now_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(concat!(
                "UPDATE jobs SET state = 'dead', worker = NULL, finished_at_ms = $1, \
                 last_error = COALESCE(last_error || '; then ', '') || 'its worker died' WHERE ",
                is_due!(),
                " AND attempts >= max_attempts"
            ))
            .bind(now_ms)
            .bind(kind)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

fn claimed_from_row(row: &AnyRow) -> Result<ClaimedJob, StoreError> {
    let payload: String = row.try_get(4)?;
    Ok(ClaimedJob {
        lease: Lease {
            job: row.try_get(0)?,
            number: row.try_get(1)?,
        },
        kind: row.try_get(2)?,
        account: row.try_get::<Option<i64>, _>(3)?.map(AccountId),
        // An error here would stand in the way of the jobs that were taken with it; its handler refuses a null.
        payload: serde_json::from_str(&payload).unwrap_or_default(),
        attempt: row.try_get(5)?,
        max_attempts: row.try_get(6)?,
        created_at_ms: row.try_get(7)?,
    })
}

/// Holds a job for `lease_ms` more; false when the lease is lost (somebody else took the job, or it was cancelled),
/// and then the work is to be dropped.
pub async fn extend(
    store: &Store,
    lease: &Lease,
    lease_ms: i64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE jobs SET due_at_ms = $3 \
                 WHERE id = $1 AND lease = $2 AND state = 'open' AND worker IS NOT NULL",
            )
            .bind(&lease.job)
            .bind(lease.number)
            .bind(now_ms.saturating_add(lease_ms))
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// For each of the kinds, when its next job is due (or was); `None` where there is none.
pub async fn next_due(store: &Store, kinds: &[&str]) -> Result<Vec<Option<i64>>, StoreError> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    // One look into the index a kind, all in one round trip.
    let mut sql = String::new();
    for place in 1..=kinds.len() {
        let union = if place > 1 { " UNION ALL " } else { "" };
        let _ = write!(
            sql,
            "{union}SELECT CAST({place} AS BIGINT), \
             (SELECT MIN(due_at_ms) FROM jobs WHERE state = 'open' AND kind = ${place})"
        );
    }
    // Only numbers were written into it.
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for kind in kinds {
        query = query.bind(*kind);
    }
    let rows = store.timed(query.fetch_all(store.pool())).await?;
    let mut due = vec![None; kinds.len()];
    for row in &rows {
        let place: i64 = row.try_get(0)?;
        if let Some(slot) = usize::try_from(place - 1).ok().and_then(|i| due.get_mut(i)) {
            *slot = row.try_get(1)?;
        }
    }
    Ok(due)
}
