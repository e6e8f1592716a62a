//! Voice Intelligence (v2): transcripts, their sentences, and what language operators found in them.

use super::{
    TwilioClient, TwilioError,
    client::Repeat,
    form::Form,
    page::{Meta, Page, PageRequest},
};
use crate::{RecordingSid, TranscriptSid};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A transcript as Twilio shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transcript {
    /// Its id.
    pub sid: TranscriptSid,
    /// `GA…`
    pub service_sid: Option<String>,
    /// `queued`, `in-progress`, `completed`, `failed`, `canceled`
    pub status: String,
    /// Source and participants, as Twilio has them.
    pub channel: Option<serde_json::Value>,
    /// BCP 47.
    pub language_code: Option<String>,
    /// What was given with it.
    pub customer_key: Option<String>,
    /// ISO 8601.
    pub media_start_time: Option<String>,
    /// Seconds; null until it is done.
    pub duration: Option<i64>,
    /// ISO 8601.
    pub date_created: Option<String>,
    /// ISO 8601.
    pub date_updated: Option<String>,
    /// Personal data is left out.
    pub redaction: Option<bool>,
    /// Twilio may learn from it.
    pub data_logging: Option<bool>,
    /// Its address.
    pub url: Option<String>,
    /// Addresses of its parts.
    pub links: Option<serde_json::Value>,
    /// Of Twilio's account.
    pub account_sid: Option<String>,
}

/// A sentence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sentence {
    /// Its id.
    pub sid: Option<String>,
    /// Who speaks, by channel, from 1.
    pub media_channel: i64,
    /// Its place, from 0.
    pub sentence_index: i64,
    /// Seconds from the beginning, as a number or as text.
    pub start_time: Option<serde_json::Value>,
    /// Seconds from the beginning, as a number or as text.
    pub end_time: Option<serde_json::Value>,
    /// What is said.
    #[serde(default)]
    pub transcript: String,
    /// 0 to 1, as a number or as text.
    pub confidence: Option<serde_json::Value>,
    /// The words with their times, where asked for.
    pub words: Option<serde_json::Value>,
}

/// What a language operator found; everything but its name differs by kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperatorResult {
    /// `LY…`
    pub operator_sid: Option<String>,
    /// `conversation_classify`, `extract`, `text_generation`, …
    pub operator_type: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// All else, as Twilio has it.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// What is transcribed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TranscriptSource {
    /// A file that Twilio can fetch.
    MediaUrl(String),
    /// A recording of the same Twilio account.
    Recording(RecordingSid),
}

/// The part that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParticipantRole {
    /// Ours.
    Agent,
    /// The other side.
    Customer,
}

/// Who speaks on which channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// From 1.
    pub channel_participant: u32,
    /// Their part.
    pub role: ParticipantRole,
    /// Their id at the call: a number or a `CA…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_participant_id: Option<String>,
    /// Their id with us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Their e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A transcript to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTranscript {
    /// `GA…`, which knows the language and the operators.
    pub service_sid: String,
    /// What is transcribed.
    pub source: TranscriptSource,
    /// Who speaks; empty: Twilio's assumption (channel 1 is the agent).
    pub participants: Vec<Participant>,
    /// Comes back with the transcript; at most 64 characters.
    pub customer_key: Option<String>,
    /// ISO 8601.
    pub media_start_time: Option<String>,
}

impl NewTranscript {
    fn form(&self) -> Form {
        let media = match &self.source {
            TranscriptSource::MediaUrl(url) => json!({"media_url": url}),
            TranscriptSource::Recording(sid) => json!({"source_sid": sid.as_str()}),
        };
        let mut channel = json!({"media_properties": media});
        if !self.participants.is_empty() {
            channel["participants"] = json!(self.participants);
        }
        Form::default()
            .with("ServiceSid", &self.service_sid)
            .with("Channel", channel.to_string())
            .maybe("CustomerKey", self.customer_key.as_ref())
            .maybe("MediaStartTime", self.media_start_time.as_ref())
    }
}

