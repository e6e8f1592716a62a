//! One job, from its lease to its outcome.

use super::kinds::Kind;
use crate::clock::now_ms;
use casp_store::{
    Store, StoreError,
    jobs::{self, ClaimedJob, JobState},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long a job is this process's without a sign of life; another takes it that long after this one died.
pub(super) const LEASE_MS: i64 = 20_000;
/// How often the sign is given.
const EXTEND_EVERY: Duration = Duration::from_secs(5);
/// An outcome that could not be written is tried again, lest the work be done again.
const OUTCOME_ATTEMPTS: u32 = 3;
const OUTCOME_PAUSE: Duration = Duration::from_millis(300);

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobFailure {
    /// It may go better later, after the backoff of its kind or after this long.
    Retry {
        /// What went wrong, for people; no secrets, no message bodies.
        error: String,
        /// Not before; the other side said so.
        after: Option<Duration>,
    },
    /// It will never go better.
    Dead(String),
    /// It was not begun: there is no room for it now. Not counted as an attempt.
    Later(Duration),
}

impl JobFailure {
    /// It may go better later.
    pub(crate) fn retry(error: impl Into<String>) -> Self {
        Self::Retry {
            error: error.into(),
            after: None,
        }
    }
}

impl From<StoreError> for JobFailure {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store failed");
        Self::retry("the database did not answer")
    }
}

/// What became of an attempt.
enum Ended {
    Ran(Result<(), JobFailure>),
    LeaseLost,
    Stopped,
}

/// Runs the handler for as long as the lease holds, and writes down how it went. `stop` ends it before that; the job
/// is then given back.
pub(super) async fn work(
    store: &Store,
    kind: &Kind,
    job: ClaimedJob,
    handler: BoxFuture<'static, Result<(), JobFailure>>,
    stop: CancellationToken,
) {
    let attempt = tokio::time::timeout(kind.timeout, AssertUnwindSafe(handler).catch_unwind());
    let ended = tokio::select! {
        biased;
        result = attempt => Ended::Ran(match result {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(JobFailure::retry("the handler panicked")),
            Err(_) => Err(JobFailure::retry("it took too long")),
        }),
        () = keep_lease(store, &job) => Ended::LeaseLost,
        () = stop.cancelled() => Ended::Stopped,
    };
    for attempt in 1..=OUTCOME_ATTEMPTS {
        match write_down(store, kind, &job, &ended).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, attempt, job = job.lease.job, kind = kind.name, "could not write down how a job went");
                tokio::time::sleep(OUTCOME_PAUSE).await;
            }
        }
    }
}

/// Ends when the job is no longer ours.
async fn keep_lease(store: &Store, job: &ClaimedJob) {
    let mut held_until_ms = now_ms() + LEASE_MS;
    loop {
        tokio::time::sleep(EXTEND_EVERY).await;
        let now = now_ms();
        match jobs::extend(store, &job.lease, LEASE_MS, now).await {
            Ok(true) => held_until_ms = now + LEASE_MS,
            Ok(false) => return,
            // While the database is away nobody else can take the job either; but it may be away for us alone.
            Err(_) if now_ms() >= held_until_ms => return,
            Err(_) => {}
        }
    }
}

async fn write_down(
    store: &Store,
    kind: &Kind,
    job: &ClaimedJob,
    ended: &Ended,
) -> Result<(), StoreError> {
    let (now, lease, name) = (now_ms(), &job.lease, kind.name);
    match ended {
        Ended::Ran(Ok(())) => {
            // False when the handler has settled it itself.
            jobs::complete(store, lease, now).await?;
            metrics::counter!("casp_jobs_done_total", "kind" => name).increment(1);
        }
        Ended::Ran(Err(JobFailure::Later(wait))) => {
            jobs::release(store, lease, now + millis(*wait)).await?;
        }
        Ended::Ran(Err(JobFailure::Retry { error, after })) => {
            let backoff = kind.backoff.after(job.attempt, rand::random());
            let wait = after.map_or(backoff, |after| {
                backoff.max(after).min(kind.backoff.longest)
            });
            let state = jobs::retry(store, lease, now + millis(wait), error, now).await?;
            metrics::counter!("casp_jobs_failed_total", "kind" => name).increment(1);
            tracing::info!(
                job = lease.job,
                kind = name,
                attempt = job.attempt,
                error,
                "a job's attempt failed"
            );
            if state == Some(JobState::Dead) {
                died(job, error);
            }
        }
        Ended::Ran(Err(JobFailure::Dead(error))) => {
            if jobs::fail(store, lease, error, now).await? {
                died(job, error);
            }
        }
        Ended::LeaseLost => {
            tracing::warn!(
                job = lease.job,
                kind = name,
                "a job's lease was lost; its work was dropped"
            );
        }
        Ended::Stopped => {
            jobs::release(store, lease, now).await?;
        }
    }
    Ok(())
}

fn died(job: &ClaimedJob, error: &str) {
    metrics::counter!("casp_jobs_dead_total", "kind" => job.kind.clone()).increment(1);
    tracing::warn!(
        job = job.lease.job,
        kind = job.kind,
        attempts = job.attempt,
        error,
        "a job was given up; `casp jobs list --failed` shows it"
    );
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
