//! Asking for work.

use crate::{AccountId, Store, StoreError};
use sqlx::{AnyConnection, Row as _};

/// Work that is asked for.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Which handler it is for.
    pub kind: &'static str,
    /// Whose it is; `None` for the house's own.
    pub account: Option<AccountId>,
    /// The same key of the same kind is one job, however often it is asked for, as long as the row is kept (a week
    /// after its end).
    pub key: Option<String>,
    /// What the handler needs to know. No secrets: it lies in the database as it is.
    pub payload: serde_json::Value,
    /// Not before, Unix milliseconds.
    pub run_at_ms: i64,
    /// It is dead after this many attempts.
    pub max_attempts: u32,
}

/// What became of the asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueued {
    /// The job's id.
    pub id: String,
    /// False when the key was there before.
    pub is_new: bool,
}

/// Asks for work.
pub async fn enqueue(store: &Store, job: &NewJob, now_ms: i64) -> Result<Enqueued, StoreError> {
    store
        .timed(async {
            let mut connection = store.pool().acquire().await?;
            enqueue_in(&mut connection, job, now_ms).await
        })
        .await
}

/// The same in somebody's transaction: the job is there when, and only when, what it is about is.
pub(crate) async fn enqueue_in(
    connection: &mut AnyConnection,
    job: &NewJob,
    now_ms: i64,
) -> Result<Enqueued, sqlx::Error> {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let made = sqlx::query(
        "INSERT INTO jobs (id, kind, account_id, unique_key, payload, state, due_at_ms, lease, \
         attempts, max_attempts, created_at_ms) \
         VALUES ($1, $2, $3, $4, $5, 'open', $6, 0, 0, $7, $8) \
         ON CONFLICT (kind, unique_key) DO NOTHING",
    )
    .bind(&id)
    .bind(job.kind)
    .bind(job.account.map(|account| account.0))
    .bind(job.key.as_deref())
    .bind(job.payload.to_string())
    .bind(job.run_at_ms)
    .bind(i64::from(job.max_attempts.max(1)))
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() == 1 {
        return Ok(Enqueued { id, is_new: true });
    }
    let there = sqlx::query("SELECT id FROM jobs WHERE kind = $1 AND unique_key = $2")
        .bind(job.kind)
        .bind(job.key.as_deref())
        .fetch_one(connection)
        .await?;
    Ok(Enqueued {
        id: there.try_get(0)?,
        is_new: false,
    })
}
