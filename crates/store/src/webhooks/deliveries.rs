//! What an account was told, and what it is yet to be told.

use super::DELIVERY_JOB;
use crate::{
    AccountId, Store, StoreError,
    jobs::{self, Lease, NewJob, enqueue_in},
    secret_hash::secret_hash,
};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

/// A delivery is tried this often: with its backoff, for about a day.
const ATTEMPTS: u32 = 10;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// `call.ended`, `transcript.ready`, `oauth.refreshed`, …
    pub event_type: &'a str,
    /// What it happened to: the same event of the same thing is told once, however often it is emitted.
    pub key: &'a str,
    /// The message to the letter, JSON.
    pub body: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be sent, for the first time or again.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// As the API shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// A delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// `msg_…`, the receiver's `webhook-id`.
    pub id: String,
    /// What happened.
    pub event_type: String,
    /// The message.
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: i64,
    /// What the receiver answered last.
    pub last_status: Option<i64>,
    /// Why it was not taken.
    pub last_error: Option<String>,
    /// When it happened, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it is sent (again), Unix milliseconds.
    pub next_attempt_at_ms: Option<i64>,
    /// When it was taken, Unix milliseconds.
    pub delivered_at_ms: Option<i64>,
}

/// What a delivery's job needs.
#[derive(Debug, Clone)]
pub struct ToSend {
    /// Whose event it is.
    pub account: AccountId,
    /// The message.
    pub body: String,
    /// It was taken before, by an attempt whose worker did not live to say so.
    pub is_delivered: bool,
}

/// Writes an event down for the account's endpoint, with the job that delivers it. False when the account has no
/// endpoint, or the event was there before. The job's runner should be woken.
pub async fn emit(
    store: &Store,
    account: AccountId,
    event: &Event<'_>,
    now_ms: i64,
) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let is_new = emit_in(&mut transaction, account, event, now_ms).await?;
            transaction.commit().await?;
            Ok(is_new)
        })
        .await
}

/// The same in somebody's transaction: the event is told when, and only when, it is true.
pub(crate) async fn emit_in(
    connection: &mut AnyConnection,
    account: AccountId,
    event: &Event<'_>,
    now_ms: i64,
) -> Result<bool, sqlx::Error> {
    let name = format!("{}/{}/{}", account.0, event.event_type, event.key);
    let id = format!("msg_{}", &secret_hash(&name)[..32]);
    let made = sqlx::query(
        "INSERT INTO webhook_deliveries (id, account_id, event_type, body, round, attempts, \
         created_at_ms) SELECT $1, account_id, $3, $4, 1, 0, $5 FROM webhook_endpoints \
         WHERE account_id = $2 ON CONFLICT (id) DO NOTHING",
    )
    .bind(&id)
    .bind(account.0)
    .bind(event.event_type)
    .bind(&event.body)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    enqueue_in(connection, &job(account, &id, 1, now_ms), now_ms).await?;
    Ok(true)
}

fn job(account: AccountId, id: &str, round: i64, now_ms: i64) -> NewJob {
    NewJob {
        kind: DELIVERY_JOB,
        account: Some(account),
        key: Some(format!("{id}/{round}")),
        payload: serde_json::json!({ "delivery": id }),
        run_at_ms: now_ms,
        max_attempts: ATTEMPTS,
    }
}

/// Sends a delivery that was given up, or taken, once more; false when it is pending, unknown or another account's.
pub async fn resend(
    store: &Store,
    account: AccountId,
    id: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let row = sqlx::query(
                "UPDATE webhook_deliveries SET round = round + 1, delivered_at_ms = NULL \
                 WHERE id = $1 AND account_id = $2 AND NOT EXISTS \
                 (SELECT 1 FROM jobs j WHERE j.kind = 'webhook-delivery' AND j.state = 'open' \
                  AND j.unique_key = webhook_deliveries.id || '/' || CAST(webhook_deliveries.round AS TEXT)) \
                 RETURNING round",
            )
            .bind(id)
            .bind(account.0)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else { return Ok(false) };
            let round: i64 = row.try_get(0)?;
            enqueue_in(&mut transaction, &job(account, id, round, now_ms), now_ms).await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

/// What there is to send under this id.
pub async fn to_send(store: &Store, id: &str) -> Result<Option<ToSend>, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT account_id, body, delivered_at_ms FROM webhook_deliveries WHERE id = $1",
            )
            .bind(id)
            .fetch_optional(store.pool()),
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ToSend {
        account: AccountId(row.try_get(0)?),
        body: row.try_get(1)?,
        is_delivered: row.try_get::<Option<i64>, _>(2)?.is_some(),
    }))
}

