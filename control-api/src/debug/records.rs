//! Conversations, recordings and transcripts of all accounts, as the database has them: where each stands, and none
//! of what was said.

use super::most;
use crate::{
    ControlApi,
    auth::Admin,
    clock::rfc3339,
    error::{ApiError, Problem},
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_store::{
    recordings::{self, Recording},
    transcripts::{self, Transcript},
    twilio_transcripts::{self, TwilioTranscript},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Voice Intelligence as it is set up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntelligenceConfig {
    /// Every recorded call is transcribed by itself.
    #[schema(example = true)]
    use_twilio_voice_intelligence: bool,
    /// `GA…`; null when there is none, and nothing can be transcribed.
    #[schema(example = "GA0123456789abcdef0123456789abcdef")]
    twilio_voice_intelligence_sid: Option<String>,
    /// `AC…`
    #[schema(example = "AC0123456789abcdef0123456789abcdef")]
    twilio_account_sid: Option<String>,
    /// Whether Twilio's token is set. It is shown nowhere.
    #[schema(example = true)]
    has_twilio_auth_token: bool,
    /// Where Voice Intelligence is asked.
    #[schema(example = "https://intelligence.twilio.com")]
    base_url: String,
    /// What Twilio has to be told, so that it tells what came of it.
    #[schema(example = "https://voice.example.com/twilio-transcripts/webhook-callback")]
    webhook_url: String,
}

/// Show how Voice Intelligence is set up
///
/// For administrators.
#[utoipa::path(
    get, path = "/debug/twilio-intelligence-config", tag = "debug",
    responses((status = 200, description = "As it was read from the settings", body = IntelligenceConfig), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn intelligence_config(
    State(api): State<ControlApi>,
    _: Admin,
) -> Json<IntelligenceConfig> {
    let (twilio, intelligence) = (&api.config.twilio, &api.config.voice_intelligence);
    Json(IntelligenceConfig {
        use_twilio_voice_intelligence: intelligence.as_ref().is_some_and(|set| set.is_automatic),
        twilio_voice_intelligence_sid: intelligence.as_ref().map(|set| set.service_sid.clone()),
        twilio_account_sid: twilio.account_sid.clone(),
        has_twilio_auth_token: twilio.auth_token.is_some(),
        base_url: twilio.intelligence_base_url.clone(),
        webhook_url: format!(
            "{}/twilio-transcripts/webhook-callback",
            api.config.public_url.http()
        ),
    })
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationRecord {
    /// Number, in the order of time.
    #[schema(example = 1)]
    id: i64,
    /// Whose.
    #[schema(example = 1)]
    account_id: i64,
    /// `GT` and 32 hexadecimal digits.
    #[schema(example = "GT0123456789abcdef0123456789abcdef")]
    transcript_sid: String,
    /// The session it is of.
    #[schema(example = "phone-CA0123456789abcdef0123456789abcdef")]
    session_id: String,
    /// `phone`, `whatsapp`, `web`, …
    #[schema(example = "phone")]
    channel: String,
    /// `inbound`, `outbound`
    #[schema(example = "outbound")]
    call_direction: String,
    /// Who answered.
    #[schema(example = "sales")]
    scenario_name: String,
    /// Turns of both.
    #[schema(example = 27)]
    conversation_turns: i64,
    /// RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    started_at: String,
    /// RFC 3339; null while it goes on.
    #[schema(example = "2024-01-15T10:33:00Z")]
    ended_at: Option<String>,
    /// Why it ended.
    #[schema(example = "completed")]
    end_reason: Option<String>,
    /// The Voice Intelligence transcript that was merged in.
    voice_intelligence_sid: Option<String>,
}

impl From<Transcript> for ConversationRecord {
    fn from(row: Transcript) -> Self {
        Self {
            id: row.id,
            account_id: row.account.0,
            transcript_sid: row.sid,
            session_id: row.session_id,
            channel: row.channel,
            call_direction: row.call_direction,
            scenario_name: row.scenario_name,
            conversation_turns: row.user_turns + row.agent_turns,
            started_at: rfc3339(row.started_at_ms),
            ended_at: row.ended_at_ms.map(rfc3339),
            end_reason: row.end_reason,
            voice_intelligence_sid: row.voice_intelligence_sid,
        }
    }
}

/// List the latest conversations
///
/// Of all accounts, the newest first, without what was said. For administrators.
#[utoipa::path(
    get, path = "/debug/recent-conversations", tag = "debug",
    params(("limit" = Option<u32>, Query, description = "At most so many, 1 to 100 (100)", minimum = 1, maximum = 100, example = 10)),
    responses((status = 200, description = "Conversations", body = Vec<ConversationRecord>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn recent_conversations(
    State(api): State<ControlApi>,
    _: Admin,
    query: QueryParams,
) -> Result<Json<Vec<ConversationRecord>>, ApiError> {
    let rows = transcripts::newest_of_all(&api.config.store, most(&query)?).await?;
    Ok(Json(rows.into_iter().map(Into::into).collect()))
}

/// Recordings, and where Twilio tells of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingCallbacks {
    /// Where Twilio tells that a recording is done.
    #[schema(example = "https://voice.example.com/recording-callback")]
    callback_url: String,
    /// The newest first.
    recordings: Vec<RecordingRecord>,
}

/// A recording that Twilio told of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingRecord {
    /// `RE…`
    #[schema(example = "RE0123456789abcdef0123456789abcdef")]
    recording_sid: String,
    /// Whose.
    #[schema(example = 1)]
    account_id: i64,
    /// The call, where it is one.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// `pending` until its sound is fetched, then `stored` or `failed`.
    #[schema(example = "stored")]
    status: &'static str,
    /// Size of the sound.
    #[schema(example = 976_044)]
    bytes: Option<i64>,
    /// RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    started_at: String,
    /// Why it failed.
    error: Option<String>,
}

impl From<Recording> for RecordingRecord {
    fn from(row: Recording) -> Self {
        Self {
            recording_sid: row.sid,
            account_id: row.account.0,
            call_sid: row.call_sid,
            status: row.status.name(),
            bytes: row.bytes,
            started_at: rfc3339(row.started_at_ms),
            error: row.error,
        }
    }
}

/// Show what came of the recording callbacks
///
/// Of all accounts, the newest first. For administrators.
#[utoipa::path(
    get, path = "/debug/recording-callback-status", tag = "debug",
    params(("limit" = Option<u32>, Query, description = "At most so many, 1 to 100 (100)", minimum = 1, maximum = 100, example = 10)),
    responses((status = 200, description = "Recordings", body = RecordingCallbacks), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn recording_callback_status(
    State(api): State<ControlApi>,
    _: Admin,
    query: QueryParams,
) -> Result<Json<RecordingCallbacks>, ApiError> {
    let rows = recordings::newest_of_all(&api.config.store, most(&query)?).await?;
    Ok(Json(RecordingCallbacks {
        callback_url: format!("{}/recording-callback", api.config.public_url.http()),
        recordings: rows.into_iter().map(Into::into).collect(),
    }))
}

/// A transcript by Voice Intelligence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntelligenceRecord {
    /// Number, in the order of time.
    #[schema(example = 1)]
    id: i64,
    /// Whose.
    #[schema(example = 1)]
    account_id: i64,
    /// `GT…`; null while Twilio has not said which.
    #[schema(example = "GT0123456789abcdef0123456789abcdef")]
    transcript_sid: Option<String>,
    /// What it is a transcript of.
    #[schema(example = "RE0123456789abcdef0123456789abcdef")]
    recording_sid: Option<String>,
    /// And of which call.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// Who answered.
    #[schema(example = "sales")]
    scenario_name: Option<String>,
    /// `queued`, `in-progress`, `completed`, `failed`, `canceled`
    #[schema(example = "completed")]
    status: String,
    /// RFC 3339.
    #[schema(example = "2024-01-15T10:33:10Z")]
    created_at: String,
    /// Sentences that are stored; null while none are.
    #[schema(example = 27)]
    sentences: Option<usize>,
}

impl From<TwilioTranscript> for IntelligenceRecord {
    fn from(row: TwilioTranscript) -> Self {
        Self {
            id: row.id,
            account_id: row.account.0,
            transcript_sid: row.sid,
            recording_sid: row.recording_sid,
            call_sid: row.call_sid,
            scenario_name: row.scenario_name,
            status: row.status,
            created_at: rfc3339(row.created_at_ms),
            sentences: row.stored.map(|stored| stored.sentences.len()),
        }
    }
}

/// List all transcript records
///
/// Those of Voice Intelligence, of all accounts, the newest first, without what was said. For administrators.
#[utoipa::path(
    get, path = "/debug/transcript-records", tag = "debug",
    params(("limit" = Option<u32>, Query, description = "At most so many, 1 to 100 (100)", minimum = 1, maximum = 100, example = 10)),
    responses((status = 200, description = "Transcripts", body = Vec<IntelligenceRecord>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn transcript_records(
    State(api): State<ControlApi>,
    _: Admin,
    query: QueryParams,
) -> Result<Json<Vec<IntelligenceRecord>>, ApiError> {
    let rows = twilio_transcripts::newest_of_all(&api.config.store, most(&query)?).await?;
    Ok(Json(rows.into_iter().map(Into::into).collect()))
}
