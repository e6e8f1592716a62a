//! OAuth connections: their sealed tokens, and who may renew them when.
//!
//! The tokens of a connection have a version. Whoever renews them names the version that he had, so new tokens take
//! the place of those they came of and of no others, however late they are written. Before a provider is asked for new
//! ones the lease is taken, so that one instance asks at a time.

mod keeping;
mod leases;
mod outcomes;
mod resealing;
mod revocations;

pub use keeping::{NewConnection, RemoveRule, get, list, remove, save};
pub use leases::{RefreshLease, claim, claim_due, next_due};
pub use outcomes::{Failure, NewTokens, fail, give_up, refreshed};
pub use resealing::{Resealable, SealedRow, reseal, sealed_with_others};
pub use revocations::{
    REVOCATION_JOB, Revocation, is_in_use, purge as purge_revocations, revocation, revoked,
};

use crate::{AccountId, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// The tokens of a connection, encrypted with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTokens {
    /// With which key.
    pub key_id: String,
    /// The access token.
    pub access: String,
    /// The refresh token, if the provider gave one.
    pub refresh: Option<String>,
}

/// What an end user of an account lets CASP do at a provider.
#[derive(Debug, Clone)]
pub struct Connection {
    /// `con_…`
    pub id: String,
    /// The account.
    pub account: AccountId,
    /// Its end user.
    pub resource: String,
    /// The provider's name.
    pub provider: String,
    /// Whose account at the provider it is, as the provider says; lower case.
    pub user_email: Option<String>,
    /// What the user granted.
    pub scopes: Vec<String>,
    /// What else the provider told: Slack's team, Jira's cloud id.
    pub extra: serde_json::Value,
    /// Its tokens.
    pub tokens: SealedTokens,
    /// When the access token expires, Unix milliseconds; `None`: it does not.
    pub expires_at_ms: Option<i64>,
    /// Which tokens these are: counts from 1.
    pub version: i64,
    /// When they are renewed, or tried again, Unix milliseconds.
    pub refresh_due_at_ms: Option<i64>,
    /// The grant has ended; only the user can renew it.
    pub needs_reauth: bool,
    /// Why, or why the last renewal failed; for people.
    pub problem: Option<String>,
    /// Until when somebody renews them, Unix milliseconds.
    pub lease_until_ms: i64,
    /// Renewals that failed since the last that succeeded.
    pub failures: i64,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

/// The columns of [`from_row`], in its order.
macro_rules! columns {
    () => {
        "id, account_id, resource, provider, user_email, scopes, extra, key_id, sealed_access_token, \
         sealed_refresh_token, expires_at_ms, version, refresh_due_at_ms, needs_reauth, problem, \
         lease_until_ms, failures, created_at_ms, updated_at_ms"
    };
}
use columns;

fn from_row(row: &AnyRow) -> Result<Connection, StoreError> {
    let extra: String = row.try_get(6)?;
    Ok(Connection {
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        resource: row.try_get(2)?,
        provider: row.try_get(3)?,
        user_email: row.try_get(4)?,
        scopes: words(&row.try_get::<String, _>(5)?),
        extra: serde_json::from_str(&extra).unwrap_or_default(),
        tokens: SealedTokens {
            key_id: row.try_get(7)?,
            access: row.try_get(8)?,
            refresh: row.try_get(9)?,
        },
        expires_at_ms: row.try_get(10)?,
        version: row.try_get(11)?,
        refresh_due_at_ms: row.try_get(12)?,
        needs_reauth: row.try_get::<i64, _>(13)? != 0,
        problem: row.try_get(14)?,
        lease_until_ms: row.try_get(15)?,
        failures: row.try_get(16)?,
        created_at_ms: row.try_get(17)?,
        updated_at_ms: row.try_get(18)?,
    })
}

/// Scopes as the table holds them.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
