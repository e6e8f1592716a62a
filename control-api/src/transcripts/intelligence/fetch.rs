//! Fetching a transcript and keeping it: as a job when the webhook has announced it, or by hand.

use super::{ask::again, client, failed, sentences::content, twilio_sid};
use crate::{
    ControlApi,
    auth::Caller,
    background::JobFailure,
    body,
    clock::now_ms,
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
    recordings::{Reason, delete_at_twilio},
    transcripts::{NO_TRANSCRIPT, TranscriptId},
};
use axum::{
    Json,
    extract::{Request, State},
};
use casp_store::{
    AccountId, StoreError,
    jobs::ClaimedJob,
    recordings,
    twilio_transcripts::{self, TwilioTranscript},
};
use casp_twilio::{
    TranscriptSid,
    rest::{Transcript, TwilioClient},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked for by hand; the body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct StoreRequest {
    /// Who answered.
    #[schema(example = "Sales Call")]
    scenario_name: Option<String>,
}

/// It is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreAnswer {
    /// `success`
    #[schema(example = "success")]
    status: &'static str,
    /// In words.
    #[schema(example = "Transcript stored successfully")]
    message: &'static str,
    #[schema(example = "GT1234567890")]
    transcript_sid: String,
}

/// Fetch a transcript from Twilio and store it
///
/// A transcript that is stored already is left as it is.
#[utoipa::path(
    post, path = "/store-transcript/{transcript_sid}", tag = "transcripts",
    params(("transcript_sid" = String, Path, description = "The transcript", example = "GT1234567890abcdef")),
    request_body(content = Option<StoreRequest>, example = json!({"scenario_name": "Sales Call"})),
    responses(
        (status = 200, description = "Stored", body = StoreAnswer),
        (status = 409, description = "Twilio has not finished it", body = ErrorBody),
        (status = 502, description = "Twilio refuses, or does not answer", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn store_transcript(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<TranscriptId>,
    request: Request,
) -> Result<Json<StoreAnswer>, ApiError> {
    let sid = id.checked()?;
    let request: StoreRequest = body::read_optional(request, &api).await?;
    let scenario = request.scenario_name.filter(|name| !name.is_empty());
    if scenario
        .as_ref()
        .is_some_and(|name| name.len() > 200 || name.contains('\0'))
    {
        return Err(ApiError::invalid_body(
            "scenario_name",
            "at most 200 bytes, without NUL",
        ));
    }
    let store = &api.config.store;
    let known = twilio_transcripts::get(store, caller.account, &sid).await?;
    let answer = |message| {
        Ok(Json(StoreAnswer {
            status: "success",
            message,
            transcript_sid: sid.clone(),
        }))
    };
    if known.as_ref().is_some_and(|known| known.stored.is_some()) {
        return answer("Transcript already stored");
    }
    let twilio = client(&api)?;
    let transcript_sid = twilio_sid(&sid)?;
    if known.is_none()
        && !is_foreign_one_ours(&api, caller.account, &transcript_sid, twilio).await?
    {
        return Err(NO_TRANSCRIPT);
    }
    let transcript = twilio.fetch_transcript(&transcript_sid).await;
    let transcript = transcript.map_err(|error| failed(&error))?;
    if transcript.status != "completed" {
        return Err(ApiError::Conflict(
            "Twilio has not finished this transcript. Try again soon.",
        ));
    }
    let content = content(twilio, &transcript)
        .await
        .map_err(|error| failed(&error))?;
    if let Some(scenario) = scenario {
        twilio_transcripts::set_scenario(store, caller.account, &sid, &scenario).await?;
    }
    twilio_transcripts::keep(store, caller.account, &sid, &content, now_ms()).await?;
    answer("Transcript stored successfully")
}

/// Whether a transcript that nobody here asked for is of a recording of the account's; it is then noted as its.
async fn is_foreign_one_ours(
    api: &ControlApi,
    account: AccountId,
    sid: &TranscriptSid,
    twilio: &TwilioClient,
) -> Result<bool, ApiError> {
    let transcript = twilio
        .fetch_transcript(sid)
        .await
        .map_err(|error| failed(&error))?;
    let owner = noted(api, &transcript).await?;
    Ok(owner.is_some_and(|owner| owner.account == account))
}

/// Notes whose a transcript is, by the recording it is of; `None` when that is nobody's.
async fn noted(
    api: &ControlApi,
    transcript: &Transcript,
) -> Result<Option<TwilioTranscript>, StoreError> {
    let store = &api.config.store;
    let source = transcript.channel.as_ref();
    let source = source.and_then(|channel| channel["media_properties"]["source_sid"].as_str());
    let Some(recording) = recordings::get(store, source.unwrap_or_default()).await? else {
        return Ok(None);
    };
    let (sid, account) = (transcript.sid.as_str(), recording.account);
    let call_sid = recording.call_sid.as_deref();
    twilio_transcripts::found(store, account, sid, &recording.sid, call_sid, now_ms()).await?;
    twilio_transcripts::get(store, account, sid).await
}

/// Job: a transcript was announced; fetches and keeps it.
pub(crate) async fn fetch_job(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(twilio) = &api.twilio else {
        return Err(JobFailure::Dead("Twilio is not configured".into()));
    };
    let sid = job.payload["transcript_sid"].as_str().unwrap_or_default();
    let transcript_sid =
        TranscriptSid::new(sid).map_err(|error| JobFailure::Dead(error.to_string()))?;
    let store = &api.config.store;
    let transcript = twilio
        .fetch_transcript(&transcript_sid)
        .await
        .map_err(again)?;
    let key = transcript
        .customer_key
        .as_deref()
        .filter(|key| !key.is_empty());
    if let Some(key) = key {
        twilio_transcripts::named(store, key, sid).await?;
    }
    let owner = match twilio_transcripts::owner(store, sid, key).await? {
        Some(owner) => Some(owner),
        None => noted(api, &transcript).await?,
    };
    let Some(owner) = owner else {
        return Err(JobFailure::Dead("it is of no call of ours".into()));
    };
    match transcript.status.as_str() {
        "completed" => {}
        "failed" | "canceled" => {
            return Err(JobFailure::Dead(format!(
                "Twilio says {}",
                transcript.status
            )));
        }
        _ => return Err(JobFailure::retry("Twilio has not finished it")),
    }
    let content = content(twilio, &transcript).await.map_err(again)?;
    twilio_transcripts::keep(store, owner.account, sid, &content, now_ms()).await?;
    if api.config.recordings.is_deleted_at_twilio
        && let Some(recording) = &owner.recording_sid
    {
        delete_at_twilio(api, owner.account, recording, Reason::Kept).await?;
    }
    Ok(())
}
