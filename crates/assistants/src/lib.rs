//! Which assistant a name means in an account: a built-in one, or one of the account's own (its custom scenarios).
//!
//! The one place where names become assistants, for whoever makes a call (control-api), lets one in (bridge) or holds
//! it (agent). An own assistant's [`Assistant::name`] is its `scenario_id`, which nobody can change: that is what a
//! session's row keeps.

mod definition;

pub use definition::{definition, of_scenario};

use casp_conversation::{Assistant, OverrideError};
use casp_store::{AccountId, Store, StoreError, scenarios};
use serde_json::Value;

/// Why no assistant could be had.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The account has none of that name, and there is no built-in one.
    #[error("there is no assistant of that name")]
    Unknown,
    /// The session's own wishes make no sense.
    #[error(transparent)]
    Overrides(#[from] OverrideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The assistant of that name with one session's wishes ([`Assistant::with_overrides`]).
pub async fn resolve(
    store: &Store,
    account: AccountId,
    name: &str,
    overrides: &Value,
) -> Result<Assistant, ResolveError> {
    let assistant = find(store, account, name).await?;
    let assistant = assistant.ok_or(ResolveError::Unknown)?;
    Ok(assistant.with_overrides(overrides)?)
}

/// The assistant of that name: a built-in one, else one of the account's own by its `scenario_id`, number or name.
pub async fn find(
    store: &Store,
    account: AccountId,
    name: &str,
) -> Result<Option<Assistant>, StoreError> {
    match Assistant::builtin(name) {
        Some(builtin) => Ok(Some(builtin.clone())),
        None => find_own(store, account, name).await,
    }
}

/// One of the account's own by its `scenario_id`, number or name.
pub async fn find_own(
    store: &Store,
    account: AccountId,
    reference: &str,
) -> Result<Option<Assistant>, StoreError> {
    let scenario = scenarios::find(store, account, reference).await?;
    scenario.as_ref().map(of_scenario).transpose()
}
