//! Users who are at a provider's consent page. What the provider gives back is good once, and in the browser that was
//! sent there.

use crate::{
    AccountId, Store, StoreError, connections::words, secret_hash::secret_hash,
    webhooks::SealedSecret,
};
use sqlx::Row as _;

/// What is known of one when it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The account.
    pub account: AccountId,
    /// The provider's name.
    pub provider: String,
    /// Its end user; `None`: the e-mail that the provider vouches for.
    pub resource: Option<String>,
    /// Where the user is sent in the end.
    pub return_to: String,
    /// The state of whoever sent the user.
    pub client_state: Option<String>,
    /// The `redirect_uri` that the provider was told.
    pub callback_uri: String,
    /// What was asked for.
    pub scopes: Vec<String>,
    /// The PKCE verifier.
    pub verifier: SealedSecret,
}

/// One that begins.
#[derive(Debug)]
pub struct NewAuthorization<'a> {
    /// What the provider gives back.
    pub state: &'a str,
    /// What the browser's cookie holds; `None`: it began where no cookie can be set.
    pub browser: Option<&'a str>,
    /// All else.
    pub record: &'a Authorization,
    /// When it is too late.
    pub expires_at_ms: i64,
}

/// Writes one down.
pub async fn begin(store: &Store, new: &NewAuthorization<'_>) -> Result<(), StoreError> {
    let record = new.record;
    store
        .timed(
            sqlx::query(
                "INSERT INTO oauth_authorizations (state_hash, account_id, provider, resource, return_to, \
                 client_state, callback_uri, scopes, browser_hash, key_id, sealed_verifier, expires_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(secret_hash(new.state))
            .bind(record.account.0)
            .bind(&record.provider)
            .bind(record.resource.as_deref())
            .bind(&record.return_to)
            .bind(record.client_state.as_deref())
            .bind(&record.callback_uri)
            .bind(record.scopes.join(" "))
            .bind(new.browser.map(secret_hash))
            .bind(&record.verifier.key_id)
            .bind(&record.verifier.sealed)
            .bind(new.expires_at_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Spends one that came back in this browser; `None` for one that is unknown, spent,
/// expired, of another provider, or of another browser. In another browser it is not spent.
pub async fn redeem(
    store: &Store,
    state: &str,
    provider: &str,
    browser: Option<&str>,
    now_ms: i64,
) -> Result<Option<Authorization>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "DELETE FROM oauth_authorizations WHERE state_hash = $1 AND provider = $2 \
                 AND (browser_hash IS NULL OR browser_hash = $3) AND expires_at_ms > $4 \
                 RETURNING account_id, provider, resource, return_to, client_state, callback_uri, scopes, key_id, \
                 sealed_verifier",
            )
            .bind(secret_hash(state))
            .bind(provider)
            .bind(secret_hash(browser.unwrap_or_default()))
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Authorization {
        account: AccountId(row.try_get(0)?),
        provider: row.try_get(1)?,
        resource: row.try_get(2)?,
        return_to: row.try_get(3)?,
        client_state: row.try_get(4)?,
        callback_uri: row.try_get(5)?,
        scopes: words(&row.try_get::<String, _>(6)?),
        verifier: SealedSecret {
            key_id: row.try_get(7)?,
            sealed: row.try_get(8)?,
        },
    }))
}
