//! Sign-ins: a family of tokens each. Refresh tokens rotate; one that comes a second time ends its whole family
//! (RFC 9700, section 4.14.2), and with it every access token, which names the family. Stored hashed.

use crate::{
    AccountId, Store, StoreError,
    accounts::{Account, account_columns, from_row},
    secret_hash::secret_hash,
};
use sqlx::Row as _;

/// What became of a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// Spent; the new one is good from now on.
    Rotated(Account),
    /// It was spent before: somebody has a copy. The family has ended.
    Replayed(AccountId),
    /// Unknown, expired, of a family that has ended, or spent by a request that ran at the same time: two windows of
    /// one browser do that, so it alone ends nothing.
    Refused,
}

/// The id of a new family.
pub fn new_family() -> String {
    format!("fam_{}", hex::encode(rand::random::<[u8; 16]>()))
}

/// Begins a family with its first refresh token.
pub async fn begin(
    store: &Store,
    account: AccountId,
    family: &str,
    token: &str,
    now_ms: i64,
    ttl_ms: i64,
) -> Result<(), StoreError> {
    let expires_at_ms = now_ms.saturating_add(ttl_ms);
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            sqlx::query(
                "INSERT INTO token_families (id, account_id, created_at_ms, expires_at_ms) \
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(family)
            .bind(account.0)
            .bind(now_ms)
            .bind(expires_at_ms)
            .execute(&mut *transaction)
            .await?;
            insert(&mut transaction, family, token, expires_at_ms).await?;
            transaction.commit().await
        })
        .await
}

/// Spends `old` and makes `new` good in its place, for one caller alone.
pub async fn rotate(
    store: &Store,
    family: &str,
    old: &str,
    new: &str,
    now_ms: i64,
    ttl_ms: i64,
) -> Result<Rotation, StoreError> {
    let old = secret_hash(old);
    // Whoever reads it unspent and then finds it spent has lost a race; whoever reads it spent has a copy.
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                ", t.used_at_ms FROM refresh_tokens t \
                 JOIN token_families f ON f.id = t.family_id JOIN accounts a ON a.id = f.account_id \
                 WHERE t.token_hash = $1 AND t.family_id = $2 AND t.expires_at_ms > $3 \
                 AND f.revoked_at_ms IS NULL AND a.is_active = 1"
            ))
            .bind(&old)
            .bind(family)
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else {
        return Ok(Rotation::Refused);
    };
    let account = from_row(&row)?;
    if row.try_get::<Option<i64>, _>("used_at_ms")?.is_some() {
        revoke(store, family, now_ms).await?;
        return Ok(Rotation::Replayed(account.id));
    }
    let expires_at_ms = now_ms.saturating_add(ttl_ms);
    let is_ours = store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let spent = sqlx::query(
                "UPDATE refresh_tokens SET used_at_ms = $2 WHERE token_hash = $1 AND used_at_ms IS NULL",
            )
            .bind(&old)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
            if spent.rows_affected() == 0 {
                return Ok(false);
            }
            insert(&mut transaction, family, new, expires_at_ms).await?;
            sqlx::query("UPDATE token_families SET expires_at_ms = $2 WHERE id = $1")
                .bind(family)
                .bind(expires_at_ms)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await?;
    Ok(if is_ours {
        Rotation::Rotated(account)
    } else {
        Rotation::Refused
    })
}

async fn insert(
    transaction: &mut sqlx::AnyConnection,
    family: &str,
    token: &str,
    expires_at_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO refresh_tokens (token_hash, family_id, expires_at_ms) VALUES ($1, $2, $3)",
    )
    .bind(secret_hash(token))
    .bind(family)
    .bind(expires_at_ms)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Whose family this is, while it lives and the account is open: one indexed read, which every request with an
/// access token makes, so that signing out ends them at once.
pub async fn account_of(
    store: &Store,
    family: &str,
    account: AccountId,
) -> Result<Option<Account>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                account_columns!(),
                " FROM token_families f JOIN accounts a ON a.id = f.account_id \
                 WHERE f.id = $1 AND a.id = $2 AND f.revoked_at_ms IS NULL AND a.is_active = 1"
            ))
            .bind(family)
            .bind(account.0)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Ends a family.
pub async fn revoke(store: &Store, family: &str, now_ms: i64) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE token_families SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL",
            )
            .bind(family)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Ends all of an account's families; returns how many lived.
pub async fn revoke_all(store: &Store, account: AccountId, now_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE token_families SET revoked_at_ms = $2 \
                 WHERE account_id = $1 AND revoked_at_ms IS NULL",
            )
            .bind(account.0)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

/// Takes away what expired before `before_ms`; returns how many families.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    store
        .timed(
            sqlx::query(
                "DELETE FROM refresh_tokens WHERE family_id IN \
                 (SELECT f.id FROM token_families f WHERE f.expires_at_ms < $1)",
            )
            .bind(before_ms)
            .execute(store.pool()),
        )
        .await?;
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM token_families WHERE expires_at_ms < $1 AND NOT EXISTS \
                 (SELECT 1 FROM refresh_tokens t WHERE t.family_id = token_families.id)",
            )
            .bind(before_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
