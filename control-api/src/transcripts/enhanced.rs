//! `/api/enhanced-transcripts/`: what every conversation yields by itself, while it goes on and after.

use super::{
    NO_TRANSCRIPT, TranscriptId,
    flow::{Heard, flow},
    invalid,
    view::{self, TranscriptDetail, TranscriptRow},
};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use casp_store::{
    AccountId, recordings,
    transcripts::{self, Filter, Transcript},
    twilio_transcripts,
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// Longest notes, bytes.
const MOST_NOTES: usize = 20_000;

/// List transcripts
///
/// The newest first. `q` finds transcripts that hold all of its words, whoever said them.
#[utoipa::path(
    get, path = "/api/enhanced-transcripts/", tag = "transcripts",
    params(
        ("skip" = Option<u32>, Query, description = "So many are left out", example = 0),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 100; 10 by default", example = 10),
        ("call_direction" = Option<String>, Query, description = "`inbound` or `outbound`", example = "outbound"),
        ("scenario_name" = Option<String>, Query, description = "Who answered", example = "sales"),
        ("number" = Option<String>, Query, description = "Who called or was called", example = "+15551230001"),
        ("date_from" = Option<String>, Query, description = "Begun then or later: a time or a day", example = "2024-01-15"),
        ("date_to" = Option<String>, Query, description = "Begun before that time, or on that day at the latest", example = "2024-01-31"),
        ("q" = Option<String>, Query, description = "Words", example = "refund"),
    ),
    responses((status = 200, description = "Transcripts", body = Vec<TranscriptRow>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_transcripts(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<TranscriptRow>>, ApiError> {
    let (skip, limit) = query.page()?;
    let text = |name| Ok::<_, ApiError>(query.text(name)?.map(str::to_owned));
    let filter = Filter {
        call_direction: query.word("call_direction", &["inbound", "outbound"])?,
        scenario_name: text("scenario_name")?,
        // In a query `+` is a blank, unless it is written %2B; the filter knows what was meant.
        number: text("number")?.map(|number| with_plus(&number)),
        from_ms: query.time("date_from", false)?,
        to_ms: query.time("date_to", true)?,
        words: text("q")?,
    };
    let page = transcripts::page(&api.config.store, caller.account, &filter, skip, limit).await?;
    let now = now_ms();
    Ok(Json(
        page.into_iter()
            .map(|transcript| view::row(transcript, now))
            .collect(),
    ))
}

/// Look at a transcript
///
/// By its own id, or by that of the Voice Intelligence transcript of the same call.
#[utoipa::path(
    get, path = "/api/enhanced-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT0123456789abcdef0123456789abcdef")),
    responses((status = 200, description = "The transcript", body = TranscriptDetail), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_transcript(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<TranscriptDetail>, ApiError> {
    let transcript = find(&api, caller.account, id).await?;
    shown(&api, transcript).await.map(Json)
}

/// What changes.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TranscriptChange {
    /// Your notes; null for none. At most 20,000 bytes.
    #[serde(deserialize_with = "present")]
    #[schema(example = "Call back on Monday", required = true)]
    notes: Option<String>,
}

/// A field that must be there, though it may be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Write notes to a transcript
#[utoipa::path(
    patch, path = "/api/enhanced-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT0123456789abcdef0123456789abcdef")),
    request_body(content = TranscriptChange, example = json!({"notes": "Call back on Monday"})),
    responses((status = 200, description = "The transcript as it is now", body = TranscriptDetail), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn change_transcript(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
    JsonBody(change): JsonBody<TranscriptChange>,
) -> Result<Json<TranscriptDetail>, ApiError> {
    let mut transcript = find(&api, caller.account, id).await?;
    let notes = change.notes.filter(|notes| !notes.is_empty());
    let is_writable = notes
        .as_ref()
        .is_none_or(|notes| notes.len() <= MOST_NOTES && !notes.contains('\0'));
    if !is_writable {
        return Err(invalid("notes", "at most 20,000 bytes, without NUL"));
    }
    let store = &api.config.store;
    if !transcripts::set_notes(store, caller.account, transcript.id, notes.as_deref()).await? {
        return Err(NO_TRANSCRIPT);
    }
    transcript.notes = notes;
    shown(&api, transcript).await.map(Json)
}

/// Delete a transcript
///
/// Its words, notes and what Voice Intelligence heard are gone; the call stays counted in the analytics.
#[utoipa::path(
    delete, path = "/api/enhanced-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT0123456789abcdef0123456789abcdef")),
    responses(
        (status = 204, description = "Gone"),
        (status = 409, description = "The conversation still goes on", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn delete_transcript(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Response, ApiError> {
    let transcript = find(&api, caller.account, id).await?;
    let is_over = transcript.ended_at_ms.is_some();
    let store = &api.config.store;
    if transcripts::remove(store, caller.account, transcript.id).await? || is_over {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(ErrorBody {
        detail: "The conversation still goes on. End it first.".into(),
        status_code: StatusCode::CONFLICT.as_u16(),
        errors: Vec::new(),
    }
    .into_response())
}

async fn find(
    api: &ControlApi,
    account: AccountId,
    id: TranscriptId,
) -> Result<Transcript, ApiError> {
    let sid = id.checked()?;
    let found = transcripts::get(&api.config.store, account, &sid).await?;
    found.ok_or(NO_TRANSCRIPT)
}

async fn shown(api: &ControlApi, transcript: Transcript) -> Result<TranscriptDetail, ApiError> {
    let store = &api.config.store;
    let turns = transcripts::turns(store, &transcript).await?;
    let intelligence = match &transcript.voice_intelligence_sid {
        Some(sid) => twilio_transcripts::get(store, transcript.account, sid).await?,
        None => None,
    };
    let recording = match intelligence
        .as_ref()
        .and_then(|heard| heard.recording_sid.as_deref())
    {
        Some(sid) => recordings::get(store, sid).await?,
        None => None,
    };
    let offset_ms = recording.map_or(0, |recording| {
        recording.started_at_ms - transcript.started_at_ms
    });
    let sentences = intelligence
        .as_ref()
        .and_then(|heard| heard.stored.as_ref());
    let heard = Heard {
        sentences: sentences.map_or(&[], |stored| stored.sentences.as_slice()),
        offset: offset_ms.max(0) as f64 / 1_000.0,
    };
    let flow = flow(&transcript, &turns, &heard);
    Ok(view::detail(transcript, flow, intelligence, now_ms()))
}

fn with_plus(number: &str) -> String {
    if number.starts_with(|first: char| first.is_ascii_digit()) {
        format!("+{number}")
    } else {
        number.to_owned()
    }
}
