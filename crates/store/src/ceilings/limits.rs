//! An account's own limits, where an administrator set some.

use super::{Ceiling, Destinations, Resource};
use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// What was set for one account; `None` is the default of the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountLimits {
    /// Calls placed a day.
    pub calls: Option<Ceiling>,
    /// Messages sent a day.
    pub messages: Option<Ceiling>,
    /// Minutes of calls a day.
    pub minutes: Option<Ceiling>,
    /// Tokens of language models a day.
    pub tokens: Option<Ceiling>,
    /// Where it may call and write to.
    pub destinations: Option<Destinations>,
}

impl AccountLimits {
    /// The ceiling of one resource, where one was set.
    pub fn daily(&self, resource: Resource) -> Option<Ceiling> {
        match resource {
            Resource::Calls => self.calls,
            Resource::Messages => self.messages,
            Resource::Minutes => self.minutes,
            Resource::Tokens => self.tokens,
        }
    }
}

/// The account's limits.
pub async fn limits(store: &Store, account: AccountId) -> Result<AccountLimits, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT calls, messages, minutes, tokens, destinations FROM account_limits \
                 WHERE account_id = $1",
            )
            .bind(account.0)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else {
        return Ok(AccountLimits::default());
    };
    let ceiling = |column: usize| -> Result<_, sqlx::Error> {
        let value: Option<i64> = row.try_get(column)?;
        Ok(value.map(Ceiling::from_column))
    };
    let destinations: Option<String> = row.try_get(4)?;
    Ok(AccountLimits {
        calls: ceiling(0)?,
        messages: ceiling(1)?,
        minutes: ceiling(2)?,
        tokens: ceiling(3)?,
        destinations: destinations
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| StoreError::Corrupt("an account's destinations".into()))?,
    })
}

/// Sets the account's limits, all of them.
pub async fn set_limits(
    store: &Store,
    account: AccountId,
    limits: &AccountLimits,
) -> Result<(), StoreError> {
    let column = |ceiling: Option<Ceiling>| ceiling.map(Ceiling::to_column);
    store
        .timed(
            sqlx::query(
                "INSERT INTO account_limits (account_id, calls, messages, minutes, tokens, destinations) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id) DO UPDATE SET \
                 calls = excluded.calls, messages = excluded.messages, minutes = excluded.minutes, \
                 tokens = excluded.tokens, destinations = excluded.destinations",
            )
            .bind(account.0)
            .bind(column(limits.calls))
            .bind(column(limits.messages))
            .bind(column(limits.minutes))
            .bind(column(limits.tokens))
            .bind(limits.destinations.as_ref().map(ToString::to_string))
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}
