//! What a chat completion leaves for the request that goes on with it: a call that its user was asked about, or what
//! was done before the client's own tools were called. Sealed by whoever writes it; nothing here reads it.
//!
//! It is found by a mark, which the client sends back without knowing: the text of the question, the id of a call.

use crate::{AccountId, Store, StoreError, secret_hash::secret_hash, webhooks::SealedSecret};
use sqlx::{Row as _, any::AnyRow};

/// Keeps something under a mark, in place of what was there.
pub async fn keep(
    store: &Store,
    account: AccountId,
    mark: &str,
    left: &SealedSecret,
    expires_at_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO chat_turns (account_id, mark_hash, key_id, sealed, expires_at_ms) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, mark_hash) DO UPDATE SET \
                 key_id = excluded.key_id, sealed = excluded.sealed, expires_at_ms = excluded.expires_at_ms",
            )
            .bind(account.0)
            .bind(secret_hash(mark))
            .bind(&left.key_id)
            .bind(&left.sealed)
            .bind(expires_at_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// What is kept under a mark. It stays.
pub async fn find(
    store: &Store,
    account: AccountId,
    mark: &str,
    now_ms: i64,
) -> Result<Option<SealedSecret>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT key_id, sealed FROM chat_turns \
                 WHERE account_id = $1 AND mark_hash = $2 AND expires_at_ms > $3",
            )
            .bind(account.0)
            .bind(secret_hash(mark))
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(sealed).transpose()
}

/// What is kept under a mark, to one taker alone: however many ask at once, one gets it.
pub async fn take(
    store: &Store,
    account: AccountId,
    mark: &str,
    now_ms: i64,
) -> Result<Option<SealedSecret>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "DELETE FROM chat_turns WHERE account_id = $1 AND mark_hash = $2 AND expires_at_ms > $3 \
                 RETURNING key_id, sealed",
            )
            .bind(account.0)
            .bind(secret_hash(mark))
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(sealed).transpose()
}

/// Takes away what nobody came back for; returns how many.
pub async fn purge(store: &Store, now_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM chat_turns WHERE expires_at_ms <= $1")
                .bind(now_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

fn sealed(row: &AnyRow) -> Result<SealedSecret, StoreError> {
    Ok(SealedSecret {
        key_id: row.try_get(0)?,
        sealed: row.try_get(1)?,
    })
}
