//! Turns: what was said, as it happens, so that a conversation outlives its worker.

use crate::{Store, StoreError, masking, transcripts};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

/// At most this many turns of a session are read: hours of talk.
const MOST_TURNS: i64 = 10_000;
/// A card's number may be told in so many turns,
const MOST_PIECES: i64 = 8;
/// in this time.
const PIECES_MS: i64 = 180_000;

/// A turn.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Position in the session, from 0.
    pub position: i64,
    /// `user`, `assistant`, `tool`.
    pub role: String,
    /// Text; of an interrupted assistant turn, what was really heard.
    pub text: String,
    /// Was cut off by the caller.
    pub was_interrupted: bool,
    /// Timings in milliseconds as JSON (`endpointing_ms`, `stt_ms`, `llm_first_token_ms`, `tts_first_byte_ms`,
    /// `total_ms`; of speech also `speech_start_ms` and `speech_end_ms` since the session began, and `confidence`, 0
    /// to 1, where the provider tells); `{}` where nothing was measured.
    pub timings: serde_json::Value,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// Appends a turn, if no other agent has taken the session since `epoch`. Its position is the next one, whatever
/// `turn.position` says. Works after the end of the session too: the last words are often written after the hang-up.
/// Card numbers are masked before anything is written, also one that is told in several turns. The conversation's
/// transcript grows with it. Returns the position, or `None` when the epoch is lost.
pub async fn append(
    store: &Store,
    session_id: &str,
    epoch: i64,
    turn: &Turn,
) -> Result<Option<i64>, StoreError> {
    store
        .timed(async {
            // The first statement writes: SQLite takes its write lock at once, and PostgreSQL locks the session's
            // row, so that a successor that claims it sees every turn written before.
            let mut transaction = store.pool().begin().await?;
            let row = sqlx::query(
                "UPDATE sessions SET next_turn = next_turn + 1 WHERE id = $1 AND agent_epoch = $2 \
                 RETURNING next_turn - 1, incarnation, account_id",
            )
            .bind(session_id)
            .bind(epoch)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else {
                return Ok(None);
            };
            let position: i64 = row.try_get(0)?;
            let incarnation: i64 = row.try_get(1)?;
            let (text, is_rest_masked) =
                without_cards(&mut transaction, session_id, incarnation, turn).await?;
            let turn = Turn {
                text,
                ..turn.clone()
            };
            sqlx::query(
                "INSERT INTO turns (session_id, incarnation, position, account_id, role, content, \
                 was_interrupted, timings, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(session_id)
            .bind(incarnation)
            .bind(position)
            .bind(row.try_get::<i64, _>(2)?)
            .bind(&turn.role)
            .bind(&turn.text)
            .bind(i64::from(turn.was_interrupted))
            .bind(turn.timings.to_string())
            .bind(turn.at_ms)
            .execute(&mut *transaction)
            .await?;
            let dialect = store.dialect();
            transcripts::add_turn(&mut transaction, dialect, session_id, incarnation, &turn)
                .await?;
            if is_rest_masked {
                transcripts::index_again(&mut transaction, dialect, session_id, incarnation)
                    .await?;
            }
            transaction.commit().await?;
            Ok(Some(position))
        })
        .await
}

/// The text of a new turn as it may be written; and whether earlier turns, now masked, held the beginning of what it
/// ends.
async fn without_cards(
    connection: &mut AnyConnection,
    session_id: &str,
    incarnation: i64,
    turn: &Turn,
) -> Result<(String, bool), sqlx::Error> {
    if turn.role == "tool" {
        return Ok((masked_result(&turn.text), false));
    }
    let text = masking::masked(&turn.text);
    if turn.role != "user" || !masking::has_digits(&turn.text) {
        return Ok((text.into_owned(), false));
    }
    let earlier = sqlx::query(
        "SELECT position, content FROM turns WHERE session_id = $1 AND incarnation = $2 AND role = 'user' \
         AND at_ms >= $3 ORDER BY position DESC LIMIT $4",
    )
    .bind(session_id)
    .bind(incarnation)
    .bind(turn.at_ms - PIECES_MS)
    .bind(MOST_PIECES)
    .fetch_all(&mut *connection)
    .await?;
    let mut pieces: Vec<&str> = Vec::with_capacity(earlier.len() + 1);
    for row in earlier.iter().rev() {
        pieces.push(row.try_get(1)?);
    }
    pieces.push(&turn.text);
    let mut masked = masking::masked_pieces(&pieces);
    let text = masked.pop().flatten().unwrap_or(text.into_owned());
    let mut is_rest_masked = false;
    for (row, masked) in earlier.iter().rev().zip(masked) {
        let Some(masked) = masked else { continue };
        is_rest_masked = true;
        sqlx::query(
            "UPDATE turns SET content = $4 WHERE session_id = $1 AND incarnation = $2 AND position = $3",
        )
        .bind(session_id)
        .bind(incarnation)
        .bind(row.try_get::<i64, _>(0)?)
        .bind(masked)
        .execute(&mut *connection)
        .await?;
    }
    Ok((text, is_rest_masked))
}

/// What a tool gave is JSON, and stays it.
fn masked_result(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(mut value) => {
            masking::mask_json(&mut value);
            value.to_string()
        }
        Err(_) => masking::masked(text).into_owned(),
    }
}

/// All turns, in order (the first 10,000). Of a web room that began anew, those of its present life.
pub async fn list(store: &Store, session_id: &str) -> Result<Vec<Turn>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT t.position, t.role, t.content, t.was_interrupted, t.timings, t.at_ms \
                 FROM turns t JOIN sessions s ON s.id = t.session_id AND s.incarnation = t.incarnation \
                 WHERE t.session_id = $1 ORDER BY t.position LIMIT $2",
            )
            .bind(session_id)
            .bind(MOST_TURNS)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// All turns of one life of a session, in order (the first 10,000).
pub(crate) async fn of_incarnation(
    store: &Store,
    session_id: &str,
    incarnation: i64,
) -> Result<Vec<Turn>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT position, role, content, was_interrupted, timings, at_ms FROM turns \
                 WHERE session_id = $1 AND incarnation = $2 ORDER BY position LIMIT $3",
            )
            .bind(session_id)
            .bind(incarnation)
            .bind(MOST_TURNS)
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The last turns, the newest first.
pub async fn latest(store: &Store, session_id: &str, limit: u32) -> Result<Vec<Turn>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT t.position, t.role, t.content, t.was_interrupted, t.timings, t.at_ms \
                 FROM turns t JOIN sessions s ON s.id = t.session_id AND s.incarnation = t.incarnation \
                 WHERE t.session_id = $1 ORDER BY t.position DESC LIMIT $2",
            )
            .bind(session_id)
            .bind(i64::from(limit))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Turn, StoreError> {
    let timings: String = row.try_get(4)?;
    Ok(Turn {
        position: row.try_get(0)?,
        role: row.try_get(1)?,
        text: row.try_get(2)?,
        was_interrupted: row.try_get::<i64, _>(3)? != 0,
        timings: serde_json::from_str(&timings)
            .map_err(|_| StoreError::Corrupt("turns.timings".into()))?,
        at_ms: row.try_get(5)?,
    })
}
