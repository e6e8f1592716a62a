//! How the work went. Under a lease that was lost, none of this changes anything.

use super::{JobState, Lease, shortened};
use crate::{Store, StoreError};
use sqlx::{Any, AnyConnection, Row as _, Transaction};

/// That the job is still this lease's.
macro_rules! is_held {
    () => {
        "id = $1 AND lease = $2 AND state = 'open' AND worker IS NOT NULL"
    };
}

/// A transaction that ends a job together with what the job did to this database.
#[derive(Debug)]
pub struct Settlement {
    transaction: Transaction<'static, Any>,
    store: Store,
}

impl Settlement {
    /// Where to write.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// Makes both true at once. Without it neither is.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.store.timed(self.transaction.commit()).await
    }
}

/// Begins to end a job as done; `None` when the lease is lost. Until the commit nobody else can take the job.
pub async fn settle(
    store: &Store,
    lease: &Lease,
    now_ms: i64,
) -> Result<Option<Settlement>, StoreError> {
    let transaction = store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let done = sqlx::query(concat!(
                "UPDATE jobs SET state = 'done', worker = NULL, finished_at_ms = $3 WHERE ",
                is_held!()
            ))
            .bind(&lease.job)
            .bind(lease.number)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            Ok((done.rows_affected() == 1).then_some(transaction))
        })
        .await?;
    Ok(transaction.map(|transaction| Settlement {
        transaction,
        store: store.clone(),
    }))
}

/// The job is done; false when the lease is lost.
pub async fn complete(store: &Store, lease: &Lease, now_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(concat!(
                "UPDATE jobs SET state = 'done', worker = NULL, finished_at_ms = $3 WHERE ",
                is_held!()
            ))
            .bind(&lease.job)
            .bind(lease.number)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The attempt failed, and the job is tried again at `run_at_ms`, unless this was its last attempt: then it is dead.
/// `None` when the lease is lost.
pub async fn retry(
    store: &Store,
    lease: &Lease,
    run_at_ms: i64,
    error: &str,
    now_ms: i64,
) -> Result<Option<JobState>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "UPDATE jobs SET worker = NULL, last_error = $3, due_at_ms = $4, \
                 state = CASE WHEN attempts < max_attempts THEN 'open' ELSE 'dead' END, \
                 finished_at_ms = CASE WHEN attempts < max_attempts THEN NULL ELSE $5 END WHERE ",
                is_held!(),
                " RETURNING state"
            ))
            .bind(&lease.job)
            .bind(lease.number)
            .bind(shortened(error))
            .bind(run_at_ms)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.map(|row| JobState::from_columns(&row.try_get::<String, _>(0)?, None))
        .transpose()
}

/// The job cannot be done, now or ever: it is dead. False when the lease is lost.
pub async fn fail(
    store: &Store,
    lease: &Lease,
    error: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(concat!(
                "UPDATE jobs SET state = 'dead', worker = NULL, last_error = $3, finished_at_ms = $4 WHERE ",
                is_held!()
            ))
            .bind(&lease.job)
            .bind(lease.number)
            .bind(shortened(error))
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The worker stops before the job is done: it is due at once, and this attempt does not count.
pub async fn release(store: &Store, lease: &Lease, now_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(concat!(
                "UPDATE jobs SET worker = NULL, attempts = attempts - 1, due_at_ms = $3 WHERE ",
                is_held!()
            ))
            .bind(&lease.job)
            .bind(lease.number)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}
