//! Calls that are to be placed at a time. Each is written down with the job that places it.
//!
//! A call is `scheduled` until its job takes it for placing; from then on it can no longer be cancelled.

use crate::{
    AccountId, Store, StoreError,
    jobs::{self, Lease, NewJob, enqueue_in},
};
use sqlx::{Row as _, any::AnyRow};

/// The kind of the jobs that place them.
pub const SCHEDULED_CALL_JOB: &str = "scheduled-call";
/// How often placing is begun.
const ATTEMPTS: u32 = 5;

/// What to schedule.
#[derive(Debug, Clone)]
pub struct NewScheduledCall {
    /// Whose call.
    pub account: AccountId,
    /// Whom to call, E.164.
    pub phone_number: String,
    /// Who calls: a built-in or custom scenario.
    pub scenario: String,
    /// When, Unix milliseconds.
    pub scheduled_at_ms: i64,
    /// A name that the request has and no other: the same one again finds what it made the first time.
    pub request: Option<String>,
}

/// Where a scheduled call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduledCallState {
    /// Its time has not come.
    Scheduled,
    /// It is being placed.
    Placing,
    /// It was placed.
    Placed,
    /// It could not be placed.
    Failed,
    /// Nobody was there to place it when its time came, nor soon after.
    Missed,
    /// It was no longer wanted.
    Cancelled,
}

impl ScheduledCallState {
    /// As the API shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Placing => "placing",
            Self::Placed => "placed",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        [
            Self::Scheduled,
            Self::Placing,
            Self::Placed,
            Self::Failed,
            Self::Missed,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.name() == name)
        .ok_or_else(|| StoreError::Corrupt(format!("scheduled call state {name:?}")))
    }
}

/// A scheduled call.
#[derive(Debug, Clone)]
pub struct ScheduledCall {
    /// Its id.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// Whom to call.
    pub phone_number: String,
    /// Who calls.
    pub scenario: String,
    /// When, Unix milliseconds.
    pub scheduled_at_ms: i64,
    /// Where it stands.
    pub state: ScheduledCallState,
    /// The call that came of it.
    pub call_sid: Option<String>,
    /// Why none did, or not yet.
    pub last_error: Option<String>,
    /// When it was asked for, Unix milliseconds.
    pub created_at_ms: i64,
}

/// Schedules a call. The job's runner should be woken.
pub async fn schedule(
    store: &Store,
    call: &NewScheduledCall,
    now_ms: i64,
) -> Result<ScheduledCall, StoreError> {
    let id = match &call.request {
        Some(request) => crate::secret_hash::secret_hash(request)[..24].to_owned(),
        None => uuid::Uuid::new_v4().simple().to_string()[..24].to_owned(),
    };
    let id = format!("sched_{id}");
    let job = NewJob {
        kind: SCHEDULED_CALL_JOB,
        account: Some(call.account),
        key: Some(id.clone()),
        payload: serde_json::json!({ "scheduled_call": id }),
        run_at_ms: call.scheduled_at_ms,
        max_attempts: ATTEMPTS,
    };
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            sqlx::query(
                "INSERT INTO scheduled_calls (id, account_id, phone_number, scenario, scheduled_at_ms, \
                 state, created_at_ms) VALUES ($1, $2, $3, $4, $5, 'scheduled', $6) \
                 ON CONFLICT (id) DO NOTHING",
            )
            .bind(&id)
            .bind(call.account.0)
            .bind(&call.phone_number)
            .bind(&call.scenario)
            .bind(call.scheduled_at_ms)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            enqueue_in(&mut transaction, &job, now_ms).await?;
            transaction.commit().await
        })
        .await?;
    get(store, &id)
        .await?
        .ok_or_else(|| StoreError::Corrupt("a scheduled call is gone".into()))
}

/// A call with its job's state, the columns of [`from_row`].
macro_rules! select {
    () => {
        "SELECT c.id, c.account_id, c.phone_number, c.scenario, c.scheduled_at_ms, c.state, c.call_sid, \
         c.last_error, c.created_at_ms, j.state, j.last_error FROM scheduled_calls c \
         LEFT JOIN jobs j ON j.kind = 'scheduled-call' AND j.unique_key = c.id "
    };
}

/// One call, whoever's.
pub async fn get(store: &Store, id: &str) -> Result<Option<ScheduledCall>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(select!(), "WHERE c.id = $1"))
                .bind(id)
                .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// An account's calls, the latest time first.
