//! How a call fares: each change a compare-and-set on its phase.

use super::{Call, CallStatus, columns, from_row};
use crate::{AccountId, Store, StoreError};

/// Notes the number that Twilio is asked to call from, before it is asked: it helps to find the call should the answer
/// be lost. False when it is not being placed (any more).
pub async fn asking(store: &Store, id: &str, from: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("UPDATE calls SET from_number = $2 WHERE id = $1 AND phase = 1")
                .bind(id)
                .bind(from)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Twilio has the call: → initiated, with Twilio's id. A webhook may have told so before; then nothing changes but
/// an id that was not known. Returns the call as it stands, `None` when the id belongs to another call.
/// `check_at_ms` is when to ask Twilio, should nothing more be heard.
pub async fn placed(
    store: &Store,
    id: &str,
    call_sid: &str,
    now_ms: i64,
    check_at_ms: i64,
) -> Result<Option<Call>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "UPDATE calls SET call_sid = $2, placed_at_ms = COALESCE(placed_at_ms, $3), \
                 status = CASE WHEN phase < 3 THEN 'initiated' ELSE status END, \
                 check_at_ms = CASE WHEN phase < 3 THEN $4 ELSE check_at_ms END, error = NULL, \
                 phase = CASE WHEN phase < 3 THEN 3 ELSE phase END \
                 WHERE id = $1 AND (call_sid IS NULL OR call_sid = $2) RETURNING ",
                columns!()
            ))
            .bind(id)
            .bind(call_sid)
            .bind(now_ms)
            .bind(check_at_ms)
            .fetch_optional(store.pool()),
        )
        .await;
    match row {
        Ok(row) => row.as_ref().map(from_row).transpose(),
        Err(error) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Twilio was asked, and what it did is not known: placing → unknown. It is looked for from `check_at_ms` on.
pub async fn unknown(
    store: &Store,
    id: &str,
    error: &str,
    check_at_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = 'unknown', phase = 2, error = $2, check_at_ms = $3 \
                 WHERE id = $1 AND phase = 1",
            )
            .bind(id)
            .bind(error)
            .bind(check_at_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing happened, and it may be tried again: placing → queued.
pub async fn put_back(store: &Store, id: &str, not_before_ms: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = 'queued', phase = 0, not_before_ms = $2, \
                 from_number = NULL WHERE id = $1 AND phase = 1",
            )
            .bind(id)
            .bind(not_before_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// It could not be placed: → failed. False when it was over.
pub async fn fail(
    store: &Store,
    id: &str,
    code: &str,
    error: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = 'failed', phase = 9, error_code = $2, error = $3, \
                 overrides = '{}', message = NULL, ended_at_ms = $4 WHERE id = $1 AND phase < 9",
            )
            .bind(id)
            .bind(code)
            .bind(error)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The request of a call that failed before Twilio had it may make another: only for whoever asked Twilio, and was
/// refused. False when the call did not fail, or Twilio had it.
pub async fn free_request(store: &Store, id: &str) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET request_key = NULL \
                 WHERE id = $1 AND status = 'failed' AND call_sid IS NULL",
            )
            .bind(id)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A status that Twilio told; one that is behind what is known changes nothing. Returns whether something changed.
/// `check_at_ms` is when to ask Twilio, should nothing more be heard.
pub async fn progress(
    store: &Store,
    call_sid: &str,
    status: CallStatus,
    now_ms: i64,
    check_at_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = $2, phase = $3, check_at_ms = $5, \
                 answered_at_ms = CASE WHEN $3 = 5 THEN $4 ELSE answered_at_ms END, \
                 ended_at_ms = CASE WHEN $3 = 9 THEN $4 ELSE ended_at_ms END, \
                 overrides = CASE WHEN $3 = 9 THEN '{}' ELSE overrides END, \
                 message = CASE WHEN $3 = 9 THEN NULL ELSE message END \
                 WHERE call_sid = $1 AND phase < $3",
            )
            .bind(call_sid)
            .bind(status.name())
            .bind(status.phase())
            .bind(now_ms)
            .bind(check_at_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Who answered, as Twilio heard it; the first word counts. False when it was said before.
pub async fn set_answered_by(
    store: &Store,
    call_sid: &str,
    answered_by: &str,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET answered_by = $2 WHERE call_sid = $1 AND answered_by IS NULL",
            )
            .bind(call_sid)
            .bind(answered_by)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a queued call of the account out of the queue: queued → canceled. False when it is not queued.
pub async fn cancel(
    store: &Store,
    account: AccountId,
    id: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE calls SET status = 'canceled', phase = 9, overrides = '{}', message = NULL, \
                 ended_at_ms = $3 WHERE id = $1 AND account_id = $2 AND phase = 0",
            )
            .bind(id)
            .bind(account.0)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}
