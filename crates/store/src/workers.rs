//! Workers: one heartbeat row each.

use crate::{Store, StoreError};

/// What a worker reports.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Its id.
    pub worker_id: String,
    /// Conversations it holds.
    pub jobs: i64,
    /// Conversations it can hold.
    pub max_jobs: i64,
    /// Takes no more.
    pub is_draining: bool,
}

/// Room over all live workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Live workers.
    pub workers: i64,
    /// Free places.
    pub free: i64,
}

/// Writes the heartbeat (one write a worker).
pub async fn heartbeat(_store: &Store, _beat: &Heartbeat, _now_ms: i64) -> Result<(), StoreError> {
    unimplemented!()
}
/// A worker that ends cleanly takes its row away.
pub async fn remove(_store: &Store, _worker_id: &str) -> Result<(), StoreError> {
    unimplemented!()
}
/// Room over workers whose heartbeat is younger than `stale_after_ms`.
pub async fn capacity(
    _store: &Store,
    _now_ms: i64,
    _stale_after_ms: i64,
) -> Result<Capacity, StoreError> {
    unimplemented!()
}
