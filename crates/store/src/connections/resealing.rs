//! Secrets on their way to another key, row by row. Whoever is interrupted goes on with what is left.

use super::SealedTokens;
use crate::{AccountId, Store, StoreError, webhooks::SealedSecret};
use sqlx::{Row as _, any::AnyRow};

/// A row with secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resealable {
    /// A connection's tokens, or those of one that is gone.
    Tokens {
        /// The row is one of `revocations`.
        is_revocation: bool,
        /// The row.
        id: String,
        /// The account.
        account: AccountId,
        /// Its end user.
        resource: String,
        /// The provider's name.
        provider: String,
        /// The tokens.
        tokens: SealedTokens,
    },
    /// The secret of an account's webhooks.
    Webhook {
        /// The account.
        account: AccountId,
        /// The secret.
        secret: SealedSecret,
    },
}

/// What takes a row's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedRow {
    /// Of [`Resealable::Tokens`].
    Tokens(SealedTokens),
    /// Of [`Resealable::Webhook`].
    Webhook(SealedSecret),
}

/// Up to `limit` rows, of each table, that are sealed with another key than this. Rows in `after` (what [`name`] says
/// of them) and before are left out: those whose key is lost would come again and again.
pub async fn sealed_with_others(
    store: &Store,
    key_id: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, Resealable)>, StoreError> {
    let tokens = |table: &str| {
        format!(
            "SELECT id, account_id, resource, provider, key_id, sealed_access_token, sealed_refresh_token \
             FROM {table} WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3"
        )
    };
    let mut found = Vec::new();
    // Names begin with con_, rev_ and whk_: in this order.
    for (table, is_revocation) in [("connections", false), ("revocations", true)] {
        // Only our own words were written into it.
        let query = sqlx::query(sqlx::AssertSqlSafe(tokens(table)));
        let rows = store
            .timed(
                query
                    .bind(key_id)
                    .bind(after)
                    .bind(i64::from(limit))
                    .fetch_all(store.pool()),
            )
            .await?;
        for row in &rows {
            let id: String = row.try_get(0)?;
            found.push((id, tokens_from_row(row, is_revocation)?));
        }
    }
    let rows = store
        .timed(
            sqlx::query(
                "SELECT account_id, secret_key_id, sealed_secret FROM webhook_endpoints \
                 WHERE secret_key_id <> $1 AND account_id > $2 ORDER BY account_id LIMIT $3",
            )
            .bind(key_id)
            .bind(webhook_after(after))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    for row in &rows {
        let account = AccountId(row.try_get(0)?);
        let secret = SealedSecret {
            key_id: row.try_get(1)?,
            sealed: row.try_get(2)?,
        };
        found.push((
            webhook_name(account),
            Resealable::Webhook { account, secret },
        ));
    }
    found.truncate(limit as usize);
    Ok(found)
}

/// `whk_` and the account's number, so wide that text sorts as numbers do.
fn webhook_name(account: AccountId) -> String {
    format!("whk_{:020}", account.0)
}

fn webhook_after(after: &str) -> i64 {
    let number = after.strip_prefix("whk_");
    number.and_then(|text| text.parse().ok()).unwrap_or(-1)
}

fn tokens_from_row(row: &AnyRow, is_revocation: bool) -> Result<Resealable, StoreError> {
    Ok(Resealable::Tokens {
        is_revocation,
        id: row.try_get(0)?,
        account: AccountId(row.try_get(1)?),
        resource: row.try_get(2)?,
        provider: row.try_get(3)?,
        tokens: SealedTokens {
            key_id: row.try_get(4)?,
            access: row.try_get(5)?,
            refresh: row.try_get(6)?,
        },
    })
}

/// Puts the same secrets under another key, unless they were changed meanwhile; false then.
pub async fn reseal(store: &Store, of: &Resealable, to: &SealedRow) -> Result<bool, StoreError> {
    let done = match (of, to) {
        (
            Resealable::Tokens {
                is_revocation,
                id,
                tokens: old,
                ..
            },
            SealedRow::Tokens(new),
        ) => {
            let sql = if *is_revocation {
                "UPDATE revocations SET key_id = $2, sealed_access_token = $3, sealed_refresh_token = $4 \
                 WHERE id = $1 AND sealed_access_token = $5"
            } else {
                "UPDATE connections SET key_id = $2, sealed_access_token = $3, sealed_refresh_token = $4 \
                 WHERE id = $1 AND sealed_access_token = $5"
            };
            let query = sqlx::query(sql)
                .bind(id)
                .bind(&new.key_id)
                .bind(&new.access);
            let query = query.bind(new.refresh.as_deref()).bind(&old.access);
            store.timed(query.execute(store.pool())).await?
        }
        (
            Resealable::Webhook {
                account,
                secret: old,
            },
            SealedRow::Webhook(new),
        ) => {
            let query = sqlx::query(
                "UPDATE webhook_endpoints SET secret_key_id = $2, sealed_secret = $3 \
                 WHERE account_id = $1 AND sealed_secret = $4",
            );
            let query = query.bind(account.0).bind(&new.key_id).bind(&new.sealed);
            let query = query.bind(&old.sealed);
            store.timed(query.execute(store.pool())).await?
        }
        _ => return Ok(false),
    };
    Ok(done.rows_affected() == 1)
}
