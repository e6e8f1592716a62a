//! A number stands not in conversations alone: calls hold it before and after them, webhooks tell it.

use crate::{AccountId, Store, StoreError};
use sqlx::{AnyConnection, Row as _};

/// Blanks a number in an account's calls, scheduled calls and webhooks; calls to it that are yet to be placed are
/// canceled. Returns how many still need it: calls under way, and webhooks on their way.
pub async fn forget_number(
    store: &Store,
    account: AccountId,
    number: &str,
    now_ms: i64,
) -> Result<i64, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            cancel_waiting(&mut transaction, account, number, now_ms).await?;
            let in_calls = blank_calls(&mut transaction, account, number).await?;
            let in_webhooks = blank_webhooks(&mut transaction, account, number).await?;
            transaction.commit().await?;
            Ok(in_calls + in_webhooks)
        })
        .await
}

async fn cancel_waiting(
    connection: &mut AnyConnection,
    account: AccountId,
    number: &str,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE calls SET status = 'canceled', phase = 9, ended_at_ms = $3 \
         WHERE account_id = $1 AND to_number = $2 AND phase = 0",
    )
    .bind(account.0)
    .bind(number)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    let cancelled = sqlx::query(
        "UPDATE scheduled_calls SET state = 'cancelled' \
         WHERE account_id = $1 AND phone_number = $2 AND state = 'scheduled' RETURNING id",
    )
    .bind(account.0)
    .bind(number)
    .fetch_all(&mut *connection)
    .await?;
    for row in &cancelled {
        sqlx::query(
            "UPDATE jobs SET state = 'cancelled', worker = NULL, finished_at_ms = $2 \
             WHERE kind = 'scheduled-call' AND unique_key = $1 AND state = 'open'",
        )
        .bind(row.try_get::<String, _>(0)?)
        .bind(now_ms)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Returns how many still go on.
async fn blank_calls(
    connection: &mut AnyConnection,
    account: AccountId,
    number: &str,
) -> Result<i64, sqlx::Error> {
    for blank in [
        "UPDATE calls SET to_number = '', wanted_from = NULL, from_number = NULL, overrides = '{}', \
         message = NULL, error = NULL WHERE account_id = $1 AND phase = 9 \
         AND (to_number = $2 OR wanted_from = $2 OR from_number = $2)",
        "UPDATE scheduled_calls SET phone_number = '', last_error = NULL \
         WHERE account_id = $1 AND phone_number = $2 AND NOT EXISTS (SELECT 1 FROM jobs j \
         WHERE j.kind = 'scheduled-call' AND j.unique_key = scheduled_calls.id AND j.state = 'open')",
    ] {
        sqlx::query(blank)
            .bind(account.0)
            .bind(number)
            .execute(&mut *connection)
            .await?;
    }
    let mut left = 0;
    for count in [
        "SELECT COUNT(*) FROM calls WHERE account_id = $1 \
         AND (to_number = $2 OR wanted_from = $2 OR from_number = $2)",
        "SELECT COUNT(*) FROM scheduled_calls WHERE account_id = $1 AND phone_number = $2",
    ] {
        let row = sqlx::query(count)
            .bind(account.0)
            .bind(number)
            .fetch_one(&mut *connection)
            .await?;
        left += row.try_get::<i64, _>(0)?;
    }
    Ok(left)
}

/// Webhooks hold numbers as JSON strings. Returns how many are yet to be sent: they go out as they are.
async fn blank_webhooks(
    connection: &mut AnyConnection,
    account: AccountId,
    number: &str,
) -> Result<i64, sqlx::Error> {
    let plain = format!("\"{number}\"");
    let whatsapp = format!("\"whatsapp:{number}\"");
    sqlx::query(
        "UPDATE webhook_deliveries SET body = replace(replace(body, $2, '\"\"'), $3, '\"\"') \
         WHERE account_id = $1 AND replace(replace(body, $2, ''), $3, '') <> body \
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'webhook-delivery' AND j.state = 'open' \
         AND j.unique_key = webhook_deliveries.id || '/' || CAST(webhook_deliveries.round AS TEXT))",
    )
    .bind(account.0)
    .bind(&plain)
    .bind(&whatsapp)
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query(
        "SELECT COUNT(*) FROM webhook_deliveries \
         WHERE account_id = $1 AND replace(replace(body, $2, ''), $3, '') <> body",
    )
    .bind(account.0)
    .bind(&plain)
    .bind(&whatsapp)
    .fetch_one(connection)
    .await?;
    row.try_get(0)
}
