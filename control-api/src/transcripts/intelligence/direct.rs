//! Transcripts as Twilio has them now. Only those of the account's own calls are asked for and touched.

use super::{client, failed, sentences::content, twilio_sid};
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
    query::QueryParams,
    transcripts::{
        NO_TRANSCRIPT, TranscriptId,
        stored::{PageMeta, page_of},
    },
};
use axum::{Json, extract::State};
use casp_store::{
    recordings,
    twilio_transcripts::{self, TwilioTranscript, Which},
};
use casp_twilio::rest::Transcript;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Requests to Twilio at once, for one page.
const AT_ONCE: usize = 8;

/// A page of transcripts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirectPage {
    /// As Twilio has them.
    #[schema(value_type = Vec<Object>)]
    transcripts: Vec<Value>,
    meta: PageMeta,
}

/// It is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeleteAnswer {
    /// `success`
    #[schema(example = "success")]
    status: &'static str,
    /// In words.
    #[schema(example = "Transcript deleted")]
    message: &'static str,
}

/// List transcripts at Twilio
///
/// Those of this account; what has been deleted at Twilio is left out.
#[utoipa::path(
    get, path = "/twilio-transcripts", tag = "transcripts",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 50; 10 by default", example = 10),
        ("page_token" = Option<String>, Query, description = "`meta.next_page_token` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = DirectPage),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn list_direct(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<DirectPage>, ApiError> {
    let (size, before) = page_of(&query, 50)?;
    let twilio = client(&api)?;
    let store = &api.config.store;
    let mut page =
        twilio_transcripts::page(store, caller.account, Which::Named, before, 0, size + 1).await?;
    let meta = PageMeta::of(&mut page, size);
    let sids = page.into_iter().filter_map(|transcript| transcript.sid);
    let mut found = stream::iter(sids)
        .map(
            async |sid| match twilio.fetch_transcript(&twilio_sid(&sid)?).await {
                Ok(transcript) => Ok(Some(shown(&transcript))),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(failed(&error)),
            },
        )
        .buffered(AT_ONCE);
    let mut transcripts = Vec::new();
    while let Some(transcript) = found.next().await {
        transcripts.extend(transcript?);
    }
    Ok(Json(DirectPage { transcripts, meta }))
}

/// Look at a transcript at Twilio
#[utoipa::path(
    get, path = "/twilio-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT0123456789abcdef0123456789abcdef")),
    responses(
        (status = 200, description = "As Twilio has it, with its sentences", body = Object),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn show_direct(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<Value>, ApiError> {
    let sid = id.checked()?;
    let known = twilio_transcripts::get(&api.config.store, caller.account, &sid).await?;
    with_sentences(&api, known).await
}

/// Look at the transcript of a recording at Twilio
#[utoipa::path(
    get, path = "/twilio-transcripts/recording/{recording_sid}", tag = "transcripts",
    params(("recording_sid" = String, Path, description = "The recording", example = "RE0123456789abcdef0123456789abcdef")),
    responses(
        (status = 200, description = "As Twilio has it, with its sentences", body = Object),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn show_of_recording(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<Value>, ApiError> {
    let sid = id.checked()?;
    let store = &api.config.store;
    let recording = recordings::get(store, &sid).await?;
    if recording.is_none_or(|recording| recording.account != caller.account) {
        return Err(NO_TRANSCRIPT);
    }
    let known = twilio_transcripts::of_recording(store, caller.account, &sid).await?;
    with_sentences(&api, known).await
}

/// Delete a transcript at Twilio
///
/// What is stored here stays.
#[utoipa::path(
    delete, path = "/twilio-transcripts/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT0123456789abcdef0123456789abcdef")),
    responses(
        (status = 200, description = "Gone", body = DeleteAnswer),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn delete_direct(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
) -> Result<Json<DeleteAnswer>, ApiError> {
    let sid = id.checked()?;
    let store = &api.config.store;
    let known = twilio_transcripts::get(store, caller.account, &sid).await?;
    let known = known.ok_or(NO_TRANSCRIPT)?;
    let deleted = client(&api)?.delete_transcript(&twilio_sid(&sid)?).await;
    deleted.map_err(|error| failed(&error))?;
    if known.stored.is_none() {
        twilio_transcripts::remove(store, caller.account, &sid).await?;
    }
    Ok(Json(DeleteAnswer {
        status: "success",
        message: "Transcript deleted",
    }))
}

async fn with_sentences(
    api: &ControlApi,
    known: Option<TwilioTranscript>,
) -> Result<Json<Value>, ApiError> {
    let sid = known.and_then(|known| known.sid).ok_or(NO_TRANSCRIPT)?;
    let twilio = client(api)?;
    let transcript = twilio.fetch_transcript(&twilio_sid(&sid)?).await;
    let transcript = transcript.map_err(|error| failed(&error))?;
    let content = content(twilio, &transcript)
        .await
        .map_err(|error| failed(&error))?;
    let mut shown = shown(&transcript);
    shown["sentences"] = serde_json::to_value(content.without_cards()).unwrap_or_default();
    Ok(Json(shown))
}

/// Without what is the house's own: its Twilio account, our keys, addresses that need its password.
fn shown(transcript: &Transcript) -> Value {
    let mut value = serde_json::to_value(transcript).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        for field in ["account_sid", "customer_key", "url", "links"] {
            fields.remove(field);
        }
    }
    value
}
