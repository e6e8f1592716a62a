//! Where an account's users may be sent after they connected.

use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// The account's list, in its order.
pub async fn redirect_uris(store: &Store, account: AccountId) -> Result<Vec<String>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT uri FROM oauth_redirect_uris WHERE account_id = $1 ORDER BY position",
            )
            .bind(account.0)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Puts this list in the place of the account's.
pub async fn set_redirect_uris(
    store: &Store,
    account: AccountId,
    uris: &[String],
) -> Result<(), StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            // Those who change one account's list take turns at its row.
            sqlx::query("UPDATE accounts SET id = id WHERE id = $1")
                .bind(account.0)
                .execute(&mut *transaction)
                .await?;
            sqlx::query("DELETE FROM oauth_redirect_uris WHERE account_id = $1")
                .bind(account.0)
                .execute(&mut *transaction)
                .await?;
            for (position, uri) in uris.iter().enumerate() {
                sqlx::query(
                    "INSERT INTO oauth_redirect_uris (account_id, position, uri) VALUES ($1, $2, $3)",
                )
                .bind(account.0)
                .bind(position as i64)
                .bind(uri)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        })
        .await
}
