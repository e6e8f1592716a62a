//! What others may know of the worker: `/readyz`, `casp dev`'s line.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) is_registered: bool,
    pub(super) is_draining: bool,
    pub(super) jobs: usize,
}

/// How a worker stands. Make one, give a clone to [`crate::AgentConfig`], ask the other.
#[derive(Debug, Clone, Default)]
pub struct WorkerStatus {
    snapshot: watch::Sender<Snapshot>,
}

impl WorkerStatus {
    /// Of a worker that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registered with LiveKit's dispatch.
    pub fn is_registered(&self) -> bool {
        self.snapshot.borrow().is_registered
    }

    /// Takes no more jobs.
    pub fn is_draining(&self) -> bool {
        self.snapshot.borrow().is_draining
    }

    /// Conversations that run now.
    pub fn jobs(&self) -> usize {
        self.snapshot.borrow().jobs
    }

    /// Waits until it is registered.
    pub async fn registered(&self) {
        let mut seen = self.snapshot.subscribe();
        // The sender lives as long as `self`.
        let _ = seen.wait_for(|snapshot| snapshot.is_registered).await;
    }

    /// Waits until so many conversations run.
    pub async fn has_jobs(&self, jobs: usize) {
        let mut seen = self.snapshot.subscribe();
        let _ = seen.wait_for(|snapshot| snapshot.jobs == jobs).await;
    }

    pub(super) fn set(&self, snapshot: Snapshot) {
        self.snapshot.send_if_modified(|current| {
            let is_changed = *current != snapshot;
            *current = snapshot;
            is_changed
        });
    }
}
