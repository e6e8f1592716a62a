//! Keys that open one socket to one assistant, for browsers and apps that must not hold an API key. Stored hashed.

use crate::{
    AccountId, Store, StoreError,
    secret_hash::{random_secret, secret_hash},
};
use sqlx::Row as _;

/// How such keys begin.
pub const PREFIX: &str = "ek_";

/// What a key is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EphemeralKey {
    /// Whose conversation it will be.
    pub account: AccountId,
    /// The assistant's name (`default`, `custom_…`).
    pub assistant: String,
    /// The end user who speaks; `None` for a stranger.
    pub resource: Option<String>,
}

/// Makes a key.
pub async fn issue(
    store: &Store,
    new: &EphemeralKey,
    expires_at_ms: i64,
) -> Result<String, StoreError> {
    let key = random_secret(PREFIX);
    store
        .timed(
            sqlx::query(
                "INSERT INTO ephemeral_keys (key_hash, account_id, assistant, resource, expires_at_ms) \
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(secret_hash(&key))
            .bind(new.account.0)
            .bind(&new.assistant)
            .bind(&new.resource)
            .bind(expires_at_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(key)
}

/// Spends a key, once; `None` for an unknown, spent or expired one, and when its account is closed.
pub async fn spend(
    store: &Store,
    key: &str,
    now_ms: i64,
) -> Result<Option<EphemeralKey>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "DELETE FROM ephemeral_keys WHERE key_hash = $1 AND expires_at_ms > $2 \
                 AND EXISTS (SELECT 1 FROM accounts a \
                             WHERE a.id = ephemeral_keys.account_id AND a.is_active = 1) \
                 RETURNING account_id, assistant, resource",
            )
            .bind(secret_hash(key))
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    let read = |row: sqlx::any::AnyRow| -> Result<_, sqlx::Error> {
        Ok(EphemeralKey {
            account: AccountId(row.try_get("account_id")?),
            assistant: row.try_get("assistant")?,
            resource: row.try_get("resource")?,
        })
    };
    Ok(row.map(read).transpose()?)
}

/// Takes away the keys that expired before `before_ms`; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM ephemeral_keys WHERE expires_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
