//! Voice Intelligence transcripts that are stored here: in Twilio's own form, and as records.

use super::{NO_TRANSCRIPT, TranscriptId};
use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_store::twilio_transcripts::{self, Sentence, TwilioTranscript, Which};
use serde::Serialize;
use utoipa::ToSchema;

/// A transcript as Twilio shows it, with its sentences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredTranscript {
    /// Its id at Twilio.
    #[schema(example = "GT1234567890abcdef")]
    sid: String,
    /// `completed`
    #[schema(example = "completed")]
    status: String,
    #[schema(example = "2024-01-15T10:30:00Z")]
    date_created: String,
    #[schema(example = "2024-01-15T10:35:00Z")]
    date_updated: String,
    /// Seconds.
    #[schema(example = 120)]
    duration: i64,
    /// BCP 47.
    #[schema(example = "en-US")]
    language_code: String,
    #[schema(value_type = Vec<SentenceView>)]
    sentences: Vec<Sentence>,
}

/// A sentence.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code, reason = "describes the store's own type")]
pub(crate) struct SentenceView {
    /// What is said; card numbers are masked.
    #[schema(example = "Hello, this is Mike Thompson...")]
    text: String,
    /// 0 the customer, 1 the agent.
    #[schema(example = 1)]
    speaker: i64,
    /// Seconds since the recording began.
    #[schema(example = 0.5)]
    start_time: f64,
    /// Seconds since the recording began.
    #[schema(example = 4.2)]
    end_time: f64,
    /// 0 to 1.
    #[schema(example = 0.95)]
    confidence: f64,
}

/// A page of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredPage {
    transcripts: Vec<StoredTranscript>,
    meta: PageMeta,
}

/// Where the next page is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageMeta {
    /// Asked for.
    #[schema(example = 10)]
    pub(super) page_size: u32,
    /// For `page_token`; null on the last page.
    pub(super) next_page_token: Option<String>,
    /// The list's name.
    #[schema(example = "transcripts")]
    pub(super) key: &'static str,
}

impl PageMeta {
    /// Of a page with one row more than asked for, which is taken off.
    pub(super) fn of(page: &mut Vec<TwilioTranscript>, page_size: u32) -> Self {
        let is_more = page.len() > page_size as usize;
        page.truncate(page_size as usize);
        Self {
            page_size,
            next_page_token: page
                .last()
                .filter(|_| is_more)
                .map(|last| last.id.to_string()),
            key: "transcripts",
        }
    }
}

/// `page_size` and `page_token` of a query.
pub(super) fn page_of(query: &QueryParams, most: u32) -> Result<(u32, Option<i64>), ApiError> {
    let size = query.number("page_size", 1..=most, 10)?;
    let token = query.number("page_token", 0..=i64::MAX, 0)?;
    Ok((size, (token > 0).then_some(token)))
}

/// In Twilio's form; `None` while it is not stored.
pub(super) fn view(transcript: TwilioTranscript) -> Option<StoredTranscript> {
    let stored = transcript.stored?;
    Some(StoredTranscript {
        sid: transcript.sid?,
        status: transcript.status,
        date_created: stored.date_created,
        date_updated: stored.date_updated,
        duration: stored.duration,
        language_code: stored.language_code,
        sentences: stored.sentences,
    })
}

