//! Transcripts that Twilio's Voice Intelligence makes. One Twilio account serves many of ours: a row here says whose
//! a transcript is, from before it is asked for, and holds its sentences once it is stored.

mod keeping;

pub use keeping::{Sentence, Sentences, keep};

use crate::{AccountId, Store, StoreError, transcripts::id_at};
use sqlx::{Row as _, any::AnyRow};

/// A transcript by Voice Intelligence.
#[derive(Debug, Clone)]
pub struct TwilioTranscript {
    /// Number, in the order of time.
    pub id: i64,
    /// Its owner.
    pub account: AccountId,
    /// `GT…`; `None` while Twilio has not said which.
    pub sid: Option<String>,
    /// What it is a transcript of.
    pub recording_sid: Option<String>,
    /// And of which call.
    pub call_sid: Option<String>,
    /// Assistant.
    pub scenario_name: Option<String>,
    /// `queued`, `in-progress`, `completed`, `failed`, `canceled`
    pub status: String,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Once it is stored.
    pub stored: Option<Sentences>,
}

/// A transcript that is about to be asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose it will be.
    pub account: AccountId,
    /// Ours alone; Twilio gives it back.
    pub customer_key: String,
    /// `RE…`
    pub recording_sid: Option<String>,
    /// `CA…`
    pub call_sid: Option<String>,
    /// Assistant.
    pub scenario_name: Option<String>,
}

macro_rules! columns {
    () => {
        "id, account_id, transcript_sid, recording_sid, call_sid, scenario_name, status, created_at_ms, \
         stored_at_ms, date_created, date_updated, duration, language_code, sentences"
    };
}

/// Notes that a transcript is asked for, before it is. False when that was done before.
pub async fn want(store: &Store, wanted: &Wanted, now_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO twilio_transcripts (id, account_id, customer_key, recording_sid, call_sid, \
                 scenario_name, status, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(id_at(now_ms))
            .bind(wanted.account.0)
            .bind(&wanted.customer_key)
            .bind(wanted.recording_sid.as_deref())
            .bind(wanted.call_sid.as_deref())
            .bind(wanted.scenario_name.as_deref())
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Twilio has taken the request, or says in its webhook what came of it.
pub async fn named(store: &Store, customer_key: &str, sid: &str) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE twilio_transcripts SET transcript_sid = $2 \
                 WHERE customer_key = $1 AND transcript_sid IS NULL",
            )
            .bind(customer_key)
            .bind(sid)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Says who answered in the call that it is of.
pub async fn set_scenario(
    store: &Store,
    account: AccountId,
    sid: &str,
    scenario_name: &str,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE twilio_transcripts SET scenario_name = $3 \
                 WHERE account_id = $1 AND transcript_sid = $2",
            )
            .bind(account.0)
            .bind(sid)
            .bind(scenario_name)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// The request came to nothing.
pub async fn unwanted(store: &Store, customer_key: &str) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "DELETE FROM twilio_transcripts WHERE customer_key = $1 AND transcript_sid IS NULL",
            )
            .bind(customer_key)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// A transcript that Twilio made by itself, of a recording of this account.
pub async fn found(
    store: &Store,
    account: AccountId,
    sid: &str,
    recording_sid: &str,
    call_sid: Option<&str>,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO twilio_transcripts (id, account_id, transcript_sid, recording_sid, call_sid, status, \
                 created_at_ms) VALUES ($1, $2, $3, $4, $5, 'queued', $6) ON CONFLICT DO NOTHING",
            )
            .bind(id_at(now_ms))
            .bind(account.0)
            .bind(sid)
            .bind(recording_sid)
            .bind(call_sid)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Whose it is, by its id or by the key it was asked for with.
pub async fn owner(
    store: &Store,
    sid: &str,
    customer_key: Option<&str>,
) -> Result<Option<TwilioTranscript>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM twilio_transcripts WHERE transcript_sid = $1 OR customer_key = $2 \
                 ORDER BY id LIMIT 1"
            ))
            .bind(sid)
            .bind(customer_key)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// By its id.
pub async fn get(
    store: &Store,
    account: AccountId,
    sid: &str,
) -> Result<Option<TwilioTranscript>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM twilio_transcripts WHERE account_id = $1 AND transcript_sid = $2"
            ))
            .bind(account.0)
            .bind(sid)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The newest one of a recording.
pub async fn of_recording(
    store: &Store,
    account: AccountId,
    recording_sid: &str,
) -> Result<Option<TwilioTranscript>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM twilio_transcripts WHERE account_id = $1 AND recording_sid = $2 \
                 AND transcript_sid IS NOT NULL ORDER BY id DESC LIMIT 1"
            ))
            .bind(account.0)
            .bind(recording_sid)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Which ones a page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those whose sentences are stored here.
    Stored,
    /// Those that Twilio has an id for.
    Named,
}

/// A page, the newest first: those before `before` (`None` for the newest), without the first `skip`.
pub async fn page(
    store: &Store,
    account: AccountId,
    which: Which,
    before: Option<i64>,
    skip: u32,
    limit: u32,
) -> Result<Vec<TwilioTranscript>, StoreError> {
    let sql = match which {
        Which::Stored => concat!(
            "SELECT ",
            columns!(),
            " FROM twilio_transcripts WHERE account_id = $1 AND id < $2 AND stored_at_ms IS NOT NULL \
             ORDER BY id DESC LIMIT $4 OFFSET $3"
        ),
        Which::Named => concat!(
            "SELECT ",
            columns!(),
            " FROM twilio_transcripts WHERE account_id = $1 AND id < $2 AND transcript_sid IS NOT NULL \
             ORDER BY id DESC LIMIT $4 OFFSET $3"
        ),
    };
    let rows = store
        .timed(
            sqlx::query(sql)
                .bind(account.0)
                .bind(before.unwrap_or(i64::MAX))
                .bind(i64::from(skip))
                .bind(i64::from(limit))
                .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The newest of all accounts, for those who run it.
pub async fn newest_of_all(store: &Store, limit: u32) -> Result<Vec<TwilioTranscript>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM twilio_transcripts ORDER BY id DESC LIMIT $1"
            ))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Forgets it; false when it was not there.
pub async fn remove(store: &Store, account: AccountId, sid: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM twilio_transcripts WHERE account_id = $1 AND transcript_sid = $2",
            )
            .bind(account.0)
            .bind(sid)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Those that belong to no conversation and are older; the others go with theirs.
pub async fn remove_old(store: &Store, before_ms: i64) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("DELETE FROM twilio_transcripts WHERE created_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

fn from_row(row: &AnyRow) -> Result<TwilioTranscript, StoreError> {
    let is_stored = row.try_get::<Option<i64>, _>(8)?.is_some();
    Ok(TwilioTranscript {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        sid: row.try_get(2)?,
        recording_sid: row.try_get(3)?,
        call_sid: row.try_get(4)?,
        scenario_name: row.try_get(5)?,
        status: row.try_get(6)?,
        created_at_ms: row.try_get(7)?,
        stored: is_stored.then(|| keeping::from_row(row)).transpose()?,
    })
}
