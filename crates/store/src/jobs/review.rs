//! What people see of the jobs and do to them, and how old ones go.

use super::{Job, columns, from_row};
use crate::{Store, StoreError};
use sqlx::Row as _;

/// Rows that one statement takes away: a long one would hold up the others.
const PRUNED_AT_ONCE: i64 = 1_000;

/// Which jobs to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobFilter {
    /// Those that are not at their end, the next due first.
    Open,
    /// Those that were given up, the newest first.
    Dead,
}

/// Jobs for people to look at.
pub async fn list(store: &Store, filter: JobFilter, limit: u32) -> Result<Vec<Job>, StoreError> {
    let query = match filter {
        JobFilter::Open => sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE state = 'open' ORDER BY due_at_ms, id LIMIT $1"
        )),
        JobFilter::Dead => sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE state = 'dead' ORDER BY created_at_ms DESC, id DESC LIMIT $1"
        )),
    };
    let rows = store
        .timed(query.bind(i64::from(limit)).fetch_all(store.pool()))
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many were given up.
pub async fn dead_count(store: &Store) -> Result<i64, StoreError> {
    let row = store
        .timed(
            sqlx::query("SELECT COUNT(*) FROM jobs WHERE state = 'dead'").fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// One job.
pub async fn get(store: &Store, id: &str) -> Result<Option<Job>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1"))
                .bind(id)
                .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// A dead or cancelled job is tried again from the beginning, now; false when it is neither.
pub async fn requeue(store: &Store, id: &str, now_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE jobs SET state = 'open', worker = NULL, attempts = 0, due_at_ms = $2, \
                 finished_at_ms = NULL WHERE id = $1 AND state IN ('dead', 'cancelled')",
            )
            .bind(id)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The job is no longer wanted; false when it had come to its end before. Who works on it notices at its next
/// [`extend`](super::extend), and can change nothing of it.
pub async fn cancel(store: &Store, id: &str, now_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE jobs SET state = 'cancelled', worker = NULL, finished_at_ms = $2 \
                 WHERE id = $1 AND state = 'open'",
            )
            .bind(id)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The same by the job's key.
pub async fn cancel_key(
    store: &Store,
    kind: &str,
    key: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE jobs SET state = 'cancelled', worker = NULL, finished_at_ms = $3 \
                 WHERE kind = $1 AND unique_key = $2 AND state = 'open'",
            )
            .bind(kind)
            .bind(key)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes away jobs that ended before `finished_before_ms`, and dead ones that died before `dead_before_ms`; returns
/// how many.
pub async fn prune(
    store: &Store,
    finished_before_ms: i64,
    dead_before_ms: i64,
) -> Result<u64, StoreError> {
    let mut pruned = 0;
    loop {
        let done = store
            .timed(
                sqlx::query(
                    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE \
                     state <> 'open' AND finished_at_ms < CASE WHEN state = 'dead' THEN $2 ELSE $1 END \
                     AND finished_at_ms < $4 ORDER BY finished_at_ms LIMIT $3) AND state <> 'open'",
                )
                .bind(finished_before_ms)
                .bind(dead_before_ms)
                .bind(PRUNED_AT_ONCE)
                .bind(finished_before_ms.max(dead_before_ms))
                .execute(store.pool()),
            )
            .await?
            .rows_affected();
        pruned += done;
        if done < PRUNED_AT_ONCE.unsigned_abs() {
            return Ok(pruned);
        }
    }
}
