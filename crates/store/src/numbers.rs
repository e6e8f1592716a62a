//! Telephone numbers: which account each belongs to, and which assistant answers there.
//!
//! A number has one owner. Who that is, is for an operator to say (whoever could claim numbers could take others'
//! calls); the owner chooses the assistant.

use crate::{AccountId, Store, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// At most this many numbers are listed at once.
const MOST_LISTED: i64 = 1_000;

/// A number and its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// E.164, with its plus (`+15551230002`).
    pub number: String,
    /// The owner.
    pub account: AccountId,
    /// Who answers (`default`, `sales`, `custom_…`).
    pub assistant: String,
    /// When the owner got it, Unix milliseconds.
    pub created_at_ms: i64,
}

/// Gives a number to an account, whoever had it before.
pub async fn assign(
    store: &Store,
    account: AccountId,
    number: &str,
    assistant: &str,
    now_ms: i64,
) -> Result<Number, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "INSERT INTO numbers (number, account_id, assistant, created_at_ms, updated_at_ms) \
                 VALUES ($1, $2, $3, $4, $4) ON CONFLICT (number) DO UPDATE SET \
                 created_at_ms = CASE WHEN numbers.account_id = excluded.account_id \
                     THEN numbers.created_at_ms ELSE excluded.created_at_ms END, \
                 account_id = excluded.account_id, assistant = excluded.assistant, \
                 updated_at_ms = excluded.updated_at_ms \
                 RETURNING number, account_id, assistant, created_at_ms",
            )
            .bind(number)
            .bind(account.0)
            .bind(assistant)
            .bind(now_ms)
            .fetch_one(store.pool()),
        )
        .await?;
    from_row(&row)
}

/// Gives an account a number that nobody has, or that it has already; `None` when it is another's.
pub async fn claim(
    store: &Store,
    account: AccountId,
    number: &str,
    assistant: &str,
    now_ms: i64,
) -> Result<Option<Number>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "INSERT INTO numbers (number, account_id, assistant, created_at_ms, updated_at_ms) \
                 VALUES ($1, $2, $3, $4, $4) ON CONFLICT (number) DO UPDATE SET \
                 assistant = excluded.assistant, updated_at_ms = excluded.updated_at_ms \
                 WHERE numbers.account_id = excluded.account_id \
                 RETURNING number, account_id, assistant, created_at_ms",
            )
            .bind(number)
            .bind(account.0)
            .bind(assistant)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Sets who answers at a number of the account; `None` when it has no such number.
pub async fn set_assistant(
    store: &Store,
    account: AccountId,
    number: &str,
    assistant: &str,
    now_ms: i64,
) -> Result<Option<Number>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "UPDATE numbers SET assistant = $3, updated_at_ms = $4 \
                 WHERE number = $1 AND account_id = $2 \
                 RETURNING number, account_id, assistant, created_at_ms",
            )
            .bind(number)
            .bind(account.0)
            .bind(assistant)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Whose an address is: a number, or a number of WhatsApp (`whatsapp:+1555…`). Anything else is nobody's.
pub async fn owner(store: &Store, address: &str) -> Result<Option<Number>, StoreError> {
    let number = address.strip_prefix("whatsapp:").unwrap_or(address);
    if !number.starts_with('+') || number.contains('\0') {
        return Ok(None);
    }
    let row = store
        .timed(
            sqlx::query(
                "SELECT number, account_id, assistant, created_at_ms FROM numbers WHERE number = $1",
            )
            .bind(number)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The numbers of one account, or all, in order (the first 1,000).
pub async fn list(store: &Store, account: Option<AccountId>) -> Result<Vec<Number>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT number, account_id, assistant, created_at_ms FROM numbers \
                 WHERE $1 = 0 OR account_id = $1 ORDER BY number LIMIT $2",
            )
            .bind(account.map_or(0, |account| account.0))
            .bind(MOST_LISTED)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Takes a number of the account away; false when it has no such number.
pub async fn release(store: &Store, account: AccountId, number: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM numbers WHERE number = $1 AND account_id = $2")
                .bind(number)
                .bind(account.0)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

fn from_row(row: &AnyRow) -> Result<Number, StoreError> {
    Ok(Number {
        number: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        assistant: row.try_get(2)?,
        created_at_ms: row.try_get(3)?,
    })
}
