//! Who wants to be forgotten, and how far that is. What is being erased stands in its row until that is done; then
//! its hash alone.

mod numbers;

pub use numbers::forget_number;

use crate::{AccountId, Store, StoreError, secret_hash::secret_hash, transcripts::Subject};
use sqlx::{Row as _, any::AnyRow};

/// An erasure.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// `er_…`
    pub id: String,
    /// Whose data.
    pub account: AccountId,
    /// Whom; `None` once it is done.
    pub subject: Option<Subject>,
    /// Done.
    pub is_completed: bool,
    /// Conversations erased so far.
    pub transcripts: i64,
    /// Recordings erased so far.
    pub recordings: i64,
    /// Messages erased so far.
    pub messages: i64,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub completed_at_ms: Option<i64>,
}

/// What a round of erasing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Conversations.
    pub transcripts: i64,
    /// Recordings.
    pub recordings: i64,
    /// Messages.
    pub messages: i64,
    /// Nothing is left.
    pub is_last: bool,
}

macro_rules! columns {
    () => {
        "id, account_id, target, status, transcripts, recordings, messages, created_at_ms, completed_at_ms"
    };
}

/// Begins an erasure, or returns the one of the same subject that is under way.
pub async fn begin(
    store: &Store,
    account: AccountId,
    subject: &Subject,
    now_ms: i64,
) -> Result<Erasure, StoreError> {
    let target = target_of(subject);
    store
        .timed(
            sqlx::query(
                "INSERT INTO erasures (id, account_id, target, status, transcripts, recordings, messages, \
                 created_at_ms) VALUES ($1, $2, $3, 'running', 0, 0, 0, $4) ON CONFLICT DO NOTHING",
            )
            .bind(format!("er_{}", uuid::Uuid::new_v4().simple()))
            .bind(account.0)
            .bind(&target)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM erasures WHERE account_id = $1 AND target = $2 AND status = 'running'"
            ))
            .bind(account.0)
            .bind(&target)
            .fetch_optional(store.pool()),
        )
        .await?;
    // Somebody else may have finished it between the two statements; that is as good as running.
    let row = row.ok_or(StoreError::Timeout)?;
    from_row(&row)
}

/// Counts what a round did; the last one blanks whom it was about.
pub async fn advance(
    store: &Store,
    id: &str,
    round: Round,
    now_ms: i64,
) -> Result<Option<Erasure>, StoreError> {
    let Some(before) = get(store, id).await? else {
        return Ok(None);
    };
    let (status, completed_at_ms) = if round.is_last {
        ("completed", Some(now_ms))
    } else {
        ("running", None)
    };
    let target = before.subject.as_ref().map(target_of).unwrap_or_default();
    let target = if round.is_last {
        secret_hash(&target)
    } else {
        target
    };
    let row = store
        .timed(
            sqlx::query(concat!(
                "UPDATE erasures SET transcripts = transcripts + $2, recordings = recordings + $3, \
                 messages = messages + $4, status = $5, target = $6, completed_at_ms = $7 \
                 WHERE id = $1 AND status = 'running' RETURNING ",
                columns!()
            ))
            .bind(id)
            .bind(round.transcripts)
            .bind(round.recordings)
            .bind(round.messages)
            .bind(status)
            .bind(target)
            .bind(completed_at_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    match row {
        Some(row) => from_row(&row).map(Some),
        None => get(store, id).await,
    }
}

/// By id.
pub async fn get(store: &Store, id: &str) -> Result<Option<Erasure>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM erasures WHERE id = $1"
            ))
            .bind(id)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Those that are not done, the oldest first.
pub async fn running(store: &Store, limit: u32) -> Result<Vec<Erasure>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM erasures WHERE status = 'running' ORDER BY created_at_ms LIMIT $1"
            ))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn target_of(subject: &Subject) -> String {
    match subject {
        Subject::Number(number) => format!("number:{number}"),
        Subject::Resource(resource) => format!("resource:{resource}"),
    }
}

fn from_row(row: &AnyRow) -> Result<Erasure, StoreError> {
    let target: String = row.try_get(2)?;
    let is_completed = row.try_get::<String, _>(3)? == "completed";
    let subject = match target.split_once(':') {
        Some(("number", number)) => Some(Subject::Number(number.to_owned())),
        Some(("resource", resource)) => Some(Subject::Resource(resource.to_owned())),
        _ => None,
    };
    Ok(Erasure {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        subject,
        is_completed,
        transcripts: row.try_get(4)?,
        recordings: row.try_get(5)?,
        messages: row.try_get(6)?,
        created_at_ms: row.try_get(7)?,
        completed_at_ms: row.try_get(8)?,
    })
}
