//! API keys. Stored hashed: a key is shown when it is made, and never again.

use super::{Account, account_columns, from_row, now_ms};
use crate::{
    AccountId, Store, StoreError,
    secret_hash::{random_token, secret_hash},
};
use sqlx::Row as _;

/// The time of a key's last use is written at most this often.
const LAST_USE_RESOLUTION_MS: i64 = 60_000;
/// Keys shorter than this show nothing of themselves.
const SHORTEST_WITH_HINT: usize = 24;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `sk_…`
    Secret,
    /// `pk_…`
    Publishable,
}

impl KeyKind {
    /// `secret` or `publishable`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }

    /// What its keys begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Secret => "sk_",
            Self::Publishable => "pk_",
        }
    }
}

/// A key as its owner sees it later: all but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// `key_…`
    pub id: String,
    /// As its owner calls it.
    pub name: String,
    /// What it is good for.
    pub kind: KeyKind,
    /// The end of the key, to tell keys apart; may be empty.
    pub hint: String,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds, to the minute.
    pub last_used_at_ms: Option<i64>,
}

/// A key that was made now.
#[derive(Debug)]
pub struct NewKey {
    /// The key itself: the only time that it can be seen.
    pub key: String,
    /// All else.
    pub record: ApiKey,
}

/// Makes a key; `None` when the account has `most` of them already.
pub async fn create_key(
    store: &Store,
    account: AccountId,
    kind: KeyKind,
    name: &str,
    most: i64,
    now_ms: i64,
) -> Result<Option<NewKey>, StoreError> {
    let key = random_token(kind.prefix());
    let record = ApiKey {
        id: random_id(),
        name: name.to_owned(),
        kind,
        hint: hint(&key),
        created_at_ms: now_ms,
        last_used_at_ms: None,
    };
    // Two at once may go one over `most`: it keeps the list short, it guards nothing.
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO api_keys (key_hash, account_id, kind, created_at_ms, id, name, hint) \
                 SELECT $1, $2, $3, $4, $5, $6, $7 \
                 WHERE (SELECT COUNT(*) FROM api_keys k WHERE k.account_id = $2) < $8",
            )
            .bind(secret_hash(&key))
            .bind(account.0)
            .bind(kind.name())
            .bind(now_ms)
            .bind(&record.id)
            .bind(name)
            .bind(&record.hint)
            .bind(most)
            .execute(store.pool()),
        )
        .await?;
    Ok((done.rows_affected() == 1).then_some(NewKey { key, record }))
}

/// The account's keys, the newest first.
pub async fn list_keys(store: &Store, account: AccountId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT id, name, kind, hint, created_at_ms, last_used_at_ms FROM api_keys \
                 WHERE account_id = $1 ORDER BY created_at_ms DESC, id",
            )
            .bind(account.0)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.try_get(2)?;
            Ok(ApiKey {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                kind: match kind.as_str() {
                    "secret" => KeyKind::Secret,
                    "publishable" => KeyKind::Publishable,
                    _ => return Err(StoreError::Corrupt(format!("a key of kind {kind}"))),
                },
                hint: row.try_get(3)?,
                created_at_ms: row.try_get(4)?,
                last_used_at_ms: Some(row.try_get(5)?).filter(|at| *at > 0),
            })
        })
        .collect()
}

/// Deletes a key of the account's; false when it has none of this id.
pub async fn delete_key(store: &Store, account: AccountId, id: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM api_keys WHERE account_id = $1 AND id = $2")
                .bind(account.0)
                .bind(id)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes all keys of the account; returns how many there were.
pub async fn delete_all_keys(store: &Store, account: AccountId) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM api_keys WHERE account_id = $1")
                .bind(account.0)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
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
                "INSERT INTO api_keys (key_hash, account_id, kind, created_at_ms, id, name, hint) \
                 VALUES ($1, $2, $3, $4, $5, 'seeded', $6) ON CONFLICT (key_hash) DO NOTHING",
            )
            .bind(&hash)
            .bind(account.0)
            .bind(kind.name())
            .bind(now_ms())
            .bind(random_id())
            .bind(hint(key))
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
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                ", k.last_used_at_ms FROM api_keys k JOIN accounts a ON a.id = k.account_id \
                 WHERE k.key_hash = $1 AND k.kind = $2 AND a.is_active = 1"
            ))
            .bind(&hash)
            .bind(kind.name())
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let now = now_ms();
    if row.try_get::<i64, _>("last_used_at_ms")? < now - LAST_USE_RESOLUTION_MS {
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

fn random_id() -> String {
    format!("key_{}", hex::encode(rand::random::<[u8; 12]>()))
}

fn hint(key: &str) -> String {
    if key.len() < SHORTEST_WITH_HINT {
        return String::new();
    }
    key.get(key.len() - 4..).unwrap_or_default().to_owned()
}
