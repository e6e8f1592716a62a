//! What an account wants of all calls that are placed for it.

use crate::{AccountId, Store, StoreError, calls::Machine};
use serde_json::Value;
use sqlx::Row as _;

/// An account's wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallSettings {
    /// What is done when a machine answers; `None`: nothing was said.
    pub machine: Option<Machine>,
    /// When calls may be placed, as the API wrote it; `None`: at any time.
    pub calling_hours: Option<Value>,
}

/// An account's wishes.
pub async fn get(store: &Store, account: AccountId) -> Result<CallSettings, StoreError> {
    let row = store
        .timed(
            sqlx::query("SELECT machine, calling_hours FROM call_settings WHERE account_id = $1")
                .bind(account.0)
                .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else {
        return Ok(CallSettings::default());
    };
    let machine: Option<String> = row.try_get(0)?;
    let hours: Option<String> = row.try_get(1)?;
    Ok(CallSettings {
        machine: machine.as_deref().and_then(Machine::from_name),
        calling_hours: hours
            .map(|hours| serde_json::from_str(&hours))
            .transpose()
            .map_err(|_| StoreError::Corrupt("call_settings.calling_hours".into()))?,
    })
}

/// Sets what is done when a machine answers.
pub async fn set_machine(
    store: &Store,
    account: AccountId,
    machine: Machine,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO call_settings (account_id, machine, next_call_at_ms) VALUES ($1, $2, 0) \
                 ON CONFLICT (account_id) DO UPDATE SET machine = excluded.machine",
            )
            .bind(account.0)
            .bind(machine.name())
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Sets when calls may be placed; `None`: at any time.
pub async fn set_calling_hours(
    store: &Store,
    account: AccountId,
    hours: Option<&Value>,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "INSERT INTO call_settings (account_id, calling_hours, next_call_at_ms) \
                 VALUES ($1, $2, 0) \
                 ON CONFLICT (account_id) DO UPDATE SET calling_hours = excluded.calling_hours",
            )
            .bind(account.0)
            .bind(hours.map(Value::to_string))
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}
