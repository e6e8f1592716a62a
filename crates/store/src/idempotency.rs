//! Requests that carry an `Idempotency-Key`: run once, and answered the same way ever after.
//!
//! Who [`begin`]s a request that nobody ran before holds a lease on it, runs it, and [`finish`]es it with the answer,
//! [`forget`]s it when nothing was done, or [`release`]s it when nobody knows. When that one dies the lease runs out, and the next request with the key
//! takes over; it is told that it is not the first.

use crate::{AccountId, Store, StoreError, secret_hash::secret_hash};
use sqlx::Row as _;

/// Which request, and what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// Whose.
    pub account: AccountId,
    /// To which route; the same key may be used at another.
    pub route: &'static str,
    key_hash: String,
    request_hash: String,
}

impl RequestKey {
    /// `key` is the client's, `request` all that makes the request what it is: path and body.
    pub fn new(account: AccountId, route: &'static str, key: &str, request: &str) -> Self {
        Self {
            account,
            route,
            key_hash: secret_hash(key),
            request_hash: secret_hash(request),
        }
    }

    /// A name that the same request has whenever it is repeated, and no other has: for keys further down (jobs,
    /// calls). They are kept for longer than the key, so one that is used again after its day has another name; see
    /// [`Begun::Run`] for `begun_at_ms`.
    pub fn name(&self, begun_at_ms: i64) -> String {
        let name = format!("{}/{}/{}", self.account.0, self.route, self.key_hash);
        // What was begun before the time was kept has the name that it had then.
        match begun_at_ms {
            0 => name,
            at => format!("{name}/{at}"),
        }
    }
}

/// The answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body, JSON.
    pub body: String,
}

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Run it.
    Run {
        /// To finish or forget it with. Above 1, somebody began it before, and nobody knows how far that one came.
        lease: i64,
        /// When the first one began it, Unix milliseconds: the same for all who take over, and another after the
        /// key's day.
        begun_at_ms: i64,
    },
    /// It was run: this is the answer.
    Answered(KeptAnswer),
    /// Somebody runs it now.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

/// Takes a request, or says why not.
pub async fn begin(
    store: &Store,
    request: &RequestKey,
    lease_ms: i64,
    keep_ms: i64,
    now_ms: i64,
) -> Result<Begun, StoreError> {
    // A new key, one whose day is over, or the same request whose runner died.
    let taken = store
        .timed(
            sqlx::query(
                "INSERT INTO idempotency_keys AS k (account_id, route, key_hash, request_hash, lease, \
                 lease_until_ms, expires_at_ms, begun_at_ms) VALUES ($1, $2, $3, $4, 1, $5, $6, $7) \
                 ON CONFLICT (account_id, route, key_hash) DO UPDATE SET \
                 lease = CASE WHEN k.expires_at_ms <= $7 THEN 1 ELSE k.lease + 1 END, \
                 begun_at_ms = CASE WHEN k.expires_at_ms <= $7 THEN $7 ELSE k.begun_at_ms END, \
                 request_hash = excluded.request_hash, lease_until_ms = excluded.lease_until_ms, \
                 expires_at_ms = excluded.expires_at_ms, status = NULL, body = NULL \
                 WHERE k.expires_at_ms <= $7 OR (k.status IS NULL AND k.lease_until_ms <= $7 \
                 AND k.request_hash = excluded.request_hash) RETURNING lease, begun_at_ms",
            )
            .bind(request.account.0)
            .bind(request.route)
            .bind(&request.key_hash)
            .bind(&request.request_hash)
            .bind(now_ms.saturating_add(lease_ms))
            .bind(now_ms.saturating_add(keep_ms))
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await?;
    if let Some(row) = taken {
        return Ok(Begun::Run {
            lease: row.try_get(0)?,
            begun_at_ms: row.try_get(1)?,
        });
    }
    let there = store
        .timed(
            sqlx::query(
                "SELECT request_hash, status, body FROM idempotency_keys \
                 WHERE account_id = $1 AND route = $2 AND key_hash = $3",
            )
            .bind(request.account.0)
            .bind(request.route)
            .bind(&request.key_hash)
            .fetch_optional(store.pool()),
        )
        .await?;
    // Gone in between: whoever had it forgot it, and the client may ask again at once.
    let Some(row) = there else {
        return Ok(Begun::InProgress);
    };
    if row.try_get::<String, _>(0)? != request.request_hash {
        return Ok(Begun::Mismatch);
    }
    let Some(status) = row.try_get::<Option<i64>, _>(1)? else {
        return Ok(Begun::InProgress);
    };
    let status = u16::try_from(status)
        .map_err(|_| StoreError::Corrupt(format!("status {status} of an idempotency key")))?;
    Ok(Begun::Answered(KeptAnswer {
        status,
        body: row.try_get::<Option<String>, _>(2)?.unwrap_or_default(),
    }))
}

/// Keeps the answer; false when the lease was lost, and somebody else runs the request.
pub async fn finish(
    store: &Store,
    request: &RequestKey,
    lease: i64,
    answer: &KeptAnswer,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE idempotency_keys SET status = $5, body = $6 WHERE account_id = $1 \
                 AND route = $2 AND key_hash = $3 AND lease = $4 AND status IS NULL",
            )
            .bind(request.account.0)
            .bind(request.route)
            .bind(&request.key_hash)
            .bind(lease)
            .bind(i64::from(answer.status))
            .bind(&answer.body)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Nobody knows what was done: the next request with the key runs at once, and is told that it is not the first.
pub async fn release(
    store: &Store,
    request: &RequestKey,
    lease: i64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE idempotency_keys SET lease_until_ms = $5 WHERE account_id = $1 \
                 AND route = $2 AND key_hash = $3 AND lease = $4 AND status IS NULL",
            )
            .bind(request.account.0)
            .bind(request.route)
            .bind(&request.key_hash)
            .bind(lease)
            .bind(now_ms)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing was done: the key is as if it had never been used.
pub async fn forget(store: &Store, request: &RequestKey, lease: i64) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "DELETE FROM idempotency_keys WHERE account_id = $1 AND route = $2 \
                 AND key_hash = $3 AND lease = $4 AND status IS NULL",
            )
            .bind(request.account.0)
            .bind(request.route)
            .bind(&request.key_hash)
            .bind(lease)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes away the keys whose day is over; returns how many.
pub async fn purge(store: &Store, now_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM idempotency_keys WHERE expires_at_ms <= $1")
                .bind(now_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}
