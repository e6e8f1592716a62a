//! What callers were told before their call was recorded.

use crate::{Store, StoreError};
use sqlx::Row as _;

/// An announcement that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingConsent {
    /// Its words.
    pub announcement: String,
    /// When Twilio was told to say it, Unix milliseconds: recording began right after.
    pub announced_at_ms: i64,
}

/// Notes the announcement of a session. The same words again change nothing (a webhook that comes twice); other words
/// are what the caller heard last, from another assistant of a menu.
pub async fn note(
    store: &Store,
    session_id: &str,
    announcement: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO recording_consents (session_id, announcement, announced_at_ms) \
                 VALUES ($1, $2, $3) ON CONFLICT (session_id) DO UPDATE SET \
                 announcement = excluded.announcement, announced_at_ms = excluded.announced_at_ms \
                 WHERE recording_consents.announcement <> excluded.announcement",
            )
            .bind(session_id)
            .bind(announcement)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// What the caller of a session was told; `None` when nothing was announced.
pub async fn get(store: &Store, session_id: &str) -> Result<Option<RecordingConsent>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT announcement, announced_at_ms FROM recording_consents WHERE session_id = $1",
            )
            .bind(session_id)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(RecordingConsent {
        announcement: row.try_get(0)?,
        announced_at_ms: row.try_get(1)?,
    }))
}
