//! Which of the worker's sessions were refused another minute: one read a worker, not a call.

use crate::AgentConfig;
use casp_store::session_minutes;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Between two looks.
const ROUND: Duration = Duration::from_secs(1);

/// Looks until it is dropped.
pub(super) async fn look(config: Arc<AgentConfig>, refused: watch::Sender<Arc<HashSet<String>>>) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if refused.receiver_count() <= 1 {
            // Nobody talks: only the worker's own is left.
            continue;
        }
        match session_minutes::refused(&config.store, &config.worker_id).await {
            Ok(sessions) => {
                let sessions: HashSet<String> = sessions.into_iter().collect();
                refused.send_if_modified(|known| {
                    let is_new = **known != sessions;
                    if is_new {
                        *known = Arc::new(sessions);
                    }
                    is_new
                });
            }
            // The heartbeat tells of a store that does not answer.
            Err(error) => tracing::debug!(%error, "minutes are not known"),
        }
    }
}
