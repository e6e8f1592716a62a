//! All callers start to talk together.

use tokio::sync::watch;

/// Opens once everybody is ready or has failed.
#[derive(Debug)]
pub struct Gate {
    missing: watch::Sender<usize>,
}

impl Gate {
    /// For `callers`.
    pub fn new(callers: usize) -> Self {
        Self {
            missing: watch::Sender::new(callers),
        }
    }

    /// One more is ready, or has failed.
    pub fn arrive(&self) {
        self.missing
            .send_modify(|missing| *missing = missing.saturating_sub(1));
    }

    /// Waits for the last.
    pub async fn opened(&self) {
        // The sender is `self`, so this cannot fail.
        let _ = self
            .missing
            .subscribe()
            .wait_for(|&missing| missing == 0)
            .await;
    }
}
