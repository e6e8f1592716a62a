//! Workers: one heartbeat row each.

use crate::{Store, StoreError};
use sqlx::{AnyConnection, Row as _};

/// An announced session counts as "soon somebody's job" for this long; after it, nobody is coming.
const PENDING_MS: i64 = 10_000;
/// The same for a call that we place, which rings first.
const RINGING_MS: i64 = 90_000;

/// What a worker reports.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Its id, new at each start of the process.
    pub worker_id: String,
    /// Conversations it holds.
    pub jobs: i64,
    /// Conversations it can hold.
    pub max_jobs: i64,
    /// Takes no more.
    pub is_draining: bool,
}

/// Room over all live workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Live workers, draining ones too.
    pub workers: i64,
    /// Free places.
    pub free: i64,
}

/// Writes the heartbeat (one write a worker).
pub async fn heartbeat(store: &Store, beat: &Heartbeat, now_ms: i64) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO workers (worker_id, jobs, max_jobs, is_draining, beat_at_ms) \
                 VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (worker_id) DO UPDATE SET jobs = excluded.jobs, \
                 max_jobs = excluded.max_jobs, is_draining = excluded.is_draining, \
                 beat_at_ms = excluded.beat_at_ms",
            )
            .bind(&beat.worker_id)
            .bind(beat.jobs)
            .bind(beat.max_jobs)
            .bind(i64::from(beat.is_draining))
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// A worker that ends cleanly takes its row away; sessions it still held are orphaned at once.
pub async fn remove(store: &Store, worker_id: &str) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE sessions SET worker_id = NULL, claimed_at_ms = NULL \
                 WHERE worker_id = $1 AND state <> 'ended'",
            )
            .bind(worker_id)
            .execute(store.pool()),
        )
        .await?;
    store
        .timed(
            sqlx::query("DELETE FROM workers WHERE worker_id = $1")
                .bind(worker_id)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Room over workers whose heartbeat is younger than `stale_after_ms`. Sessions that were claimed since the last
/// heartbeat, or announced and not yet claimed, count as places taken, and so do calls that are being placed: a burst
/// of calls between two heartbeats is not told that there is room when there is none.
pub async fn capacity(
    store: &Store,
    now_ms: i64,
    stale_after_ms: i64,
) -> Result<Capacity, StoreError> {
    store
        .timed(async {
            let mut connection = store.pool().acquire().await?;
            capacity_in(&mut connection, now_ms, stale_after_ms).await
        })
        .await
}

/// The same within a transaction.
pub(crate) async fn capacity_in(
    connection: &mut AnyConnection,
    now_ms: i64,
    stale_after_ms: i64,
) -> Result<Capacity, sqlx::Error> {
    let row = sqlx::query(
        "SELECT COUNT(*), \
         CAST(COALESCE(SUM(CASE WHEN w.is_draining = 1 OR w.max_jobs <= w.taken THEN 0 \
             ELSE w.max_jobs - w.taken END), 0) AS BIGINT), \
         (SELECT COUNT(*) FROM sessions p WHERE p.state <> 'ended' AND p.wants_agent = 1 \
          AND p.worker_id IS NULL AND (p.started_at_ms > $2 OR (p.direction = 'outbound' \
              AND p.state = 'announced' AND p.started_at_ms > $3))), \
         (SELECT COUNT(*) FROM calls c WHERE c.phase = 1) \
         FROM (SELECT v.is_draining, v.max_jobs, CASE WHEN v.claimed > v.jobs \
               THEN v.claimed ELSE v.jobs END AS taken \
               FROM (SELECT x.is_draining, x.max_jobs, x.jobs, \
                     (SELECT COUNT(*) FROM sessions s WHERE s.worker_id = x.worker_id \
                      AND s.state <> 'ended') AS claimed \
                     FROM workers x WHERE x.beat_at_ms > $1) v) w",
    )
    .bind(now_ms - stale_after_ms)
    .bind(now_ms - PENDING_MS)
    .bind(now_ms - RINGING_MS)
    .fetch_one(connection)
    .await?;
    let pending = row.try_get::<i64, _>(2)? + row.try_get::<i64, _>(3)?;
    Ok(Capacity {
        workers: row.try_get(0)?,
        free: (row.try_get::<i64, _>(1)? - pending).max(0),
    })
}

/// Takes away rows of workers that died: no heartbeat since `before_ms`, and no live session that they hold.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM workers WHERE beat_at_ms < $1 AND NOT EXISTS \
                 (SELECT 1 FROM sessions s WHERE s.worker_id = workers.worker_id AND s.state <> 'ended')",
            )
            .bind(before_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
