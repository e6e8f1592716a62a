//! Accounts and their API keys.

use crate::{AccountId, Store, StoreError, secret_hash::secret_hash};
use sqlx::{Row as _, any::AnyRow};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of a key's last use is written at most this often.
const LAST_USE_RESOLUTION_MS: i64 = 60_000;

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
}

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `sk_…`
    Secret,
    /// `pk_…`
    Publishable,
}

impl KeyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }
}

/// Makes the account of that e-mail, or finds it. The password hash (a PHC string) and `is_admin` are set only when
/// the account is made.
pub async fn ensure(
    store: &Store,
    email: &str,
    password_hash: Option<&str>,
    is_admin: bool,
) -> Result<Account, StoreError> {
    let email = normalized(email);
    // Two that take the same number at once: one violates the primary key, which `ON CONFLICT` turns into nothing
    // done, and tries again.
    for _ in 0..20 {
        store
            .timed(
                sqlx::query(
                    "INSERT INTO accounts (id, email, password_hash, is_active, is_admin, created_at_ms) \
                     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, 1, $3, $4 FROM accounts WHERE 1 = 1 \
                     ON CONFLICT DO NOTHING",
                )
                .bind(&email)
                .bind(password_hash)
                .bind(i64::from(is_admin))
                .bind(now_ms())
                .execute(store.pool()),
            )
            .await?;
        if let Some(account) = by_email(store, &email).await? {
            return Ok(account);
        }
    }
    Err(StoreError::Timeout)
}

/// By number.
pub async fn get(store: &Store, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = store
        .timed(
            sqlx::query("SELECT id, email, is_active, is_admin FROM accounts WHERE id = $1")
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
            sqlx::query("SELECT id, email, is_active, is_admin FROM accounts WHERE email = $1")
                .bind(normalized(email))
                .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
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

/// Stores a key (hashed) for the account, if it is not there yet. `KeyTaken` when it is another account's.
pub async fn ensure_key(
    store: &Store,
    account: AccountId,
    kind: KeyKind,
    key: &str,
) -> Result<(), StoreError> {
    let hash = secret_hash(key);
    store
        .timed(
            sqlx::query(
                "INSERT INTO api_keys (key_hash, account_id, kind, created_at_ms) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (key_hash) DO NOTHING",
            )
            .bind(&hash)
            .bind(account.0)
            .bind(kind.name())
            .bind(now_ms())
            .execute(store.pool()),
        )
        .await?;
    let row = store
        .timed(
            sqlx::query("SELECT account_id, kind FROM api_keys WHERE key_hash = $1")
                .bind(&hash)
                .fetch_one(store.pool()),
        )
        .await?;
    if row.try_get::<i64, _>(0)? == account.0 && row.try_get::<String, _>(1)? == kind.name() {
        Ok(())
    } else {
        Err(StoreError::KeyTaken)
    }
}

/// Whose key this is; `None` for an unknown key, one of the other kind, or a closed account. Keeps the time of last
/// use (at most one write a minute).
pub async fn by_key(
    store: &Store,
    kind: KeyKind,
    key: &str,
) -> Result<Option<Account>, StoreError> {
    let hash = secret_hash(key);
    let row = store
        .timed(
            sqlx::query(
                "SELECT a.id, a.email, a.is_active, a.is_admin, k.last_used_at_ms \
                 FROM api_keys k JOIN accounts a ON a.id = k.account_id \
                 WHERE k.key_hash = $1 AND k.kind = $2 AND a.is_active = 1",
            )
            .bind(&hash)
            .bind(kind.name())
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let now = now_ms();
    if row.try_get::<i64, _>(4)? < now - LAST_USE_RESOLUTION_MS {
        store
            .timed(
                sqlx::query(
                    "UPDATE api_keys SET last_used_at_ms = $2 \
                     WHERE key_hash = $1 AND last_used_at_ms < $2",
                )
                .bind(&hash)
                .bind(now)
                .execute(store.pool()),
            )
            .await?;
    }
    from_row(&row).map(Some)
}

fn from_row(row: &AnyRow) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId(row.try_get(0)?),
        email: row.try_get(1)?,
        is_active: row.try_get::<i64, _>(2)? != 0,
        is_admin: row.try_get::<i64, _>(3)? != 0,
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
