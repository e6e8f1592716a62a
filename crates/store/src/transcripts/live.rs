//! A transcript while it is written: begun with its session, growing with every turn, final when the session ends.

use super::words;
use crate::{
    AccountId, Store,
    jobs::{NewJob, enqueue_in},
    store::Dialect,
    turns::Turn,
};
use sqlx::{AnyConnection, Row as _};

/// Attempts to find a free id in one millisecond.
const ATTEMPTS: usize = 20;
const MS_A_DAY: i64 = 86_400_000;
/// The kind of the jobs that tell of complete transcripts.
pub const READY_JOB: &str = "transcript-ready";
const READY_ATTEMPTS: u32 = 10;
/// The last words are often written after the hang-up: a transcript is complete so long after its end.
const SETTLING_MS: i64 = 3_000;

/// What is known when a conversation begins.
#[derive(Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) account: AccountId,
    pub(crate) session_id: &'a str,
    pub(crate) incarnation: i64,
    pub(crate) channel: &'a str,
    /// `inbound`, `outbound`
    pub(crate) direction: &'a str,
    pub(crate) scenario: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) resource: Option<&'a str>,
    pub(crate) started_at_ms: i64,
}

/// Begins a transcript; nobody sees it before something is said.
pub(crate) async fn begin(
    connection: &mut AnyConnection,
    new: &Beginning<'_>,
) -> Result<(), sqlx::Error> {
    for _ in 0..ATTEMPTS {
        let done = sqlx::query(
            "INSERT INTO transcripts (id, transcript_sid, account_id, session_id, incarnation, channel, \
             call_direction, scenario_name, from_address, to_address, resource, started_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        )
        .bind(super::id_at(new.started_at_ms))
        .bind(format!("GT{}", uuid::Uuid::new_v4().simple()))
        .bind(new.account.0)
        .bind(new.session_id)
        .bind(new.incarnation)
        .bind(new.channel)
        .bind(new.direction)
        .bind(new.scenario)
        .bind(new.from)
        .bind(new.to)
        .bind(new.resource)
        .bind(new.started_at_ms)
        .execute(&mut *connection)
        .await?;
        if done.rows_affected() == 1 {
            break;
        }
    }
    Ok(())
}

/// Adds a turn, as it is stored.
pub(crate) async fn add_turn(
    connection: &mut AnyConnection,
    dialect: Dialect,
    session_id: &str,
    incarnation: i64,
    turn: &Turn,
) -> Result<(), sqlx::Error> {
    let (is_user, is_agent) = (turn.role == "user", turn.role == "assistant");
    if !is_user && !is_agent {
        return Ok(());
    }
    let words = words::count(&turn.text);
    let row = sqlx::query(
        "UPDATE transcripts SET user_turns = user_turns + $3, user_words = user_words + $4, \
         agent_turns = agent_turns + $5, agent_words = agent_words + $6, is_shown = 1 - is_deleted \
         WHERE session_id = $1 AND incarnation = $2 RETURNING id, account_id, is_deleted",
    )
    .bind(session_id)
    .bind(incarnation)
    .bind(i64::from(is_user))
    .bind(if is_user { words } else { 0 })
    .bind(i64::from(is_agent))
    .bind(if is_agent { words } else { 0 })
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let (id, account) = (row.try_get(0)?, AccountId(row.try_get(1)?));
    if let Some(ms) = turn
        .timings
        .get("total_ms")
        .and_then(serde_json::Value::as_i64)
    {
        count_answer(connection, account, turn.at_ms, ms).await?;
    }
    if row.try_get::<i64, _>(2)? == 0 {
        words::add(connection, dialect, id, account, &turn.text).await?;
    }
    Ok(())
}

async fn count_answer(
    connection: &mut AnyConnection,
    account: AccountId,
    at_ms: i64,
    answer_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO answer_times (account_id, day, step, answers) VALUES ($1, $2, $3, 1) \
         ON CONFLICT (account_id, day, step) DO UPDATE SET answers = answer_times.answers + 1",
    )
    .bind(account.0)
    .bind(at_ms.div_euclid(MS_A_DAY))
    .bind(super::analytics::step_of(answer_ms))
    .execute(connection)
    .await?;
    Ok(())
}

/// The conversation is over. Its account is told once the last words are written, if it wants to be.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    session_id: &str,
    incarnation: i64,
    reason: &str,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE transcripts SET ended_at_ms = $4, end_reason = $3 WHERE session_id = $1 AND incarnation = $2",
    )
    .bind(session_id)
    .bind(incarnation)
    .bind(reason)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    let listened_to = sqlx::query(
        "SELECT t.transcript_sid, t.account_id FROM transcripts t \
         JOIN webhook_endpoints e ON e.account_id = t.account_id \
         WHERE t.session_id = $1 AND t.incarnation = $2",
    )
    .bind(session_id)
    .bind(incarnation)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = listened_to else {
        return Ok(());
    };
    let sid: String = row.try_get(0)?;
    let job = NewJob {
        kind: READY_JOB,
        account: Some(AccountId(row.try_get(1)?)),
        payload: serde_json::json!({ "transcript": sid }),
        key: Some(sid),
        run_at_ms: now_ms.saturating_add(SETTLING_MS),
        max_attempts: READY_ATTEMPTS,
    };
    enqueue_in(connection, &job, now_ms).await?;
    Ok(())
}

/// Says who called whom: `outbound` for calls that we placed. Calls are `inbound` until somebody says so.
pub async fn set_outbound(store: &Store, session_id: &str) -> Result<(), crate::StoreError> {
    store
        .timed(
            sqlx::query("UPDATE transcripts SET call_direction = 'outbound' WHERE session_id = $1")
                .bind(session_id)
                .execute(store.pool()),
        )
        .await?;
    Ok(())
}

/// Takes the words of a transcript anew from its turns, after one of them has changed.
pub(crate) async fn index_again(
    connection: &mut AnyConnection,
    dialect: Dialect,
    session_id: &str,
    incarnation: i64,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, account_id FROM transcripts WHERE session_id = $1 AND incarnation = $2 AND is_deleted = 0",
    )
    .bind(session_id)
    .bind(incarnation)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let (id, account) = (row.try_get(0)?, AccountId(row.try_get(1)?));
    let turns = sqlx::query(
        "SELECT content FROM turns WHERE session_id = $1 AND incarnation = $2 \
         AND role IN ('user', 'assistant') ORDER BY position",
    )
    .bind(session_id)
    .bind(incarnation)
    .fetch_all(&mut *connection)
    .await?;
    let mut text = String::new();
    for turn in &turns {
        text.push_str(turn.try_get::<&str, _>(0)?);
        text.push('\n');
    }
    words::remove(connection, dialect, id).await?;
    words::add(connection, dialect, id, account, &text).await
}
