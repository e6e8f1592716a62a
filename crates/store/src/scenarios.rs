//! Custom scenarios: the assistants that an account makes for itself.

use crate::{AccountId, Store, StoreError};
use serde_json::Value;
use sqlx::{Row as _, any::AnyRow};

/// An account holds at most this many.
pub const MOST_PER_ACCOUNT: i64 = 20;

/// Columns of a scenario, in the order of [`from_row`].
macro_rules! columns {
    () => {
        "id, scenario_id, account_id, name, definition, revision, created_at_ms, updated_at_ms"
    };
}

/// A custom scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Number in its account, from 1; never given twice.
    pub id: i64,
    /// `custom_<account>_<Unix seconds>`, unique.
    pub scenario_id: String,
    /// Owner.
    pub account: AccountId,
    /// The owner's own name for it, unique in the account.
    pub name: Option<String>,
    /// The assistant as JSON, without its name.
    pub definition: Value,
    /// Counts changes.
    pub revision: i64,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

/// What a scenario says.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The owner's own name for it: no number, and none that begins with `custom_`.
    pub name: Option<&'a str>,
    /// The assistant as JSON, without its name.
    pub definition: &'a Value,
}

/// Adds a scenario. [`StoreError::ScenarioLimit`] when the account is full, [`StoreError::NameTaken`] when another one
/// of its scenarios has the name.
pub async fn create(
    store: &Store,
    account: AccountId,
    content: Content<'_>,
    now_ms: i64,
) -> Result<Scenario, StoreError> {
    let created = store.timed(insert(store, account, content, now_ms)).await;
    named(created)?.ok_or(StoreError::ScenarioLimit)
}

async fn insert(
    store: &Store,
    account: AccountId,
    content: Content<'_>,
    now_ms: i64,
) -> Result<Option<Scenario>, sqlx::Error> {
    // The first statements write the account's own row, and so let one through at a time.
    let mut transaction = store.pool().begin().await?;
    sqlx::query(
        "INSERT INTO scenario_counters (account_id, last_id, last_unix_s) VALUES ($1, 0, 0) \
         ON CONFLICT DO NOTHING",
    )
    .bind(account.0)
    .execute(&mut *transaction)
    .await?;
    let numbers = sqlx::query(
        "UPDATE scenario_counters SET last_id = last_id + 1, \
         last_unix_s = CASE WHEN last_unix_s < $2 THEN $2 ELSE last_unix_s + 1 END \
         WHERE account_id = $1 RETURNING last_id, last_unix_s",
    )
    .bind(account.0)
    .bind(now_ms.div_euclid(1_000))
    .fetch_one(&mut *transaction)
    .await?;
    let held: i64 = sqlx::query("SELECT COUNT(*) FROM scenarios WHERE account_id = $1")
        .bind(account.0)
        .fetch_one(&mut *transaction)
        .await?
        .try_get(0)?;
    if held >= MOST_PER_ACCOUNT {
        transaction.rollback().await?;
        return Ok(None);
    }
    let scenario = Scenario {
        id: numbers.try_get(0)?,
        scenario_id: format!("custom_{}_{}", account.0, numbers.try_get::<i64, _>(1)?),
        account,
        name: content.name.map(str::to_owned),
        definition: content.definition.clone(),
        revision: 1,
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    };
    sqlx::query(
        "INSERT INTO scenarios (id, scenario_id, account_id, name, definition, revision, \
         created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, 1, $6, $6)",
    )
    .bind(scenario.id)
    .bind(&scenario.scenario_id)
    .bind(account.0)
    .bind(content.name)
    .bind(content.definition.to_string())
    .bind(now_ms)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(scenario))
}

/// All of an account's, in the order they were made.
pub async fn list(store: &Store, account: AccountId) -> Result<Vec<Scenario>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM scenarios WHERE account_id = $1 ORDER BY id"
            ))
            .bind(account.0)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// An account's scenario by its `scenario_id`, its number or its name.
pub async fn find(
    store: &Store,
    account: AccountId,
    reference: &str,
) -> Result<Option<Scenario>, StoreError> {
    // PostgreSQL takes no text with NUL in it, and no scenario's name has a control character.
    if reference.contains(char::is_control) {
        return Ok(None);
    }
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM scenarios \
                 WHERE account_id = $1 AND (scenario_id = $2 OR name = $2 OR id = $3)"
            ))
            .bind(account.0)
            .bind(reference)
            .bind(reference.parse::<i64>().unwrap_or(0))
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Changes a scenario that nobody has changed or deleted since `seen` was read; `None` when somebody has.
/// [`StoreError::NameTaken`] when another one of the account's has the name.
pub async fn update(
    store: &Store,
    seen: &Scenario,
    content: Content<'_>,
    now_ms: i64,
) -> Result<Option<Scenario>, StoreError> {
    let changed = store
        .timed(
            sqlx::query(concat!(
                "UPDATE scenarios SET name = $4, definition = $5, revision = revision + 1, \
                 updated_at_ms = $6 WHERE scenario_id = $1 AND account_id = $2 AND revision = $3 \
                 RETURNING ",
                columns!()
            ))
            .bind(&seen.scenario_id)
            .bind(seen.account.0)
            .bind(seen.revision)
            .bind(content.name)
            .bind(content.definition.to_string())
            .bind(now_ms)
            .fetch_optional(store.pool()),
        )
        .await;
    named(changed)?.as_ref().map(from_row).transpose()
}

/// Deletes an account's scenario; whether it was there.
pub async fn delete(
    store: &Store,
    account: AccountId,
    scenario_id: &str,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM scenarios WHERE account_id = $1 AND scenario_id = $2")
                .bind(account.0)
                .bind(scenario_id)
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ids are ours, so that only a name can be taken.
fn named<T>(result: Result<T, StoreError>) -> Result<T, StoreError> {
    result.map_err(|error| {
        if error.is_unique_violation() {
            StoreError::NameTaken
        } else {
            error
        }
    })
}

fn from_row(row: &AnyRow) -> Result<Scenario, StoreError> {
    let definition: String = row.try_get(4)?;
    Ok(Scenario {
        id: row.try_get(0)?,
        scenario_id: row.try_get(1)?,
        account: AccountId(row.try_get(2)?),
        name: row.try_get(3)?,
        definition: serde_json::from_str(&definition)
            .map_err(|_| StoreError::Corrupt("scenarios.definition".into()))?,
        revision: row.try_get(5)?,
        created_at_ms: row.try_get(6)?,
        updated_at_ms: row.try_get(7)?,
    })
}
