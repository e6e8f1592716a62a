//! What is done between requests.

mod attendance;
mod cleaning;
mod lost_rooms;

use crate::ControlApi;
use tokio_util::sync::CancellationToken;

/// Sends for agents where none came or the one there died, ends sessions whose room is gone, and throws away what is
/// no longer needed, until `shutdown`. Any number of instances may do so at once: each change is one instance's.
pub async fn run_background(api: ControlApi, shutdown: CancellationToken) {
    let work = async {
        tokio::join!(
            attendance::run(&api),
            lost_rooms::run(&api),
            cleaning::run(&api)
        );
    };
    shutdown.run_until_cancelled(work).await;
}
