//! `POST /twilio/status`: how the call is doing.

use super::{phone_session_id, signed_form::SignedForm};
use crate::{
    ControlApi, call_end, calls,
    error::{ApiError, SignedProblem},
    query::QueryParams,
};
use axum::{extract::State, http::StatusCode};
use casp_twilio::rest::CallStatus;

/// Whether a call with this status is over.
pub(super) fn is_over(call_status: &str) -> bool {
    matches!(
        call_status,
        "completed" | "failed" | "busy" | "no-answer" | "canceled"
    )
}

/// The status of a call has changed
///
/// `completed`, `failed`, `busy`, `no-answer` and `canceled` end the session and close its room.
#[utoipa::path(
    post, path = "/twilio/status", tag = "twilio",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's status callback: `CallSid`, `CallStatus`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&CallStatus=completed"),
    responses((status = 204, description = "Noted"), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn update_status(
    State(api): State<ControlApi>,
    query: QueryParams,
    form: SignedForm,
) -> Result<StatusCode, ApiError> {
    let call = form.call_sid()?;
    let status = form.text("CallStatus");
    if let Some(id) = query.text("call")? {
        calls::note_sid(&api, id, &call).await?;
    }
    calls::note(&api, &call, CallStatus::from_name(&status)).await?;
    if is_over(&status) {
        call_end::close(&api, &phone_session_id(&call), &status).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
