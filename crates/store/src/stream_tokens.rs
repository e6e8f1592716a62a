//! Single-use tokens that tie a Media Streams socket to the webhook that announced it. Stored hashed.

use crate::{
    Store, StoreError,
    secret_hash::{random_secret, secret_hash},
};
use sqlx::Row as _;

/// Makes a token for a session.
pub async fn issue(
    store: &Store,
    session_id: &str,
    now_ms: i64,
    ttl_ms: i64,
) -> Result<String, StoreError> {
    let token = random_secret("st_");
    store
        .timed(
            sqlx::query(
                "INSERT INTO stream_tokens (token_hash, session_id, expires_at_ms) VALUES ($1, $2, $3)",
            )
            .bind(secret_hash(&token))
            .bind(session_id)
            .bind(now_ms.saturating_add(ttl_ms))
            .execute(store.pool()),
        )
        .await?;
    Ok(token)
}

/// Spends a token: the session's id, once; `None` for an unknown, spent or expired one, and when the session is over.
pub async fn redeem(store: &Store, token: &str, now_ms: i64) -> Result<Option<String>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE stream_tokens SET used_at_ms = $2 \
                 WHERE token_hash = $1 AND used_at_ms IS NULL AND expires_at_ms > $2 \
                 AND EXISTS (SELECT 1 FROM sessions s \
                             WHERE s.id = stream_tokens.session_id AND s.state <> 'ended') \
                 RETURNING session_id",
            )
            .bind(secret_hash(token))
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Whether a token of the session is neither spent nor expired: its stream may still come.
pub async fn is_open(store: &Store, session_id: &str, now_ms: i64) -> Result<bool, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT COUNT(*) FROM stream_tokens \
                 WHERE session_id = $1 AND expires_at_ms > $2 AND used_at_ms IS NULL",
            )
            .bind(session_id)
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// How many tokens of a session have not expired, spent ones too: how often its stream was asked for lately.
pub async fn recent(store: &Store, session_id: &str, now_ms: i64) -> Result<i64, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT COUNT(*) FROM stream_tokens WHERE session_id = $1 AND expires_at_ms > $2",
            )
            .bind(session_id)
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Takes away the tokens that expired before `before_ms`; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM stream_tokens WHERE expires_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
