//! Whose turn it is: first come, first called, at each account's pace, while agents have free places.

use super::{Call, columns, from_row};
use crate::{AccountId, Store, StoreError, sessions::take_turn, workers};
use sqlx::{AnyConnection, Row as _};

/// How fast an account calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two calls, milliseconds; 1,000 is one call a second.
    pub interval_ms: i64,
    /// Calls of the account under way at once.
    pub most_at_once: i64,
    /// Workers whose last heartbeat is older do not count.
    pub stale_after_ms: i64,
}

/// What became of a claim.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "it lives for one match")]
pub enum Claim {
    /// It is the claimer's to place, and nobody else's.
    Claimed(Call),
    /// Nothing is to be placed now: the queue is empty, or it is not its turn.
    NotNow,
}

/// Takes the first call of an account's queue for placing: queued → placing. With `only`, that very call, and only if
/// it is the first. Not while the account has enough calls under way, or called just now, or no agent is free.
pub async fn claim(
    store: &Store,
    account: AccountId,
    only: Option<&str>,
    pace: Pace,
    now_ms: i64,
) -> Result<Claim, StoreError> {
    let claimed = store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            take_turn(&mut transaction).await?;
            let capacity =
                workers::capacity_in(&mut transaction, now_ms, pace.stale_after_ms).await?;
            if capacity.free == 0 || !keeps_pace(&mut transaction, account, pace, now_ms).await? {
                return Ok(None);
            }
            let row = sqlx::query(concat!(
                "UPDATE calls SET status = 'placing', phase = 1, attempts = attempts + 1, \
                 check_at_ms = $2, claimed_at_ms = $2 WHERE phase = 0 AND id = (SELECT q.id FROM calls q \
                 WHERE q.account_id = $1 AND q.phase = 0 AND (q.not_before_ms <= $2 OR q.id = $3) \
                 ORDER BY q.created_at_ms, q.id LIMIT 1) AND ($3 = '' OR id = $3) RETURNING ",
                columns!()
            ))
            .bind(account.0)
            .bind(now_ms)
            .bind(only.unwrap_or_default())
            .fetch_optional(&mut *transaction)
            .await?;
            if row.is_some() {
                transaction.commit().await?;
            }
            Ok(row)
        })
        .await?;
    Ok(match claimed {
        Some(row) => Claim::Claimed(from_row(&row)?),
        None => Claim::NotNow,
    })
}

/// Whether the account may call now; if so, it may not again for its interval.
async fn keeps_pace(
    transaction: &mut AnyConnection,
    account: AccountId,
    pace: Pace,
    now_ms: i64,
) -> Result<bool, sqlx::Error> {
    let under_way: i64 =
        sqlx::query("SELECT COUNT(*) FROM calls WHERE account_id = $1 AND phase BETWEEN 1 AND 8")
            .bind(account.0)
            .fetch_one(&mut *transaction)
            .await?
            .try_get(0)?;
    if under_way >= pace.most_at_once {
        return Ok(false);
    }
    let done = sqlx::query(
        "INSERT INTO call_settings (account_id, next_call_at_ms) VALUES ($1, $2) \
         ON CONFLICT (account_id) DO UPDATE SET next_call_at_ms = excluded.next_call_at_ms \
         WHERE call_settings.next_call_at_ms <= $3",
    )
    .bind(account.0)
    .bind(now_ms.saturating_add(pace.interval_ms))
    .bind(now_ms)
    .execute(transaction)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Accounts with a call that could be placed now.
pub async fn waiting_accounts(store: &Store, now_ms: i64) -> Result<Vec<AccountId>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT DISTINCT account_id FROM calls WHERE phase = 0 AND not_before_ms <= $1",
            )
            .bind(now_ms)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter()
        .map(|row| Ok(AccountId(row.try_get(0)?)))
        .collect()
}

/// A queued call's place in its account's queue, from 1; `None` when it is not queued.
pub async fn position(store: &Store, id: &str) -> Result<Option<i64>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT COUNT(*) FROM calls q, calls c WHERE c.id = $1 AND c.phase = 0 \
                 AND q.account_id = c.account_id AND q.phase = 0 AND (q.created_at_ms < c.created_at_ms \
                 OR (q.created_at_ms = c.created_at_ms AND q.id <= c.id))",
            )
            .bind(id)
            .fetch_one(store.pool()),
        )
        .await?;
    Ok(Some(row.try_get(0)?).filter(|place| *place > 0))
}

/// Gives up calls that waited for too long; returns how many.
pub async fn expire(store: &Store, now_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = 'failed', phase = 9, error_code = 'expired', \
                 error = 'It waited in the queue for too long.', overrides = '{}', message = NULL, \
                 ended_at_ms = $1 WHERE phase = 0 AND give_up_at_ms <= $1",
            )
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
