//! The loop that takes jobs.

use super::{
    JobBell, JobFailure,
    kinds::Kind,
    work::{LEASE_MS, work},
};
use crate::clock::now_ms;
use casp_store::{
    Store, StoreError,
    jobs::{self, ClaimedJob},
};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often other processes' jobs are looked for.
const POLL: Duration = Duration::from_secs(1);
/// The shortest pause, when another process was quicker.
const BREATH: Duration = Duration::from_millis(10);
/// Jobs that are taken by one statement.
const MOST_AT_ONCE: usize = 16;
/// How long jobs under way may go on after the process was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What does the work.
pub(super) type Handler =
    Arc<dyn Fn(ClaimedJob) -> BoxFuture<'static, Result<(), JobFailure>> + Send + Sync>;

/// Takes jobs and has them done.
pub(super) struct Runner {
    pub(super) store: Store,
    pub(super) bell: JobBell,
    pub(super) kinds: &'static [Kind],
    pub(super) handle: Handler,
}

/// Jobs under way: at most `at_once` of each kind.
struct UnderWay {
    tasks: JoinSet<usize>,
    /// By place in the kinds.
    counts: Vec<usize>,
}

impl UnderWay {
    fn ended(&mut self, ended: Result<usize, tokio::task::JoinError>) {
        match ended {
            Ok(place) => self.counts[place] -= 1,
            // The handler's own panics are caught where it runs.
            Err(error) => tracing::error!(%error, "a job's task failed"),
        }
    }
}

impl Runner {
    /// Until `stop`, and then until the jobs under way are done or given back.
    pub(super) async fn run(self, stop: &CancellationToken) {
        let worker = format!("api-{:016x}", rand::random::<u64>());
        let give_back = CancellationToken::new();
        let mut under_way = UnderWay {
            tasks: JoinSet::new(),
            counts: vec![0; self.kinds.len()],
        };
        while !stop.is_cancelled() {
            let wait = match self.round(&worker, &mut under_way, &give_back).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "could not look for jobs");
                    POLL
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.bell.rung() => {}
                Some(ended) = under_way.tasks.join_next() => under_way.ended(ended),
                () = tokio::time::sleep(wait) => {}
            }
        }
        let all_done = async { while under_way.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all_done).await.is_err() {
            give_back.cancel();
            while under_way.tasks.join_next().await.is_some() {}
        }
    }

    /// Takes what is due and there is room for; returns how long to wait for the next.
    async fn round(
        &self,
        worker: &str,
        under_way: &mut UnderWay,
        give_back: &CancellationToken,
    ) -> Result<Duration, StoreError> {
        while let Some(ended) = under_way.tasks.try_join_next() {
            under_way.ended(ended);
        }
        let names: Vec<&str> = self.kinds.iter().map(|kind| kind.name).collect();
        let due = jobs::next_due(&self.store, &names).await?;
        let now = now_ms();
        let oldest_ms = due.iter().flatten().map(|due| now - due).max();
        metrics::gauge!("casp_jobs_oldest_due_seconds")
            .set(oldest_ms.unwrap_or(0).max(0) as f64 / 1_000.0);
        let mut wait = POLL;
        for (place, (kind, due)) in self.kinds.iter().zip(due).enumerate() {
            let room = kind.at_once.saturating_sub(under_way.counts[place]);
            // A kind without room is looked at again when one of its jobs ends.
            let Some(due) = due.filter(|_| room > 0) else {
                continue;
            };
            if due <= now {
                let dead = jobs::bury(&self.store, kind.name, now).await?;
                metrics::counter!("casp_jobs_dead_total", "kind" => kind.name).increment(dead);
                let most = u32::try_from(room.min(MOST_AT_ONCE)).unwrap_or(1);
                let taken =
                    jobs::claim(&self.store, kind.name, worker, LEASE_MS, most, now).await?;
                metrics::counter!("casp_jobs_claimed_total", "kind" => kind.name)
                    .increment(taken.len() as u64);
                for job in taken {
                    self.begin(place, job, under_way, give_back.clone());
                }
            }
            let until_due = Duration::from_millis(u64::try_from(due - now).unwrap_or(0));
            wait = wait.min(until_due.max(BREATH));
        }
        Ok(wait)
    }

    fn begin(
        &self,
        place: usize,
        job: ClaimedJob,
        under_way: &mut UnderWay,
        give_back: CancellationToken,
    ) {
        let (store, kind) = (self.store.clone(), &self.kinds[place]);
        let handler = (self.handle)(job.clone());
        under_way.counts[place] += 1;
        under_way.tasks.spawn(async move {
            work(&store, kind, job, handler, give_back).await;
            place
        });
    }
}

#[cfg(test)]
mod tests;
