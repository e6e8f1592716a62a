//! What is done between requests.

mod attendance;
mod cleaning;
mod jobs;
mod lost_rooms;

pub(crate) use jobs::{JobBell, JobFailure};

use crate::ControlApi;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Requests under way have this long after the process was told to stop.
const REQUESTS_GRACE: Duration = Duration::from_secs(5);

/// Sends for agents where none came or the one there died, ends sessions whose room is gone, does the jobs that are
/// due, and throws away what is no longer needed, until `shutdown`. Any number of instances may do so at once: each
/// change is one instance's.
pub async fn run_background(api: ControlApi, shutdown: CancellationToken) {
    let rounds = async {
        tokio::join!(
            attendance::run(&api),
            lost_rooms::run(&api),
            cleaning::run(&api)
        );
    };
    tokio::join!(
        shutdown.run_until_cancelled(rounds),
        // It has jobs to finish or give back.
        jobs::run(&api, &shutdown)
    );
    api.idempotent_runs.close();
    let _ = tokio::time::timeout(REQUESTS_GRACE, api.idempotent_runs.wait()).await;
}
