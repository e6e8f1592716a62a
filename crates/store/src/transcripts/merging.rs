//! What Voice Intelligence heard of a call, merged into its transcript.

use super::words;
use crate::{AccountId, store::Dialect, twilio_transcripts::Sentence};
use sqlx::{AnyConnection, Row as _};

/// What comes in.
#[derive(Debug)]
pub(crate) struct Merge<'a> {
    pub(crate) account: AccountId,
    pub(crate) call_sid: &'a str,
    pub(crate) sid: &'a str,
    pub(crate) sentences: &'a [Sentence],
}

/// Names the Voice Intelligence transcript in that of the call, whose words are then found by search. A call that the
/// agent wrote nothing of is counted by it.
pub(crate) async fn merge(
    connection: &mut AnyConnection,
    dialect: Dialect,
    merge: &Merge<'_>,
) -> Result<(), sqlx::Error> {
    let count = |is_wanted: bool| {
        let theirs: Vec<&Sentence> = merge
            .sentences
            .iter()
            .filter(|sentence| (sentence.speaker == 0) == is_wanted)
            .collect();
        let words: i64 = theirs
            .iter()
            .map(|sentence| words::count(&sentence.text))
            .sum();
        (theirs.len() as i64, words)
    };
    let ((user_turns, user_words), (agent_turns, agent_words)) = (count(true), count(false));
    for channel in ["phone", "whatsapp"] {
        let row = sqlx::query(
            "UPDATE transcripts SET voice_intelligence_sid = $3, is_shown = 1 - is_deleted, \
             user_turns = CASE WHEN user_turns + agent_turns = 0 THEN $4 ELSE user_turns END, \
             user_words = CASE WHEN user_turns + agent_turns = 0 THEN $5 ELSE user_words END, \
             agent_turns = CASE WHEN user_turns + agent_turns = 0 THEN $6 ELSE agent_turns END, \
             agent_words = CASE WHEN user_turns + agent_turns = 0 THEN $7 ELSE agent_words END \
             WHERE account_id = $1 AND session_id = $2 AND is_deleted = 0 RETURNING id",
        )
        .bind(merge.account.0)
        .bind(format!("{channel}-{}", merge.call_sid))
        .bind(merge.sid)
        .bind(user_turns)
        .bind(user_words)
        .bind(agent_turns)
        .bind(agent_words)
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = row {
            let text: Vec<&str> = merge.sentences.iter().map(|s| s.text.as_str()).collect();
            let id = row.try_get(0)?;
            words::add(connection, dialect, id, merge.account, &text.join("\n")).await?;
        }
    }
    Ok(())
}
