//! Recordings: whose they are, what the caller was told, where the sound lies. The sound itself is in an object store.

use crate::{AccountId, Store, StoreError, transcripts::id_at};
use sqlx::{Row as _, any::AnyRow};

/// Where a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingStatus {
    /// Still with Twilio, or being made.
    Pending,
    /// In the object store.
    Stored,
    /// It could not be fetched.
    Failed,
}

impl RecordingStatus {
    /// `pending`, `stored`, `failed`
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        [Self::Pending, Self::Stored, Self::Failed]
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| StoreError::Corrupt(format!("recordings.status {name}")))
    }
}

/// A recording.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Number, in the order of time.
    pub id: i64,
    /// Its owner.
    pub account: AccountId,
    /// `RE…`
    pub sid: String,
    /// What is recorded.
    pub session_id: Option<String>,
    /// The call, where it is one.
    pub call_sid: Option<String>,
    /// `twilio`, `room`
    pub source: String,
    /// Where it stands.
    pub status: RecordingStatus,
    /// Place in the object store.
    pub object_key: Option<String>,
    /// `audio/x-wav`, `audio/ogg`, …
    pub content_type: Option<String>,
    /// Size.
    pub bytes: Option<i64>,
    /// Length, milliseconds.
    pub duration_ms: Option<i64>,
    /// Channels of sound.
    pub channels: Option<i64>,
    /// What the caller was told, and when.
    pub consent: serde_json::Value,
    /// Unix milliseconds.
    pub started_at_ms: i64,
    /// Why it failed.
    pub error: Option<String>,
}

/// What is known when a recording is announced.
#[derive(Debug, Clone)]
pub struct NewRecording {
    /// See [`Recording`].
    pub account: AccountId,
    /// See [`Recording`].
    pub sid: String,
    /// See [`Recording`].
    pub session_id: Option<String>,
    /// See [`Recording`].
    pub call_sid: Option<String>,
    /// See [`Recording`].
    pub source: &'static str,
    /// See [`Recording`].
    pub duration_ms: Option<i64>,
    /// See [`Recording`].
    pub channels: Option<i64>,
    /// See [`Recording`].
    pub consent: serde_json::Value,
    /// See [`Recording`].
    pub started_at_ms: i64,
}

/// The sound is in the object store.
#[derive(Debug, Clone)]
pub struct StoredSound {
    /// Place.
    pub object_key: String,
    /// Type.
    pub content_type: String,
    /// Size.
    pub bytes: i64,
}

macro_rules! columns {
    () => {
        "id, account_id, recording_sid, session_id, call_sid, source, status, object_key, content_type, bytes, \
         duration_ms, channels, consent, started_at_ms, error"
    };
}

/// Notes a recording; false when it is known already (a webhook that comes twice).
pub async fn announce(store: &Store, new: &NewRecording) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO recordings (id, account_id, recording_sid, session_id, call_sid, source, status, \
                 duration_ms, channels, consent, started_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10) ON CONFLICT DO NOTHING",
            )
            .bind(id_at(new.started_at_ms))
            .bind(new.account.0)
            .bind(&new.sid)
            .bind(new.session_id.as_deref())
            .bind(new.call_sid.as_deref())
            .bind(new.source)
            .bind(new.duration_ms)
            .bind(new.channels)
            .bind(new.consent.to_string())
            .bind(new.started_at_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Its sound is stored.
pub async fn stored(store: &Store, sid: &str, sound: &StoredSound) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE recordings SET status = 'stored', object_key = $2, content_type = $3, bytes = $4, \
                 error = NULL WHERE recording_sid = $1",
            )
            .bind(sid)
            .bind(&sound.object_key)
            .bind(&sound.content_type)
            .bind(sound.bytes)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// It begins now, after what everybody was told.
pub async fn begin(
    store: &Store,
    sid: &str,
    consent: &serde_json::Value,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE recordings SET consent = $2, started_at_ms = $3 WHERE recording_sid = $1",
            )
            .bind(sid)
            .bind(consent.to_string())
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// How long it is.
pub async fn lasted(store: &Store, sid: &str, duration_ms: i64) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("UPDATE recordings SET duration_ms = $2 WHERE recording_sid = $1")
                .bind(sid)
                .bind(duration_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Gives up recordings of rooms whose sessions are over since `before_ms`: the process that made them is gone.
pub async fn give_up_lost(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE recordings SET status = 'failed', error = 'the recording broke off' \
                 WHERE status = 'pending' AND source = 'room' AND started_at_ms < $1 \
                 AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = recordings.session_id \
                 AND (s.state <> 'ended' OR s.ended_at_ms >= $1))",
            )
            .bind(before_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

/// Its sound could not be had.
pub async fn failed(store: &Store, sid: &str, error: &str) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE recordings SET status = 'failed', error = $2 \
                 WHERE recording_sid = $1 AND status = 'pending'",
            )
            .bind(sid)
            .bind(error)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// By id, whosever it is.
pub async fn get(store: &Store, sid: &str) -> Result<Option<Recording>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM recordings WHERE recording_sid = $1"
            ))
            .bind(sid)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// A page of an account's, the newest first.
pub async fn page(
    store: &Store,
    account: AccountId,
    skip: u32,
    limit: u32,
) -> Result<Vec<Recording>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM recordings WHERE account_id = $1 ORDER BY id DESC LIMIT $3 OFFSET $2"
            ))
            .bind(account.0)
            .bind(i64::from(skip))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Those of a session.
pub async fn of_session(store: &Store, session_id: &str) -> Result<Vec<Recording>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM recordings WHERE session_id = $1 ORDER BY id"
            ))
            .bind(session_id)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The oldest ones begun before `before_ms`.
pub async fn older(
    store: &Store,
    before_ms: i64,
    limit: u32,
) -> Result<Vec<Recording>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM recordings WHERE started_at_ms < $1 ORDER BY id LIMIT $2"
            ))
            .bind(before_ms)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The newest of all accounts, for those who run it.
pub async fn newest_of_all(store: &Store, limit: u32) -> Result<Vec<Recording>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM recordings ORDER BY id DESC LIMIT $1"
            ))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Forgets a recording, whose sound is gone.
pub async fn remove(store: &Store, id: i64) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("DELETE FROM recordings WHERE id = $1")
                .bind(id)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

fn from_row(row: &AnyRow) -> Result<Recording, StoreError> {
    let consent: String = row.try_get(12)?;
    Ok(Recording {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        sid: row.try_get(2)?,
        session_id: row.try_get(3)?,
        call_sid: row.try_get(4)?,
        source: row.try_get(5)?,
        status: RecordingStatus::from_name(&row.try_get::<String, _>(6)?)?,
        object_key: row.try_get(7)?,
        content_type: row.try_get(8)?,
        bytes: row.try_get(9)?,
        duration_ms: row.try_get(10)?,
        channels: row.try_get(11)?,
        consent: serde_json::from_str(&consent)
            .map_err(|_| StoreError::Corrupt("recordings.consent".into()))?,
        started_at_ms: row.try_get(13)?,
        error: row.try_get(14)?,
    })
}
