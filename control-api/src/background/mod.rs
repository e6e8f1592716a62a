//! What is done between requests.

mod attendance;
mod cleaning;
mod jobs;
mod lost_rooms;
mod minutes;
mod retention;

pub(crate) use jobs::{JobBell, JobFailure};

use crate::{ControlApi, calls};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Requests under way, and calls that are being placed, have this long after the process was told to stop.
const GRACE: Duration = Duration::from_secs(15);

/// Sends for agents where none came or the one there died, ends sessions whose room is gone or whose account has no
/// minutes left, places calls that wait, renews tokens of connections, does the jobs that are due, and throws away what
/// is no longer needed or older than may be kept, until `shutdown`. Any number of instances may do so at once: each change is one instance's.
pub async fn run_background(api: ControlApi, shutdown: CancellationToken) {
    let rounds = async {
        tokio::join!(
            attendance::run(&api),
            lost_rooms::run(&api),
            cleaning::run(&api),
            minutes::run(&api),
            calls::run(&api),
            retention::run(&api)
        );
    };
    tokio::join!(
        shutdown.run_until_cancelled(Box::pin(rounds)),
        // It has jobs to finish or give back.
        jobs::run(&api, &shutdown),
        // And what providers have answered is to be written down.
        api.connections.keep_fresh(&shutdown)
    );
    api.tasks.close();
    if tokio::time::timeout(GRACE, api.tasks.wait()).await.is_err() {
        tracing::warn!("work that requests had begun was cut off");
    }
}
