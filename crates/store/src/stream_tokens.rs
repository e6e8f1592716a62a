//! Single-use tokens that tie a Media Streams socket to the webhook that announced it. Stored hashed.

use crate::{Store, StoreError};

/// Makes a token for a session.
pub async fn issue(
    _store: &Store,
    _session_id: &str,
    _now_ms: i64,
    _ttl_ms: i64,
) -> Result<String, StoreError> {
    unimplemented!()
}
/// Spends a token: the session's id, once.
pub async fn redeem(
    _store: &Store,
    _token: &str,
    _now_ms: i64,
) -> Result<Option<String>, StoreError> {
    unimplemented!()
}
