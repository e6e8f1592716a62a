//! Accounts and their API keys.

mod keys;

pub use keys::{
    ApiKey, KeyKind, NewKey, by_key, create_key, delete_all_keys, delete_key, ensure_key, list_keys,
};

use crate::{AccountId, Store, StoreError};
use sqlx::{Row as _, any::AnyRow};
use std::time::{SystemTime, UNIX_EPOCH};

/// How often a number that somebody else was faster to take is tried anew.
const INSERT_ATTEMPTS: u32 = 20;

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Number.
    pub id: AccountId,
    /// E-mail, lower case.
    pub email: String,
    /// May log in.
    pub is_active: bool,
    /// May see the debug routes.
    pub is_admin: bool,
    /// Its e-mail was shown to be its own, or an administrator vouched for it.
    pub is_verified: bool,
}

/// The columns of an [`Account`], from `accounts a`.
macro_rules! account_columns {
    () => {
        "a.id, a.email, a.is_active, a.is_admin, a.email_verified_at_ms"
    };
}
pub(crate) use account_columns;

/// Makes the account of that e-mail, or finds it: by whoever runs the service, so that its e-mail counts as verified.
/// The password hash (a PHC string) and `is_admin` are set only when the account is made.
pub async fn ensure(
    store: &Store,
    email: &str,
    password_hash: Option<&str>,
    is_admin: bool,
) -> Result<Account, StoreError> {
    let email = normalized(email);
    let now = now_ms();
    let new = NewAccount {
        email: &email,
        password_hash,
        is_admin,
        is_verified: true,
    };
    if let Some(account) = insert(store, &new, now).await? {
        return Ok(account);
    }
    by_email(store, &email).await?.ok_or(StoreError::Timeout)
}

/// Makes the account of somebody who registers; `None` when the e-mail has one already. `is_verified`: an invitation
/// vouches for the e-mail.
pub async fn register(
    store: &Store,
    email: &str,
    password_hash: &str,
    is_verified: bool,
    now_ms: i64,
) -> Result<Option<Account>, StoreError> {
    let new = NewAccount {
        email: &normalized(email),
        password_hash: Some(password_hash),
        is_admin: false,
        is_verified,
    };
    insert(store, &new, now_ms).await
}

struct NewAccount<'a> {
    email: &'a str,
    password_hash: Option<&'a str>,
    is_admin: bool,
    is_verified: bool,
}

/// `None` when the e-mail is taken.
async fn insert(
    store: &Store,
    new: &NewAccount<'_>,
    now_ms: i64,
) -> Result<Option<Account>, StoreError> {
    // Two that take the same number at once: one violates the primary key, which `ON CONFLICT` turns into nothing
    // done, and tries again.
    for _ in 0..INSERT_ATTEMPTS {
        let row = store
            .timed(
                sqlx::query(
                    "INSERT INTO accounts (id, email, password_hash, is_active, is_admin, \
                     created_at_ms, email_verified_at_ms) \
                     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, 1, $3, $4, \
                     CASE WHEN $5 = 1 THEN $4 ELSE NULL END FROM accounts WHERE 1 = 1 \
                     ON CONFLICT DO NOTHING \
                     RETURNING id, email, is_active, is_admin, email_verified_at_ms",
                )
                .bind(new.email)
                .bind(new.password_hash)
                .bind(i64::from(new.is_admin))
                .bind(now_ms)
                .bind(i64::from(new.is_verified))
                .fetch_optional(store.pool()),
            )
            .await?;
        if let Some(row) = row {
            return from_row(&row).map(Some);
        }
        if by_email(store, new.email).await?.is_some() {
            return Ok(None);
        }
    }
    Err(StoreError::Timeout)
}

/// By number.
pub async fn get(store: &Store, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                " FROM accounts a WHERE a.id = $1"
            ))
            .bind(id.0)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// By e-mail, in upper or lower case.
pub async fn by_email(store: &Store, email: &str) -> Result<Option<Account>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                " FROM accounts a WHERE a.email = $1"
            ))
            .bind(normalized(email))
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// What a sign-in is checked against.
#[derive(Debug)]
pub struct Credentials {
    /// Who it would be.
    pub account: Account,
    /// PHC string; without one, nobody can sign in.
    pub password_hash: Option<String>,
}

/// The account of an e-mail with its password hash.
pub async fn credentials(store: &Store, email: &str) -> Result<Option<Credentials>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                ", a.password_hash FROM accounts a WHERE a.email = $1"
            ))
            .bind(normalized(email))
            .fetch_optional(store.pool()),
        )
        .await?;
    row.map(|row| {
        Ok(Credentials {
            account: from_row(&row)?,
            password_hash: row.try_get("password_hash")?,
        })
    })
    .transpose()
}

/// All accounts by number, a page at a time.
pub async fn list(store: &Store, skip: i64, limit: i64) -> Result<Vec<Account>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                " FROM accounts a ORDER BY a.id LIMIT $2 OFFSET $1"
            ))
            .bind(skip)
            .bind(limit)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The e-mail is its own; false when it was so before.
pub async fn verify_email(store: &Store, id: AccountId, now_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE accounts SET email_verified_at_ms = $2 \
                 WHERE id = $1 AND email_verified_at_ms IS NULL",
            )
            .bind(id.0)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an account an administrator, or no longer one.
pub async fn set_admin(store: &Store, id: AccountId, is_admin: bool) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("UPDATE accounts SET is_admin = $2 WHERE id = $1")
                .bind(id.0)
                .bind(i64::from(is_admin))
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Closes an account (nobody signs in, no key works), or opens it again.
pub async fn set_active(store: &Store, id: AccountId, is_active: bool) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("UPDATE accounts SET is_active = $2 WHERE id = $1")
                .bind(id.0)
                .bind(i64::from(is_active))
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Sets an account's password hash (PHC string).
pub async fn set_password_hash(store: &Store, id: AccountId, hash: &str) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query("UPDATE accounts SET password_hash = $2 WHERE id = $1")
                .bind(id.0)
                .bind(hash)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

pub(crate) fn from_row(row: &AnyRow) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId(row.try_get(0)?),
        email: row.try_get(1)?,
        is_active: row.try_get::<i64, _>(2)? != 0,
        is_admin: row.try_get::<i64, _>(3)? != 0,
        is_verified: row.try_get::<Option<i64>, _>(4)?.is_some(),
    })
}

fn normalized(email: &str) -> String {
    email.trim().to_lowercase()
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
