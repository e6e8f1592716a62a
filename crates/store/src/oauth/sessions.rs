//! Links for one end user to connect one provider. Stored hashed; each works once.

use crate::{
    AccountId, Store, StoreError,
    secret_hash::{random_token, secret_hash},
};
use sqlx::Row as _;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthSession {
    /// The account that made it.
    pub account: AccountId,
    /// The provider's name.
    pub provider: String,
    /// The end user.
    pub resource: String,
    /// Where the user is sent afterwards.
    pub redirect_uri: String,
}

/// Makes a link's token.
pub async fn create_session(
    store: &Store,
    session: &OAuthSession,
    ttl_ms: i64,
    now_ms: i64,
) -> Result<String, StoreError> {
    let token = random_token("os_");
    store
        .timed(
            sqlx::query(
                "INSERT INTO oauth_sessions (token_hash, account_id, provider, resource, redirect_uri, expires_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(secret_hash(&token))
            .bind(session.account.0)
            .bind(&session.provider)
            .bind(&session.resource)
            .bind(&session.redirect_uri)
            .bind(now_ms.saturating_add(ttl_ms))
            .execute(store.pool()),
        )
        .await?;
    Ok(token)
}

/// Spends a token; `None` for one that is unknown, spent, expired, or for another provider.
pub async fn redeem_session(
    store: &Store,
    token: &str,
    provider: &str,
    now_ms: i64,
) -> Result<Option<OAuthSession>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "DELETE FROM oauth_sessions WHERE token_hash = $1 AND provider = $2 AND expires_at_ms > $3 \
                 RETURNING account_id, provider, resource, redirect_uri",
            )
            .bind(secret_hash(token))
            .bind(provider)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(OAuthSession {
        account: AccountId(row.try_get(0)?),
        provider: row.try_get(1)?,
        resource: row.try_get(2)?,
        redirect_uri: row.try_get(3)?,
    }))
}