/// Which transcripts are listed; all of the Twilio account's without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TranscriptFilter {
    /// Of this service.
    pub service_sid: Option<String>,
    /// Of this recording.
    pub source_sid: Option<String>,
    /// With this status.
    pub status: Option<String>,
    /// In this language.
    pub language_code: Option<String>,
    /// Made before, ISO 8601.
    pub before_date_created: Option<String>,
    /// Made after, ISO 8601.
    pub after_date_created: Option<String>,
    /// Media begun before, ISO 8601.
    pub before_start_time: Option<String>,
    /// Media begun after, ISO 8601.
    pub after_start_time: Option<String>,
}

#[derive(Deserialize)]
struct TranscriptList {
    transcripts: Vec<Transcript>,
    meta: Meta,
}

#[derive(Deserialize)]
struct SentenceList {
    sentences: Vec<Sentence>,
    meta: Meta,
}

#[derive(Deserialize)]
struct OperatorResultList {
    operator_results: Vec<OperatorResult>,
    meta: Meta,
}

impl TwilioClient {
    /// Has a transcript made. It costs money: sent once, see [`TwilioError::may_have_happened`].
    pub async fn create_transcript(
        &self,
        transcript: &NewTranscript,
    ) -> Result<Transcript, TwilioError> {
        let url = self.intelligence_url("Transcripts");
        self.post(&url, &transcript.form(), Repeat::OnlyUnsent)
            .await
    }

    /// Looks at a transcript.
    pub async fn fetch_transcript(
        &self,
        transcript: &TranscriptSid,
    ) -> Result<Transcript, TwilioError> {
        let url = self.intelligence_url(&format!("Transcripts/{transcript}"));
        self.get(&url, &Form::default()).await
    }

    /// Transcripts, the newest first.
    pub async fn list_transcripts(
        &self,
        filter: &TranscriptFilter,
        page: &PageRequest,
    ) -> Result<Page<Transcript>, TwilioError> {
        let query = Form::default()
            .maybe("ServiceSid", filter.service_sid.as_ref())
            .maybe("SourceSid", filter.source_sid.as_ref())
            .maybe("Status", filter.status.as_ref())
            .maybe("LanguageCode", filter.language_code.as_ref())
            .maybe("BeforeDateCreated", filter.before_date_created.as_ref())
            .maybe("AfterDateCreated", filter.after_date_created.as_ref())
            .maybe("BeforeStartTime", filter.before_start_time.as_ref())
            .maybe("AfterStartTime", filter.after_start_time.as_ref());
        let url = self.intelligence_url("Transcripts");
        let list: TranscriptList = self.get(&url, &page.on(query)).await?;
        Ok(Page {
            next: list.meta.next(),
            entries: list.transcripts,
        })
    }

    /// Sentences of a transcript, in order.
    pub async fn list_sentences(
        &self,
        transcript: &TranscriptSid,
        page: &PageRequest,
    ) -> Result<Page<Sentence>, TwilioError> {
        let url = self.intelligence_url(&format!("Transcripts/{transcript}/Sentences"));
        let list: SentenceList = self.get(&url, &page.on(Form::default())).await?;
        Ok(Page {
            next: list.meta.next(),
            entries: list.sentences,
        })
    }

    /// What language operators found.
    pub async fn list_operator_results(
        &self,
        transcript: &TranscriptSid,
        page: &PageRequest,
    ) -> Result<Page<OperatorResult>, TwilioError> {
        let url = self.intelligence_url(&format!("Transcripts/{transcript}/OperatorResults"));
        let list: OperatorResultList = self.get(&url, &page.on(Form::default())).await?;
        Ok(Page {
            next: list.meta.next(),
            entries: list.operator_results,
        })
    }

    /// Deletes a transcript at Twilio; one that is not there is deleted.
    pub async fn delete_transcript(&self, transcript: &TranscriptSid) -> Result<(), TwilioError> {
        self.delete(&self.intelligence_url(&format!("Transcripts/{transcript}")))
            .await
    }
}
