//! Work that is done in the background: once, by whichever process takes it first, and again when that one dies.
//!
//! A job is open until it is done, dead (given up, for people to look at) or cancelled. Whoever takes an open job
//! that is due holds a [`Lease`] on it for a time. While it works it [`extend`]s the lease; when it dies the lease
//! runs out, the job is due again, and the next one takes it under a new lease. Under the old one nothing can be
//! changed any more, so a worker that was only slow cannot undo what its successor did.
//!
//! Work may therefore be *begun* more than once. An effect in this database happens once when it is written in the
//! transaction that [`settle`] begins; one that is outside needs a key that the other side knows it by, and the job's
//! id is a good one.

mod claim;
mod enqueue;
mod outcome;
mod review;

pub use claim::{bury, claim, extend, next_due};
pub(crate) use enqueue::enqueue_in;
pub use enqueue::{Enqueued, NewJob, enqueue};
pub use outcome::{Settlement, complete, fail, release, retry, settle};
pub use review::{JobFilter, cancel, cancel_key, dead_count, get, list, prune, requeue};

use crate::{AccountId, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// The right to work on a job, and to say how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: String,
    /// The how-manieth lease on it.
    pub number: i64,
}

/// A job that was taken.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// What to change it with.
    pub lease: Lease,
    /// Which handler it is for.
    pub kind: String,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// What the handler needs to know; null when the row holds no JSON.
    pub payload: serde_json::Value,
    /// This one is the first, the second, …
    pub attempt: i64,
    /// There is none after this many.
    pub max_attempts: i64,
    /// When it was asked for, Unix milliseconds.
    pub created_at_ms: i64,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Its time has not come, or nobody has taken it yet.
    Waiting,
    /// Somebody works on it.
    Running,
    /// It was done.
    Done,
    /// It was given up.
    Dead,
    /// It is no longer wanted.
    Cancelled,
}

impl JobState {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_columns(state: &str, worker: Option<&str>) -> Result<Self, StoreError> {
        Ok(match (state, worker) {
            ("open", None) => Self::Waiting,
            ("open", Some(_)) => Self::Running,
            ("done", _) => Self::Done,
            ("dead", _) => Self::Dead,
            ("cancelled", _) => Self::Cancelled,
            _ => return Err(StoreError::Corrupt(format!("job state {state:?}"))),
        })
    }
}

/// A job, as it is shown.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Which handler it is for.
    pub kind: String,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// Where it stands.
    pub state: JobState,
    /// When it can be taken (again), Unix milliseconds.
    pub due_at_ms: i64,
    /// Who works on it.
    pub worker: Option<String>,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be begun.
    pub max_attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was asked for, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it came to its end, Unix milliseconds.
    pub finished_at_ms: Option<i64>,
}

/// The columns of [`from_row`], in its order.
macro_rules! columns {
    () => {
        "id, kind, account_id, state, due_at_ms, worker, attempts, max_attempts, last_error, \
         created_at_ms, finished_at_ms"
    };
}
use columns;

fn from_row(row: &AnyRow) -> Result<Job, StoreError> {
    let state: String = row.try_get(3)?;
    let worker: Option<String> = row.try_get(5)?;
    Ok(Job {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        account: row.try_get::<Option<i64>, _>(2)?.map(AccountId),
        state: JobState::from_columns(&state, worker.as_deref())?,
        due_at_ms: row.try_get(4)?,
        worker,
        attempts: row.try_get(6)?,
        max_attempts: row.try_get(7)?,
        last_error: row.try_get(8)?,
        created_at_ms: row.try_get(9)?,
        finished_at_ms: row.try_get(10)?,
    })
}

/// Errors are kept for people: their beginning, and nothing that PostgreSQL's text cannot hold.
fn shortened(error: &str) -> String {
    const LONGEST_CHARS: usize = 500;
    error
        .chars()
        .filter(|c| *c != '\0')
        .take(LONGEST_CHARS)
        .collect()
}