/// The receiver took it: its job is done. False when the lease is lost.
pub async fn delivered(
    store: &Store,
    lease: &Lease,
    id: &str,
    status: u16,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Some(mut settlement) = jobs::settle(store, lease, now_ms).await? else {
        return Ok(false);
    };
    store
        .timed(
            sqlx::query(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, last_status = $2, \
                 last_error = NULL, delivered_at_ms = $3 WHERE id = $1",
            )
            .bind(id)
            .bind(i64::from(status))
            .bind(now_ms)
            .execute(settlement.connection()),
        )
        .await?;
    settlement.commit().await?;
    Ok(true)
}

/// An attempt failed; the job itself is retried or given up by who runs it.
pub async fn note_failure(
    store: &Store,
    id: &str,
    status: Option<u16>,
    error: &str,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, last_status = $2, \
                 last_error = $3 WHERE id = $1",
            )
            .bind(id)
            .bind(status.map(i64::from))
            .bind(error)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// A delivery with its job's columns, those of [`from_row`].
macro_rules! select {
    () => {
        "SELECT d.id, d.event_type, d.body, d.attempts, d.last_status, d.last_error, d.created_at_ms, \
         d.delivered_at_ms, j.state, j.due_at_ms, j.last_error FROM webhook_deliveries d \
         LEFT JOIN jobs j ON j.kind = 'webhook-delivery' \
         AND j.unique_key = d.id || '/' || CAST(d.round AS TEXT) "
    };
}

/// An account's deliveries, the newest first; `only` those in one state.
pub async fn list(
    store: &Store,
    account: AccountId,
    only: Option<DeliveryState>,
    skip: u32,
    limit: u32,
) -> Result<Vec<Delivery>, StoreError> {
    // The three conditions are those of `from_row`.
    let sql = match only {
        None => {
            concat!(
                select!(),
                "WHERE d.account_id = $1 ORDER BY d.created_at_ms DESC, d.id LIMIT $2 OFFSET $3"
            )
        }
        Some(DeliveryState::Delivered) => {
            concat!(
                select!(),
                "WHERE d.account_id = $1 AND d.delivered_at_ms IS NOT NULL \
                 ORDER BY d.created_at_ms DESC, d.id LIMIT $2 OFFSET $3"
            )
        }
        Some(DeliveryState::Pending) => {
            concat!(
                select!(),
                "WHERE d.account_id = $1 AND d.delivered_at_ms IS NULL AND j.state = 'open' \
                 ORDER BY d.created_at_ms DESC, d.id LIMIT $2 OFFSET $3"
            )
        }
        Some(DeliveryState::Dead) => {
            concat!(
                select!(),
                "WHERE d.account_id = $1 AND d.delivered_at_ms IS NULL \
                 AND COALESCE(j.state, 'dead') <> 'open' \
                 ORDER BY d.created_at_ms DESC, d.id LIMIT $2 OFFSET $3"
            )
        }
    };
    let rows = store
        .timed(
            sqlx::query(sql)
                .bind(account.0)
                .bind(i64::from(limit))
                .bind(i64::from(skip))
                .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// One delivery of the account.
pub async fn delivery(
    store: &Store,
    account: AccountId,
    id: &str,
) -> Result<Option<Delivery>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(select!(), "WHERE d.account_id = $1 AND d.id = $2"))
                .bind(account.0)
                .bind(id)
                .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &AnyRow) -> Result<Delivery, StoreError> {
    let delivered_at_ms: Option<i64> = row.try_get(7)?;
    let is_open = row.try_get::<Option<String>, _>(8)?.as_deref() == Some("open");
    let state = match (delivered_at_ms, is_open) {
        (Some(_), _) => DeliveryState::Delivered,
        (None, true) => DeliveryState::Pending,
        (None, false) => DeliveryState::Dead,
    };
    let is_pending = state == DeliveryState::Pending;
    // What kept the job from sending at all is the job's to say.
    let last_error: Option<String> = row.try_get(5)?;
    Ok(Delivery {
        id: row.try_get(0)?,
        event_type: row.try_get(1)?,
        body: row.try_get(2)?,
        state,
        attempts: row.try_get(3)?,
        last_status: row.try_get(4)?,
        last_error: match state {
            DeliveryState::Delivered => None,
            _ => last_error.or(row.try_get(10)?),
        },
        created_at_ms: row.try_get(6)?,
        next_attempt_at_ms: row.try_get::<Option<i64>, _>(9)?.filter(|_| is_pending),
        delivered_at_ms,
    })
}

/// Takes away deliveries of events before `before_ms`, but for those that are yet to be sent; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM webhook_deliveries WHERE created_at_ms < $1 AND NOT EXISTS \
                 (SELECT 1 FROM jobs j WHERE j.kind = 'webhook-delivery' AND j.state = 'open' \
                  AND j.unique_key = webhook_deliveries.id || '/' || CAST(webhook_deliveries.round AS TEXT))",
            )
            .bind(before_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
