//! `POST /twilio/status`: how the call is doing.

use super::{inbound, owner::Owner, phone_session_id, signed_form::SignedForm, transfer};
use crate::{
    ControlApi, call_end, call_trace, calls,
    clock::now_ms,
    error::{ApiError, SignedProblem},
    query::QueryParams,
};
use axum::{extract::State, http::StatusCode};
use casp_store::{StoreError, sessions};
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
/// `completed`, `failed`, `busy`, `no-answer` and `canceled` end the session and close its room, also when they
/// overtake the call's first webhook.
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
    take(&api, query.text("call")?, &form).await
}

/// The status of a call has changed (other name)
///
/// As `/twilio/status`.
#[utoipa::path(
    post, path = "/twilio-callback", tag = "twilio",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's status callback: `CallSid`, `CallStatus`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&CallStatus=completed"),
    responses((status = 204, description = "Noted"), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn twilio_callback(
    State(api): State<ControlApi>,
    query: QueryParams,
    form: SignedForm,
) -> Result<StatusCode, ApiError> {
    take(&api, query.text("call")?, &form).await
}

/// Takes a status. Of a call that we placed each is noted; of one that came in only a final one has an effect.
/// `placed` is our id of a call that we placed, where the address of the callback names it.
pub(super) async fn take(
    api: &ControlApi,
    placed: Option<&str>,
    form: &SignedForm,
) -> Result<StatusCode, ApiError> {
    let call = form.call_sid()?;
    let status = form.text("CallStatus");
    if let Some(id) = placed {
        calls::note_sid(api, id, &call).await?;
    }
    calls::note(api, &call, CallStatus::from_name(&status)).await?;
    if is_over(&status) {
        let session_id = phone_session_id(&call);
        let mut reason = status.as_str();
        match sessions::get(&api.config.store, &session_id).await? {
            Some(session) => {
                call_trace::joins(&session);
                if transfer::settle(api, &session).await? {
                    reason = "transferred";
                }
            }
            None => remember(api, form).await?,
        }
        call_end::close(api, &session_id, reason).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The end of a call that comes in overtook its beginning: it is written down, so that the beginning, when it comes,
/// finds the call over. Calls that we place are known before Twilio tells of them.
async fn remember(api: &ControlApi, form: &SignedForm) -> Result<(), ApiError> {
    if form.text("Direction").starts_with("outbound") {
        return Ok(());
    }
    let Some(owner) = Owner::of(api, form).await? else {
        return Ok(());
    };
    let call = form.call_sid()?;
    let new = inbound::new_session(form, &call, owner.account, &owner.assistant);
    match sessions::announce(&api.config.store, &new, now_ms()).await {
        Ok(_) | Err(StoreError::SessionEnded) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
