//! What was done at other services, in whose name: the audit trail of actions, and their rate.

use crate::{AccountId, Store, StoreError};
use sqlx::{Row as _, any::AnyRow};

/// The window of the rate.
const MINUTE_MS: i64 = 60_000;

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// Whose.
    pub account: AccountId,
    /// Whose connection.
    pub resource: &'a str,
    /// Who asked for it, in the channel.
    pub speaker: &'a str,
    /// In which session, if any.
    pub session: Option<&'a str>,
    /// `gmail`
    pub provider: &'a str,
    /// `gmail.send`
    pub action: &'a str,
    /// Whether it changes something.
    pub is_write: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `succeeded`, `failed`
    pub status: &'static str,
    /// What kind of failure.
    pub failure: Option<&'static str>,
    /// Milliseconds.
    pub took_ms: i64,
}

/// A run as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `act_…`
    pub id: String,
    /// Whose connection.
    pub resource: String,
    /// Who asked for it.
    pub speaker: String,
    /// In which session.
    pub session: Option<String>,
    /// `gmail.send`
    pub action: String,
    /// Whether it changes something.
    pub is_write: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Milliseconds; none while it runs, and for ever if whoever ran it died.
    pub took_ms: Option<i64>,
    /// `succeeded`, `failed`; none likewise.
    pub status: Option<String>,
    /// What kind of failure.
    pub failure: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// Only with this one's connections.
    pub resource: Option<&'a str>,
    /// Only this action.
    pub action: Option<&'a str>,
}

/// Writes down that a run begins, and gives its id; none when the connection had `most` in the last minute.
pub async fn begin(
    store: &Store,
    entry: &NewEntry<'_>,
    most: u32,
) -> Result<Option<String>, StoreError> {
    let id = format!("act_{}", uuid::Uuid::now_v7().simple());
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO action_log (id, account_id, resource, speaker, session_id, provider, action, is_write, \
                 at_ms) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT COUNT(*) FROM action_log \
                 WHERE account_id = $2 AND resource = $3 AND provider = $6 AND at_ms > $10) < $11",
            )
            .bind(&id)
            .bind(entry.account.0)
            .bind(entry.resource)
            .bind(entry.speaker)
            .bind(entry.session)
            .bind(entry.provider)
            .bind(entry.action)
            .bind(i64::from(entry.is_write))
            .bind(entry.at_ms)
            .bind(entry.at_ms - MINUTE_MS)
            .bind(i64::from(most))
            .execute(store.pool()),
        )
        .await?;
    Ok((done.rows_affected() == 1).then_some(id))
}

/// Writes down what came of a run.
pub async fn finish(store: &Store, id: &str, outcome: &Outcome) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE action_log SET status = $1, failure = $2, took_ms = $3 WHERE id = $4",
            )
            .bind(outcome.status)
            .bind(outcome.failure)
            .bind(outcome.took_ms)
            .bind(id)
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// An account's runs, the latest first.
pub async fn list(
    store: &Store,
    account: AccountId,
    only: &Filter<'_>,
    skip: u32,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT id, resource, speaker, session_id, action, is_write, at_ms, took_ms, status, failure \
                 FROM action_log WHERE account_id = $1 AND ($2 = '' OR resource = $2) AND ($3 = '' OR action = $3) \
                 ORDER BY at_ms DESC, id DESC LIMIT $4 OFFSET $5",
            )
            .bind(account.0)
            .bind(only.resource.unwrap_or_default())
            .bind(only.action.unwrap_or_default())
            .bind(i64::from(limit))
            .bind(i64::from(skip))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(entry).collect()
}

/// Takes away what is older; returns how many.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM action_log WHERE at_ms < $1")
                .bind(before_ms)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

fn entry(row: &AnyRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        id: row.try_get(0)?,
        resource: row.try_get(1)?,
        speaker: row.try_get(2)?,
        session: row.try_get(3)?,
        action: row.try_get(4)?,
        is_write: row.try_get::<i64, _>(5)? != 0,
        at_ms: row.try_get(6)?,
        took_ms: row.try_get(7)?,
        status: row.try_get(8)?,
        failure: row.try_get(9)?,
    })
}
