//! `POST /recording-callback`: Twilio has recorded a call.

use super::{phone_session_id, signed_form::SignedForm, status};
use crate::{
    ControlApi, call_trace,
    clock::{now_ms, rfc3339},
    error::{ApiError, FieldError, SignedProblem},
};
use axum::{extract::State, http::StatusCode};
use casp_store::{
    jobs::NewJob,
    recording_consents,
    sessions::{self, Session},
};
use casp_twilio::{CallSid, RecordingSid};
use serde_json::json;

/// Twilio keeps the file; what cannot be fetched today can be tomorrow.
const MOST_ATTEMPTS: u32 = 12;

/// A recording is ready
///
/// The `recordingStatusCallback` of a call. The recording is fetched and kept in the background, with what the caller
/// was told before it began; a callback that comes twice has one effect. A number's status callback may be set to
/// this address too: without `RecordingSid` it is taken as `/twilio/status`.
#[utoipa::path(
    post, path = "/recording-callback", tag = "twilio",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's recording callback: `CallSid`, `RecordingSid`, `RecordingStatus`, `RecordingDuration`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&RecordingSid=RE0123456789abcdef0123456789abcdef&RecordingStatus=completed&RecordingDuration=12"),
    responses(
        (status = 204, description = "Noted"),
        (status = 404, description = "No call of that id was ever here", body = crate::error::ErrorBody),
        SignedProblem
    ),
    security(("twilio_signature" = []))
)]
pub(crate) async fn recording_callback(
    State(api): State<ControlApi>,
    form: SignedForm,
) -> Result<StatusCode, ApiError> {
    let call = form.call_sid()?;
    let recording = form.text("RecordingSid");
    if recording.is_empty() {
        status::take(&api, None, &form).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    let recording = RecordingSid::new(recording).map_err(|error| {
        let error = FieldError::new("body", "RecordingSid", error.to_string());
        ApiError::Invalid(vec![error])
    })?;
    let session = session_of(&api, &call).await?;
    let session = session.ok_or(ApiError::NotFound("There is no such call."))?;
    call_trace::joins(&session);
    match form.text("RecordingStatus").as_str() {
        "completed" | "" => {
            let job = job(&api, &form, &call, &recording, &session).await?;
            api.enqueue(&job).await?;
        }
        "in-progress" => {}
        other => {
            tracing::warn!(
                session = session.id,
                status = other,
                "Twilio did not record the call"
            );
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn session_of(api: &ControlApi, call: &CallSid) -> Result<Option<Session>, ApiError> {
    let store = &api.config.store;
    if let Some(session) = sessions::get(store, &phone_session_id(call)).await? {
        return Ok(Some(session));
    }
    Ok(sessions::get(store, &format!("whatsapp-{call}")).await?)
}

async fn job(
    api: &ControlApi,
    form: &SignedForm,
    call: &CallSid,
    recording: &RecordingSid,
    session: &Session,
) -> Result<NewJob, ApiError> {
    let consent = recording_consents::get(&api.config.store, &session.id).await?;
    let number = |name: &str| form.text(name).parse::<u32>().ok();
    let now = now_ms();
    Ok(NewJob {
        kind: "fetch-recording",
        account: Some(session.account),
        // The same recording is fetched once, however often Twilio tells of it.
        key: Some(recording.to_string()),
        payload: json!({
            "recording_sid": recording.as_str(),
            "call_sid": call.as_str(),
            "session_id": session.id,
            "duration_s": number("RecordingDuration"),
            "channels": number("RecordingChannels"),
            "consent": consent.map(|consent| json!({
                "announcement": consent.announcement,
                "announced_at": rfc3339(consent.announced_at_ms),
            })),
        }),
        run_at_ms: now,
        max_attempts: MOST_ATTEMPTS,
    })
}
