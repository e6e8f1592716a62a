//! Which agent has a session: one at a time, by epoch; and who sends for one when none came or it died.

use super::{Session, from_row};
use crate::{Store, StoreError};
use sqlx::Row as _;

/// That the session's worker is gone: it claimed before `$1`, and has no heartbeat since. (A claim counts as a sign
/// of life because it may come before the worker's first heartbeat.)
macro_rules! worker_is_gone {
    () => {
        "worker_id IS NOT NULL AND COALESCE(claimed_at_ms, 0) < $1 AND NOT EXISTS \
         (SELECT 1 FROM workers w WHERE w.worker_id = sessions.worker_id AND w.beat_at_ms >= $1)"
    };
}

/// An agent takes the session: succeeds when the session is live, wants an agent and is held by nobody or by a
/// worker without a heartbeat (and without a claim) in the last `stale_after_ms`. A worker's id is new at each
/// start, so a dead predecessor is such a worker; one that holds the session already does not get it twice.
/// Returns the new epoch; the agent speaks only while [`holds`] it.
pub async fn claim_agent(
    store: &Store,
    id: &str,
    worker_id: &str,
    now_ms: i64,
    stale_after_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "UPDATE sessions SET agent_epoch = agent_epoch + 1, worker_id = $3, \
                 claimed_at_ms = $4, dispatch_lease_until_ms = 0 \
                 WHERE id = $2 AND state <> 'ended' AND wants_agent = 1 \
                 AND (worker_id IS NULL OR (",
                worker_is_gone!(),
                ")) RETURNING agent_epoch"
            ))
            .bind(now_ms - stale_after_ms)
            .bind(id)
            .bind(worker_id)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Whether this epoch still is the session's: nobody took it since, it was not let go, and the session is live.
pub async fn holds(store: &Store, id: &str, epoch: i64) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT 1 FROM sessions WHERE id = $1 AND agent_epoch = $2 \
                 AND worker_id IS NOT NULL AND state <> 'ended'",
            )
            .bind(id)
            .bind(epoch)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.is_some())
}

/// The agent of this epoch lets go.
pub async fn release_agent(store: &Store, id: &str, epoch: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE sessions SET worker_id = NULL, claimed_at_ms = NULL \
                 WHERE id = $1 AND agent_epoch = $2 AND worker_id IS NOT NULL",
            )
            .bind(id)
            .bind(epoch)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets whether an agent is wanted; false when the session is not live. When none is wanted, the present one loses
/// the session at once ([`holds`] says no), but may still write the turn it was in.
pub async fn set_wants_agent(store: &Store, id: &str, wants: bool) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE sessions SET wants_agent = $2, \
                 worker_id = CASE WHEN $2 = 1 THEN worker_id ELSE NULL END, \
                 claimed_at_ms = CASE WHEN $2 = 1 THEN claimed_at_ms ELSE NULL END, \
                 dispatch_lease_until_ms = CASE WHEN $2 = 1 THEN dispatch_lease_until_ms ELSE 0 END \
                 WHERE id = $1 AND state <> 'ended'",
            )
            .bind(id)
            .bind(i64::from(wants))
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Live sessions that want an agent and whose worker's heartbeat is stale (takeover); at most `limit`.
pub async fn orphaned(
    store: &Store,
    now_ms: i64,
    stale_after_ms: i64,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM sessions WHERE state <> 'ended' AND wants_agent = 1 AND ",
                worker_is_gone!(),
                " ORDER BY started_at_ms LIMIT $2"
            ))
            .bind(now_ms - stale_after_ms)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The right to dispatch an agent to this session anew, for `lease_ms`: true for one asker, false for all others
/// until then (and once the session has ended, or wants no agent).
pub async fn lease_dispatch(
    store: &Store,
    id: &str,
    now_ms: i64,
    lease_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE sessions SET dispatch_lease_until_ms = $3 WHERE id = $1 \
                 AND state <> 'ended' AND wants_agent = 1 AND dispatch_lease_until_ms <= $2",
            )
            .bind(id)
            .bind(now_ms)
            .bind(now_ms.saturating_add(lease_ms))
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Live sessions in rooms for people (calls have their bridge to look after them) that want an agent and that nobody
/// has taken, begun before `started_before_ms`; at most `limit`.
pub async fn unattended(
    store: &Store,
    started_before_ms: i64,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM sessions WHERE state <> 'ended' AND wants_agent = 1 AND worker_id IS NULL \
                 AND kind NOT IN ('phone', 'whatsapp', 'api') AND started_at_ms < $1 \
                 ORDER BY started_at_ms DESC LIMIT $2"
            ))
            .bind(started_before_ms)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}