pub async fn list(
    store: &Store,
    account: AccountId,
    skip: u32,
    limit: u32,
) -> Result<Vec<ScheduledCall>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                select!(),
                "WHERE c.account_id = $1 ORDER BY c.scheduled_at_ms DESC, c.id LIMIT $2 OFFSET $3"
            ))
            .bind(account.0)
            .bind(i64::from(limit))
            .bind(i64::from(skip))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many of the account's calls are yet to be placed.
pub async fn waiting(store: &Store, account: AccountId) -> Result<i64, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT COUNT(*) FROM scheduled_calls WHERE account_id = $1 AND state = 'scheduled'",
            )
            .bind(account.0)
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get(0)?)
}

fn from_row(row: &AnyRow) -> Result<ScheduledCall, StoreError> {
    let state = ScheduledCallState::from_name(&row.try_get::<String, _>(5)?)?;
    let job: Option<String> = row.try_get(9)?;
    // A job that died with its worker could not write it here.
    let is_given_up = matches!(job.as_deref(), Some("dead" | "cancelled"));
    let state = match state {
        ScheduledCallState::Scheduled | ScheduledCallState::Placing if is_given_up => {
            ScheduledCallState::Failed
        }
        state => state,
    };
    Ok(ScheduledCall {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        phone_number: row.try_get(2)?,
        scenario: row.try_get(3)?,
        scheduled_at_ms: row.try_get(4)?,
        state,
        call_sid: row.try_get(6)?,
        last_error: row.try_get::<Option<String>, _>(7)?.or(row.try_get(10)?),
        created_at_ms: row.try_get(8)?,
    })
}

/// What became of the wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It will not be placed.
    Yes,
    /// It is being placed, was placed, or came to another end.
    TooLate,
    /// The account has no such call.
    Unknown,
}

/// The call is no longer wanted.
pub async fn cancel(
    store: &Store,
    account: AccountId,
    id: &str,
    now_ms: i64,
) -> Result<Cancelled, StoreError> {
    let is_cancelled = store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let done = sqlx::query(
                "UPDATE scheduled_calls SET state = 'cancelled' \
                 WHERE id = $1 AND account_id = $2 AND state = 'scheduled'",
            )
            .bind(id)
            .bind(account.0)
            .execute(&mut *transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(
                "UPDATE jobs SET state = 'cancelled', worker = NULL, finished_at_ms = $2 \
                 WHERE kind = 'scheduled-call' AND unique_key = $1 AND state = 'open'",
            )
            .bind(id)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await?;
    if is_cancelled {
        return Ok(Cancelled::Yes);
    }
    let call = get(store, id).await?;
    Ok(match call {
        Some(call) if call.account == account => Cancelled::TooLate,
        _ => Cancelled::Unknown,
    })
}

/// The job begins to place the call: from here on it cannot be cancelled. False when it was, or came to its end.
pub async fn begin_placing(store: &Store, id: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE scheduled_calls SET state = 'placing' \
                 WHERE id = $1 AND state IN ('scheduled', 'placing')",
            )
            .bind(id)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// How a call's placing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// It was placed; this is its `CallSid`, or its id in the queue.
    Placed(&'a str),
    /// It could not be placed.
    Failed(&'a str),
    /// Its time is over.
    Missed,
}

/// The call came to its end, and its job with it. False when the lease is lost.
pub async fn finish(
    store: &Store,
    lease: &Lease,
    id: &str,
    ending: Ending<'_>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let (state, call_sid, error) = match ending {
        Ending::Placed(sid) => ("placed", Some(sid), None),
        Ending::Failed(error) => ("failed", None, Some(error)),
        Ending::Missed => ("missed", None, None),
    };
    let Some(mut settlement) = jobs::settle(store, lease, now_ms).await? else {
        return Ok(false);
    };
    store
        .timed(
            sqlx::query(
                "UPDATE scheduled_calls SET state = $2, call_sid = $3, last_error = $4 \
                 WHERE id = $1 AND state IN ('scheduled', 'placing')",
            )
            .bind(id)
            .bind(state)
            .bind(call_sid)
            .bind(error)
            .execute(settlement.connection()),
        )
        .await?;
    settlement.commit().await?;
    Ok(true)
}

/// Takes away calls whose time was before `before_ms`; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM scheduled_calls WHERE scheduled_at_ms < $1 \
                 AND state NOT IN ('scheduled', 'placing')",
            )
            .bind(before_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
