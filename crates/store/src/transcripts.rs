//! Transcripts: one a conversation, by itself, live. Its row holds what lists and searches need and grows with every
//! turn; the words themselves are the [`turns`](crate::turns).

pub mod analytics;
mod live;
mod merging;
mod page;
mod removal;
mod words;

pub(crate) use live::{Beginning, add_turn, begin, end, index_again};
pub use live::{READY_JOB, set_outbound};
pub(crate) use merging::{Merge, merge};
pub use page::{Filter, page};
pub use removal::{Found, Subject, about, erase, is_deleted, remove, remove_old};
pub use words::count as count_words;
pub(crate) use words::prepare_search;

use crate::{
    AccountId, Store, StoreError,
    turns::{self, Turn},
};
use sqlx::{Row as _, any::AnyRow};

/// A transcript, without its words.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// Number, in the order of time.
    pub id: i64,
    /// `GT` and 32 hexadecimal digits.
    pub sid: String,
    /// Its owner.
    pub account: AccountId,
    /// The session it is of.
    pub session_id: String,
    /// Which life of that session: web rooms have several.
    pub incarnation: i64,
    /// `phone`, `web`, …
    pub channel: String,
    /// `inbound`, `outbound`
    pub call_direction: String,
    /// Assistant.
    pub scenario_name: String,
    /// Caller.
    pub from: String,
    /// Called.
    pub to: String,
    /// Unix milliseconds.
    pub started_at_ms: i64,
    /// Unix milliseconds; `None` while it goes on.
    pub ended_at_ms: Option<i64>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// Turns of the user.
    pub user_turns: i64,
    /// Turns of the agent.
    pub agent_turns: i64,
    /// Words of the user.
    pub user_words: i64,
    /// Words of the agent.
    pub agent_words: i64,
    /// The owner's notes.
    pub notes: Option<String>,
    /// The Voice Intelligence transcript that was merged in.
    pub voice_intelligence_sid: Option<String>,
}

/// Columns of a transcript, in the order of [`from_row`].
macro_rules! columns {
    () => {
        "t.id, t.transcript_sid, t.account_id, t.session_id, t.incarnation, t.channel, t.call_direction, \
         t.scenario_name, t.from_address, t.to_address, t.started_at_ms, t.ended_at_ms, t.end_reason, \
         t.user_turns, t.agent_turns, t.user_words, t.agent_words, t.notes, t.voice_intelligence_sid"
    };
}
use columns;

/// By its own id, or by that of the Voice Intelligence transcript in it.
pub async fn get(
    store: &Store,
    account: AccountId,
    sid: &str,
) -> Result<Option<Transcript>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM transcripts t WHERE t.account_id = $1 AND t.is_shown = 1 \
                 AND (t.transcript_sid = $2 OR t.voice_intelligence_sid = $2) \
                 ORDER BY t.id DESC LIMIT 1"
            ))
            .bind(account.0)
            .bind(sid)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Of a session: the newest of its lives.
pub async fn of_session(
    store: &Store,
    account: AccountId,
    session_id: &str,
) -> Result<Option<Transcript>, StoreError> {
    let row = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM transcripts t WHERE t.account_id = $1 AND t.session_id = $2 AND t.is_deleted = 0 \
                 ORDER BY t.incarnation DESC LIMIT 1"
            ))
            .bind(account.0)
            .bind(session_id)
            .fetch_optional(store.pool()),
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// What was said, in order.
pub async fn turns(store: &Store, transcript: &Transcript) -> Result<Vec<Turn>, StoreError> {
    turns::of_incarnation(store, &transcript.session_id, transcript.incarnation).await
}

/// Sets the owner's notes; false when there is no such transcript.
pub async fn set_notes(
    store: &Store,
    account: AccountId,
    id: i64,
    notes: Option<&str>,
) -> Result<bool, StoreError> {
    let done = store
        .timed(
            sqlx::query(
                "UPDATE transcripts SET notes = $3 WHERE account_id = $1 AND id = $2 AND is_shown = 1",
            )
            .bind(account.0)
            .bind(id)
            .bind(notes)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The newest of all accounts, for those who run it.
pub async fn newest_of_all(store: &Store, limit: u32) -> Result<Vec<Transcript>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM transcripts t WHERE t.is_shown = 1 ORDER BY t.id DESC LIMIT $1"
            ))
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// A new id for something that began then. Its order is that of time, and JavaScript reads it exactly.
pub(crate) fn id_at(at_ms: i64) -> i64 {
    first_id_at(at_ms) + rand::random_range(0..IDS_A_MS)
}

/// No id of that time or later is less.
pub(crate) fn first_id_at(at_ms: i64) -> i64 {
    at_ms.saturating_mul(IDS_A_MS)
}

const IDS_A_MS: i64 = 1_000;

fn from_row(row: &AnyRow) -> Result<Transcript, StoreError> {
    Ok(Transcript {
        id: row.try_get(0)?,
        sid: row.try_get(1)?,
        account: AccountId(row.try_get(2)?),
        session_id: row.try_get(3)?,
        incarnation: row.try_get(4)?,
        channel: row.try_get(5)?,
        call_direction: row.try_get(6)?,
        scenario_name: row.try_get(7)?,
        from: row.try_get(8)?,
        to: row.try_get(9)?,
        started_at_ms: row.try_get(10)?,
        ended_at_ms: row.try_get(11)?,
        end_reason: row.try_get(12)?,
        user_turns: row.try_get(13)?,
        agent_turns: row.try_get(14)?,
        user_words: row.try_get(15)?,
        agent_words: row.try_get(16)?,
        notes: row.try_get(17)?,
        voice_intelligence_sid: row.try_get(18)?,
    })
}