/// List stored transcripts in Twilio's form
#[utoipa::path(
    get, path = "/stored-twilio-transcripts", tag = "transcripts",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 100; 10 by default", example = 10),
        ("page_token" = Option<String>, Query, description = "`meta.next_page_token` of the page before"),
    ),
    responses((status = 200, description = "A page", body = StoredPage), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_stored(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<StoredPage>, ApiError> {
    let (size, before) = page_of(&query, 100)?;
    let store = &api.config.store;
    let mut page =
        twilio_transcripts::page(store, caller.account, Which::Stored, before, 0, size + 1).await?;
    let meta = PageMeta::of(&mut page, size);
    let transcripts = page.into_iter().filter_map(view).collect();
    Ok(Json(StoredPage { transcripts, meta }))
}

/// Look at a stored transcript in Twilio's form
#[utoipa::path(
    get, path = "/stored-twilio-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT1234567890abcdef")),
    responses((status = 200, description = "The transcript", body = StoredTranscript), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_stored(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<StoredTranscript>, ApiError> {
    let transcript = find(&api, &caller, id).await?;
    view(transcript).map(Json).ok_or(NO_TRANSCRIPT)
}

/// A stored transcript as a record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TranscriptRecord {
    /// Number, in the order of time.
    #[schema(example = 1)]
    id: i64,
    /// Its id at Twilio.
    #[schema(example = "GT1234567890abcdef")]
    transcript_sid: String,
    /// `completed`
    #[schema(example = "completed")]
    status: String,
    /// All that was said.
    #[schema(example = "Hello, this is Mike Thompson...")]
    full_text: String,
    #[schema(example = "2024-01-15T10:30:00Z")]
    date_created: String,
    #[schema(example = "2024-01-15T10:35:00Z")]
    date_updated: String,
    /// Seconds.
    #[schema(example = 120)]
    duration: i64,
    /// BCP 47.
    #[schema(example = "en-US")]
    language_code: String,
    /// The recording it is of.
    recording_sid: Option<String>,
    /// The call it is of.
    call_sid: Option<String>,
    /// Who answered.
    scenario_name: Option<String>,
    /// When it was asked for.
    created_at: String,
}

fn record(transcript: TwilioTranscript) -> Option<TranscriptRecord> {
    let stored = transcript.stored?;
    Some(TranscriptRecord {
        id: transcript.id,
        transcript_sid: transcript.sid?,
        status: transcript.status,
        full_text: stored.full_text(),
        date_created: stored.date_created,
        date_updated: stored.date_updated,
        duration: stored.duration,
        language_code: stored.language_code,
        recording_sid: transcript.recording_sid,
        call_sid: transcript.call_sid,
        scenario_name: transcript.scenario_name,
        created_at: rfc3339(transcript.created_at_ms),
    })
}

/// List stored transcripts
#[utoipa::path(
    get, path = "/stored-transcripts/", tag = "transcripts",
    params(
        ("skip" = Option<u32>, Query, description = "So many are left out", example = 0),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 100; 10 by default", example = 10),
    ),
    responses((status = 200, description = "Records", body = Vec<TranscriptRecord>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_records(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<TranscriptRecord>>, ApiError> {
    let (skip, limit) = query.page()?;
    let store = &api.config.store;
    let page =
        twilio_transcripts::page(store, caller.account, Which::Stored, None, skip, limit).await?;
    Ok(Json(page.into_iter().filter_map(record).collect()))
}

/// Look at a stored transcript
#[utoipa::path(
    get, path = "/stored-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT1234567890abcdef")),
    responses((status = 200, description = "The record", body = TranscriptRecord), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_record(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<TranscriptRecord>, ApiError> {
    let transcript = find(&api, &caller, id).await?;
    record(transcript).map(Json).ok_or(NO_TRANSCRIPT)
}

/// A stored transcript with its sentences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DetailedAnswer {
    /// `success`
    #[schema(example = "success")]
    status: &'static str,
    transcript: DetailedTranscript,
}

/// The record and its sentences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DetailedTranscript {
    #[serde(flatten)]
    record: TranscriptRecord,
    #[schema(value_type = Vec<SentenceView>)]
    sentences: Vec<Sentence>,
}

/// Look at a stored transcript with its sentences
#[utoipa::path(
    get, path = "/api/transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT1234567890abcdef")),
    responses((status = 200, description = "The transcript", body = DetailedAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_detailed(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<DetailedAnswer>, ApiError> {
    let transcript = find(&api, &caller, id).await?;
    let sentences = transcript
        .stored
        .as_ref()
        .map(|stored| stored.sentences.clone());
    Ok(Json(DetailedAnswer {
        status: "success",
        transcript: DetailedTranscript {
            sentences: sentences.unwrap_or_default(),
            record: record(transcript).ok_or(NO_TRANSCRIPT)?,
        },
    }))
}

async fn find(
    api: &ControlApi,
    caller: &Caller,
    id: TranscriptId,
) -> Result<TwilioTranscript, ApiError> {
    let sid = id.checked()?;
    let found = twilio_transcripts::get(&api.config.store, caller.account, &sid).await?;
    found.ok_or(NO_TRANSCRIPT)
}
