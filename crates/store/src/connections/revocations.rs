//! Tokens that a provider is to be told to forget.

use super::{SealedTokens, keeping::has_kin};
use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// The kind of the jobs that tell it.
pub const REVOCATION_JOB: &str = "revoke-connection";

/// Tokens of a connection that is gone.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// Whose connection it was.
    pub account: AccountId,
    /// Its end user.
    pub resource: String,
    /// The provider's name.
    pub provider: String,
    /// Whose account at the provider it was.
    pub user_email: Option<String>,
    /// The tokens, sealed as they were in the connection.
    pub tokens: SealedTokens,
}

/// One that is to be told; `None` once it was.
pub async fn revocation(store: &Store, id: &str) -> Result<Option<Revocation>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT account_id, resource, provider, key_id, sealed_access_token, sealed_refresh_token, \
                 user_email FROM revocations WHERE id = $1",
            )
            .bind(id)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Revocation {
        account: AccountId(row.try_get(0)?),
        resource: row.try_get(1)?,
        provider: row.try_get(2)?,
        tokens: SealedTokens {
            key_id: row.try_get(3)?,
            access: row.try_get(4)?,
            refresh: row.try_get(5)?,
        },
        user_email: row.try_get(6)?,
    }))
}

/// Whether its user has one of these connections again: the provider would end them all.
pub async fn is_in_use(store: &Store, of: &Revocation, kin: &[&str]) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut connection = store.pool().acquire().await?;
            has_kin(&mut connection, of.user_email.as_deref(), kin).await
        })
        .await
}

/// The provider has been told, or never will be: the tokens go.
pub async fn revoked(store: &Store, id: &str) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("DELETE FROM revocations WHERE id = $1")
                .bind(id)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Takes away tokens whose job was given up long ago; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM revocations WHERE created_at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
