//! Minutes of live sessions, each counted against its account once, by whichever process sees it first.

use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// A session that has begun minutes nobody has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncountedMinutes {
    /// The session.
    pub session_id: String,
    /// Which of the sessions of that id.
    pub incarnation: i64,
    /// Whose.
    pub account: AccountId,
    /// Minutes begun, the counted ones too.
    pub begun: i64,
    /// Minutes counted.
    pub counted: i64,
}

/// Sessions in which an agent talks, with minutes to count; the oldest first.
pub async fn uncounted(
    store: &Store,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<UncountedMinutes>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT s.id, s.incarnation, s.account_id, ($1 - s.started_at_ms) / 60000 + 1, \
                 COALESCE(m.counted, 0) FROM sessions s LEFT JOIN session_minutes m \
                 ON m.session_id = s.id AND m.incarnation = s.incarnation \
                 WHERE s.state = 'active' AND s.started_at_ms <= $1 AND m.refused_at_ms IS NULL \
                 AND ($1 - s.started_at_ms) / 60000 + 1 > COALESCE(m.counted, 0) \
                 ORDER BY s.started_at_ms LIMIT $2",
            )
            .bind(now_ms)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(UncountedMinutes {
                session_id: row.try_get(0)?,
                incarnation: row.try_get(1)?,
                account: AccountId(row.try_get(2)?),
                begun: row.try_get(3)?,
                counted: row.try_get(4)?,
            })
        })
        .collect()
}

/// Notes that these minutes are counted; true for one caller alone, whose it is to charge them.
pub async fn count(store: &Store, minutes: &UncountedMinutes) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO session_minutes (session_id, incarnation, counted) VALUES ($1, $2, $3) \
                 ON CONFLICT (session_id, incarnation) DO UPDATE SET counted = excluded.counted \
                 WHERE session_minutes.counted = $4",
            )
            .bind(&minutes.session_id)
            .bind(minutes.incarnation)
            .bind(minutes.begun)
            .bind(minutes.counted)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the minute that was counted last is not to be had: nothing more is counted of this session, and it is to
/// end.
pub async fn refuse(
    store: &Store,
    minutes: &UncountedMinutes,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE session_minutes SET refused_at_ms = $3 \
                 WHERE session_id = $1 AND incarnation = $2 AND refused_at_ms IS NULL",
            )
            .bind(&minutes.session_id)
            .bind(minutes.incarnation)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Sessions that were refused a minute and go on all the same, with nobody there who could say goodbye, or since
/// `before_ms`.
pub async fn overdue(store: &Store, before_ms: i64) -> Result<Vec<String>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT s.id FROM session_minutes m JOIN sessions s \
                 ON s.id = m.session_id AND s.incarnation = m.incarnation \
                 WHERE m.refused_at_ms IS NOT NULL AND s.state <> 'ended' \
                 AND (s.worker_id IS NULL OR m.refused_at_ms <= $1)",
            )
            .bind(before_ms)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Of the sessions that a worker holds, those that were refused a minute.
pub async fn refused(store: &Store, worker_id: &str) -> Result<Vec<String>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT s.id FROM session_minutes m JOIN sessions s \
                 ON s.id = m.session_id AND s.incarnation = m.incarnation \
                 WHERE m.refused_at_ms IS NOT NULL AND s.state <> 'ended' AND s.worker_id = $1",
            )
            .bind(worker_id)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Takes away the counts of sessions that are over; returns how many.
pub async fn purge(store: &Store) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM session_minutes WHERE NOT EXISTS \
                 (SELECT 1 FROM sessions s WHERE s.id = session_minutes.session_id \
                  AND s.incarnation = session_minutes.incarnation AND s.state <> 'ended')",
            )
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
