//! What all calls of one bridge share, and how it goes down.

use crate::{BridgeConfig, apology::ApologyClip};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Time for calls that are cut off at the end of a drain to close their sockets.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// One bridge. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BridgeState {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: BridgeConfig,
    apology: ApologyClip,
    /// Calls and what they left to do.
    calls: TaskTracker,
    /// No new calls.
    draining: CancellationToken,
    /// Calls end now.
    stopping: CancellationToken,
}

impl BridgeState {
    /// Starts a bridge; the apology is rendered in the background. Call it inside a tokio runtime.
    pub fn new(config: BridgeConfig) -> Self {
        casp_room::warm_up();
        let shared = Arc::new(Shared {
            config,
            apology: ApologyClip::default(),
            calls: TaskTracker::new(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
        });
        let state = Self { shared };
        let background = state.clone();
        state.shared.calls.spawn(async move {
            let shared = &background.shared;
            let render = shared.apology.render(shared.config.text_to_speech.as_ref());
            shared.draining.run_until_cancelled(render).await;
        });
        state
    }

    /// Takes no new calls, lets those that are open go on for up to `timeout`, then closes their sockets: Twilio
    /// brings them back through the `<Connect>` action, to another bridge. Returns when all is done.
    pub async fn drain(&self, timeout: Duration) {
        self.shared.draining.cancel();
        self.shared.calls.close();
        if tokio::time::timeout(timeout, self.shared.calls.wait())
            .await
            .is_ok()
        {
            return;
        }
        self.shared.stopping.cancel();
        let _ = tokio::time::timeout(CLOSE_TIME, self.shared.calls.wait()).await;
    }

    /// Calls (and grace periods) that are open.
    pub fn open_calls(&self) -> usize {
        self.shared.calls.len()
    }

    pub(crate) fn config(&self) -> &BridgeConfig {
        &self.shared.config
    }

    pub(crate) fn apology(&self) -> &ApologyClip {
        &self.shared.apology
    }

    pub(crate) fn calls(&self) -> &TaskTracker {
        &self.shared.calls
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.shared.draining.is_cancelled()
    }

    pub(crate) fn draining(&self) -> &CancellationToken {
        &self.shared.draining
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.shared.stopping
    }
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

/// The clock of calls, which tests may stop.
pub(crate) fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}
