//! What Voice Intelligence heard, stored, and merged into the transcript of the same call.

use crate::{AccountId, Store, StoreError, masking, transcripts};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, any::AnyRow};

/// A transcript's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentences {
    /// As Twilio writes it.
    pub date_created: String,
    /// As Twilio writes it.
    pub date_updated: String,
    /// Seconds.
    pub duration: i64,
    /// BCP 47.
    pub language_code: String,
    /// In order.
    pub sentences: Vec<Sentence>,
}

/// A sentence, in the form in which the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// The words.
    pub text: String,
    /// Channel: 0 the customer, 1 the agent.
    pub speaker: i64,
    /// Seconds since the recording began.
    pub start_time: f64,
    /// Seconds since the recording began.
    pub end_time: f64,
    /// 0 to 1.
    pub confidence: f64,
}

impl Sentences {
    /// All words, a sentence a line.
    pub fn full_text(&self) -> String {
        let lines: Vec<&str> = self.sentences.iter().map(|s| s.text.as_str()).collect();
        lines.join(" ")
    }

    /// Card numbers go before anything is written, also those told in several sentences.
    pub fn without_cards(&self) -> Vec<Sentence> {
        let mut sentences = self.sentences.clone();
        let mut speakers: Vec<i64> = sentences.iter().map(|sentence| sentence.speaker).collect();
        speakers.sort_unstable();
        speakers.dedup();
        for speaker in speakers {
            let mut theirs: Vec<&mut Sentence> = sentences
                .iter_mut()
                .filter(|sentence| sentence.speaker == speaker)
                .collect();
            let pieces: Vec<&str> = theirs.iter().map(|s| s.text.as_str()).collect();
            let masked = masking::masked_pieces(&pieces);
            for (sentence, text) in theirs.iter_mut().zip(masked) {
                if let Some(text) = text {
                    sentence.text = text;
                }
            }
        }
        sentences
    }
}

/// Stores what a transcript of this account says; doing it again changes nothing but what Twilio changed. False when
/// there is no such transcript.
pub async fn keep(
    store: &Store,
    account: AccountId,
    sid: &str,
    content: &Sentences,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let sentences = content.without_cards();
    let json = serde_json::to_string(&sentences)
        .map_err(|_| StoreError::Corrupt("twilio_transcripts.sentences".into()))?;
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            let row = sqlx::query(
                "UPDATE twilio_transcripts SET status = 'completed', stored_at_ms = $3, date_created = $4, \
                 date_updated = $5, duration = $6, language_code = $7, sentences = $8 \
                 WHERE account_id = $1 AND transcript_sid = $2 RETURNING call_sid",
            )
            .bind(account.0)
            .bind(sid)
            .bind(now_ms)
            .bind(&content.date_created)
            .bind(&content.date_updated)
            .bind(content.duration)
            .bind(&content.language_code)
            .bind(json)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else { return Ok(false) };
            if let Some(call_sid) = row.try_get::<Option<String>, _>(0)? {
                let merge = transcripts::Merge {
                    account,
                    call_sid: &call_sid,
                    sid,
                    sentences: &sentences,
                };
                transcripts::merge(&mut transaction, store.dialect(), &merge).await?;
            }
            transaction.commit().await?;
            Ok(true)
        })
        .await
}

pub(super) fn from_row(row: &AnyRow) -> Result<Sentences, StoreError> {
    let sentences: Option<String> = row.try_get(13)?;
    Ok(Sentences {
        date_created: row.try_get::<Option<String>, _>(9)?.unwrap_or_default(),
        date_updated: row.try_get::<Option<String>, _>(10)?.unwrap_or_default(),
        duration: row.try_get::<Option<i64>, _>(11)?.unwrap_or_default(),
        language_code: row.try_get::<Option<String>, _>(12)?.unwrap_or_default(),
        sentences: serde_json::from_str(sentences.as_deref().unwrap_or("[]"))
            .map_err(|_| StoreError::Corrupt("twilio_transcripts.sentences".into()))?,
    })
}
