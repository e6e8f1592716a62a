//! Turns: what was said, as it happens, so that a conversation outlives its worker.

use crate::{Store, StoreError};

/// A turn.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Position in the session, from 0.
    pub position: i64,
    /// `user`, `assistant`, `tool`.
    pub role: String,
    /// Text; of an interrupted assistant turn, what was really heard.
    pub text: String,
    /// Was cut off by the caller.
    pub was_interrupted: bool,
    /// Timings in milliseconds as JSON (`{"endpointing":…,"stt":…,"llm":…,"tts":…,"total":…}`).
    pub timings: serde_json::Value,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// Appends a turn, if `epoch` still holds the session (None: a session without agent epoch).
/// Returns its position, or `None` when the epoch is lost.
pub async fn append(
    _store: &Store,
    _session_id: &str,
    _epoch: i64,
    _turn: &Turn,
) -> Result<Option<i64>, StoreError> {
    unimplemented!()
}
/// All turns, in order.
pub async fn list(_store: &Store, _session_id: &str) -> Result<Vec<Turn>, StoreError> {
    unimplemented!()
}
