//! Takes jobs that are due and hands each to the handler of its kind.
//!
//! A job that this process asked for is taken at once; those of other processes are found by looking every second.
//! Each kind has its own number of jobs at once, so that one whose handler is slow keeps no other waiting. On
//! shutdown the jobs under way have a moment to finish; those that do not are given back, and another process takes
//! them at once.

mod backoff;
mod kinds;
mod runner;
mod work;

pub(crate) use work::JobFailure;

use crate::{ControlApi, clock::now_ms};
use casp_store::{
    StoreError,
    jobs::{self, Enqueued, NewJob},
};
use futures_util::FutureExt as _;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Wakes the runner of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobBell(Arc<Notify>);

impl JobBell {
    /// Something new is due, or soon will be.
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }

    async fn rung(&self) {
        self.0.notified().await;
    }
}

impl ControlApi {
    /// Asks for work in the background; its kind is one of [`kinds`].
    pub(crate) async fn enqueue(&self, job: &NewJob) -> Result<Enqueued, StoreError> {
        let enqueued = jobs::enqueue(&self.config.store, job, now_ms()).await?;
        self.job_bell.ring();
        Ok(enqueued)
    }
}

/// Until `stop`, and then for as long as the jobs under way may take.
pub(super) async fn run(api: &ControlApi, stop: &CancellationToken) {
    let handler_api = api.clone();
    runner::Runner {
        store: api.config.store.clone(),
        bell: api.job_bell.clone(),
        kinds: kinds::KINDS,
        handle: Arc::new(move |job| {
            let api = handler_api.clone();
            async move { kinds::handle(&api, &job).await }.boxed()
        }),
    }
    .run(stop)
    .await;
}
