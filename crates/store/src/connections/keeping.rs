//! Connections as users make and end them.

use super::{Connection, REVOCATION_JOB, SealedTokens, columns, from_row};
use crate::{
    AccountId, Store, StoreError,
    jobs::{NewJob, enqueue_in},
    secret_hash::random_id,
};
use sqlx::{AnyConnection, Row as _};

/// How often the provider is told of a token that is not wanted any more: for about a day.
const REVOCATION_ATTEMPTS: u32 = 12;

/// A connection that a user made.
#[derive(Debug)]
pub struct NewConnection<'a> {
    /// The account.
    pub account: AccountId,
    /// Its end user.
    pub resource: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// Whose account at the provider it is.
    pub user_email: Option<&'a str>,
    /// What the user granted.
    pub scopes: &'a [String],
    /// What else the provider told.
    pub extra: &'a serde_json::Value,
    /// The tokens, in the place of all that were there.
    pub tokens: &'a SealedTokens,
    /// When the access token expires.
    pub expires_at_ms: Option<i64>,
    /// When the tokens are to be renewed.
    pub refresh_due_at_ms: Option<i64>,
}

/// Keeps a connection; one of the same end user and provider gets these tokens.
pub async fn save(
    store: &Store,
    new: &NewConnection<'_>,
    now_ms: i64,
) -> Result<Connection, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "INSERT INTO connections (id, account_id, resource, provider, user_email, scopes, extra, key_id, \
                 sealed_access_token, sealed_refresh_token, expires_at_ms, version, refresh_due_at_ms, needs_reauth, \
                 lease, lease_until_ms, unfinished, failures, created_at_ms, updated_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, 0, 0, 0, 0, 0, $13, $13) \
                 ON CONFLICT (account_id, resource, provider) DO UPDATE SET user_email = excluded.user_email, \
                 scopes = excluded.scopes, extra = excluded.extra, key_id = excluded.key_id, \
                 sealed_access_token = excluded.sealed_access_token, \
                 sealed_refresh_token = excluded.sealed_refresh_token, expires_at_ms = excluded.expires_at_ms, \
                 version = connections.version + 1, refresh_due_at_ms = excluded.refresh_due_at_ms, \
                 needs_reauth = 0, problem = NULL, lease = connections.lease + 1, lease_until_ms = 0, \
                 unfinished = 0, failures = 0, updated_at_ms = excluded.updated_at_ms RETURNING ",
                columns!()
            ))
            .bind(format!("con_{}", random_id()))
            .bind(new.account.0)
            .bind(new.resource)
            .bind(new.provider)
            .bind(new.user_email.map(str::to_lowercase))
            .bind(new.scopes.join(" "))
            .bind(new.extra.to_string())
            .bind(&new.tokens.key_id)
            .bind(&new.tokens.access)
            .bind(new.tokens.refresh.as_deref())
            .bind(new.expires_at_ms)
            .bind(new.refresh_due_at_ms)
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    from_row(&row)
}

/// The connection of an end user with a provider.
pub async fn get(
    store: &Store,
    account: AccountId,
    resource: &str,
    provider: &str,
) -> Result<Option<Connection>, StoreError> {
    if resource.contains('\0') {
        return Ok(None);
    }
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM connections WHERE account_id = $1 AND resource = $2 AND provider = $3"
            ))
            .bind(account.0)
            .bind(resource)
            .bind(provider)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// All connections of an end user.
pub async fn list(
    store: &Store,
    account: AccountId,
    resource: &str,
) -> Result<Vec<Connection>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM connections WHERE account_id = $1 AND resource = $2 ORDER BY provider"
            ))
            .bind(account.0)
            .bind(resource)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Whether the provider is told when a connection ends.
#[derive(Debug, Clone, Copy)]
pub enum RemoveRule<'a> {
    /// It has no way to be told.
    Forget,
    /// Always.
    Revoke,
    /// Unless the same user's connection to one of these lives: the provider would end them all.
    RevokeLast(&'a [&'a str]),
}

/// Ends a connection: its tokens are gone from it, and a job is there to tell the provider, both or neither. False when
/// there was none.
pub async fn remove(
    store: &Store,
    account: AccountId,
    resource: &str,
    provider: &str,
    rule: RemoveRule<'_>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            // Those who end connections of one account take turns at its row: the last one has to know that it is.
            sqlx::query("UPDATE accounts SET id = id WHERE id = $1")
                .bind(account.0)
                .execute(&mut *transaction)
                .await?;
            let row = sqlx::query(
                "DELETE FROM connections WHERE account_id = $1 AND resource = $2 AND provider = $3 \
                 RETURNING user_email, key_id, sealed_access_token, sealed_refresh_token",
            )
            .bind(account.0)
            .bind(resource)
            .bind(provider)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else { return Ok(false) };
            let email: Option<String> = row.try_get(0)?;
            let is_to_revoke = match rule {
                RemoveRule::Forget => false,
                RemoveRule::Revoke => true,
                RemoveRule::RevokeLast(kin) => {
                    !has_kin(&mut transaction, email.as_deref(), kin).await?
                }
            };
            if is_to_revoke {
                let id = format!("rev_{}", random_id());
                sqlx::query(
                    "INSERT INTO revocations (id, account_id, resource, provider, key_id, sealed_access_token, \
                     sealed_refresh_token, created_at_ms, user_email) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                )
                .bind(&id)
                .bind(account.0)
                .bind(resource)
                .bind(provider)
                .bind(row.try_get::<String, _>(1)?)
                .bind(row.try_get::<String, _>(2)?)
                .bind(row.try_get::<Option<String>, _>(3)?)
                .bind(now_ms)
                .bind(email)
                .execute(&mut *transaction)
                .await?;
                let job = NewJob {
                    kind: REVOCATION_JOB,
                    account: Some(account),
                    key: Some(id.clone()),
                    payload: serde_json::json!({ "revocation": id }),
                    run_at_ms: now_ms,
                    max_attempts: REVOCATION_ATTEMPTS,
                };
                enqueue_in(&mut transaction, &job, now_ms).await?;
            }
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

/// Whether a user of the provider, by e-mail, has one of these connections.
pub(super) async fn has_kin(
    connection: &mut AnyConnection,
    user_email: Option<&str>,
    kin: &[&str],
) -> Result<bool, sqlx::Error> {
    let Some(user_email) = user_email else {
        return Ok(false);
    };
    let rows = sqlx::query("SELECT provider FROM connections WHERE user_email = $1")
        .bind(user_email)
        .fetch_all(connection)
        .await?;
    for row in rows {
        if kin.contains(&row.try_get::<String, _>(0)?.as_str()) {
            return Ok(true);
        }
    }
    Ok(false)
}
