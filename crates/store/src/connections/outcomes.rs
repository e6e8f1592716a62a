//! How a renewal went.

use super::{RefreshLease, SealedTokens};
use crate::{
    AccountId, Store, StoreError,
    webhooks::{Event, emit_in},
};
use serde_json::json;
use sqlx::AnyConnection;

/// What a provider gave for a refresh token.
#[derive(Debug)]
pub struct NewTokens<'a> {
    /// The tokens; the refresh token is the old one where the provider gave no other.
    pub tokens: &'a SealedTokens,
    /// What is granted now; `None`: the provider did not say.
    pub scopes: Option<&'a [String]>,
    /// When the access token expires.
    pub expires_at_ms: Option<i64>,
    /// When the tokens are to be renewed again.
    pub refresh_due_at_ms: Option<i64>,
}

/// Writes new tokens down, and the event that tells the account's backend. What counts is which tokens they came of,
/// not the lease: an answer that was slow to come is better than the spent token it replaces. False when the
/// connection is gone, or has others by now.
pub async fn refreshed(
    store: &Store,
    lease: &RefreshLease,
    new: &NewTokens<'_>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let of = &lease.connection;
    let version = of.version + 1;
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let done = sqlx::query(
                "UPDATE connections SET key_id = $3, sealed_access_token = $4, sealed_refresh_token = $5, \
                 scopes = COALESCE($6, scopes), expires_at_ms = $7, refresh_due_at_ms = $8, version = $9, \
                 problem = NULL, needs_reauth = 0, lease_until_ms = 0, unfinished = 0, failures = 0, \
                 updated_at_ms = $10 WHERE id = $1 AND version = $2",
            )
            .bind(&of.id)
            .bind(of.version)
            .bind(&new.tokens.key_id)
            .bind(&new.tokens.access)
            .bind(new.tokens.refresh.as_deref())
            .bind(new.scopes.map(|scopes| scopes.join(" ")))
            .bind(new.expires_at_ms)
            .bind(new.refresh_due_at_ms)
            .bind(version)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            let told = Told {
                event_type: "oauth.refreshed",
                expires_at_ms: new.expires_at_ms,
                version,
            };
            tell(&mut transaction, of.account, lease, &told, now_ms).await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

/// Why new tokens are not to be had for now.
#[derive(Debug)]
pub struct Failure<'a> {
    /// For people.
    pub problem: &'a str,
    /// The provider said so; else no answer came, and it may have spent the refresh token.
    pub was_answered: bool,
    /// When it is asked again, Unix milliseconds.
    pub retry_at_ms: i64,
}

/// The provider failed for now. False when somebody else has the lease, or the tokens are others by now.
pub async fn fail(
    store: &Store,
    lease: &RefreshLease,
    failure: &Failure<'_>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE connections SET refresh_due_at_ms = $4, problem = $5, lease_until_ms = 0, \
                 unfinished = CASE WHEN $7 = 1 THEN 0 ELSE unfinished END, failures = failures + 1, updated_at_ms = $6 WHERE id = $1 AND version = $2 AND lease = $3",
            )
            .bind(&lease.connection.id)
            .bind(lease.connection.version)
            .bind(lease.number)
            .bind(failure.retry_at_ms)
            .bind(failure.problem)
            .bind(now_ms)
            .bind(i64::from(failure.was_answered))
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The grant has ended: only the user can renew it. False when the tokens are others by now.
pub async fn give_up(
    store: &Store,
    lease: &RefreshLease,
    problem: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let of = &lease.connection;
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let done = sqlx::query(
                "UPDATE connections SET needs_reauth = 1, problem = $3, refresh_due_at_ms = NULL, \
                 lease_until_ms = 0, unfinished = 0, updated_at_ms = $4 \
                 WHERE id = $1 AND version = $2 AND needs_reauth = 0",
            )
            .bind(&of.id)
            .bind(of.version)
            .bind(problem)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            let told = Told {
                event_type: "oauth.needs_reauth",
                expires_at_ms: of.expires_at_ms,
                version: of.version,
            };
            tell(&mut transaction, of.account, lease, &told, now_ms).await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

/// What the account's backend is told.
struct Told {
    event_type: &'static str,
    expires_at_ms: Option<i64>,
    version: i64,
}

async fn tell(
    connection: &mut AnyConnection,
    account: AccountId,
    lease: &RefreshLease,
    told: &Told,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    let of = &lease.connection;
    let body = json!({
        "type": told.event_type,
        "timestamp": rfc3339(now_ms),
        "data": {
            "connection": of.id,
            "provider": of.provider,
            "resource": of.resource,
            "expires_at": told.expires_at_ms.map(rfc3339),
            "needs_reauth": told.event_type == "oauth.needs_reauth",
        },
    });
    let event = Event {
        event_type: told.event_type,
        key: &format!("{}/{}", of.id, told.version),
        body: body.to_string(),
    };
    emit_in(connection, account, &event, now_ms).await?;
    Ok(())
}

fn rfc3339(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .unwrap_or_default()
        .to_string()
}
