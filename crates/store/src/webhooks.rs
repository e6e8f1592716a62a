//! Outgoing webhooks: where an account wants to be told of events, and what it was told.
//!
//! An event is written down together with the job that delivers it, so that it is sent whatever happens to the
//! process that saw it. Where a delivery stands is what its job says.

mod call_ended;
mod deliveries;

pub(crate) use call_ended::call_ended;
pub(crate) use deliveries::emit_in;

pub use deliveries::{
    Delivery, DeliveryState, Event, ToSend, delivered, delivery, emit, list, note_failure, purge,
    resend, to_send,
};

use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// The kind of the jobs that deliver.
pub const DELIVERY_JOB: &str = "webhook-delivery";

/// A secret that lies encrypted in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// With which key.
    pub key_id: String,
    /// The encrypted secret, as text.
    pub sealed: String,
}

/// Where an account wants to be told.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// What its messages are signed with.
    pub secret: SealedSecret,
    /// When it was set first, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it was changed last, Unix milliseconds.
    pub updated_at_ms: i64,
}

/// Sets the account's endpoint.
pub async fn set_endpoint(
    store: &Store,
    account: AccountId,
    url: &str,
    secret: &SealedSecret,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO webhook_endpoints (account_id, url, secret_key_id, sealed_secret, \
                 created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $5) \
                 ON CONFLICT (account_id) DO UPDATE SET url = excluded.url, \
                 secret_key_id = excluded.secret_key_id, sealed_secret = excluded.sealed_secret, \
                 updated_at_ms = excluded.updated_at_ms",
            )
            .bind(account.0)
            .bind(url)
            .bind(&secret.key_id)
            .bind(&secret.sealed)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// The account's endpoint.
pub async fn endpoint(store: &Store, account: AccountId) -> Result<Option<Endpoint>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT url, secret_key_id, sealed_secret, created_at_ms, updated_at_ms \
                 FROM webhook_endpoints WHERE account_id = $1",
            )
            .bind(account.0)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Endpoint {
        url: row.try_get(0)?,
        secret: SealedSecret {
            key_id: row.try_get(1)?,
            sealed: row.try_get(2)?,
        },
        created_at_ms: row.try_get(3)?,
        updated_at_ms: row.try_get(4)?,
    }))
}

/// The account no longer wants to be told; false when it did not anyway.
pub async fn remove_endpoint(store: &Store, account: AccountId) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM webhook_endpoints WHERE account_id = $1")
                .bind(account.0)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}
