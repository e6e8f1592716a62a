//! `POST /twilio/answered-by`: did a person answer, or a machine?

use super::{phone_session_id, signed_form::SignedForm};
use crate::{
    ControlApi, call_end,
    error::{ApiError, SignedProblem},
};
use axum::{extract::State, http::StatusCode};
use casp_store::calls::{self, Call, Machine};
use casp_twilio::{
    CallSid,
    rest::CallUpdate,
    twiml::{Response, Say, Verb},
};

/// Who answered
///
/// Twilio's answering-machine detection has made up its mind. A machine is left a message, or the call is ended, as
/// the call or its account wants it.
#[utoipa::path(
    post, path = "/twilio/answered-by", tag = "twilio",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's callback: `CallSid`, `AnsweredBy`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&AnsweredBy=machine_end_beep"),
    responses((status = 204, description = "Noted"), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn note_who_answered(
    State(api): State<ControlApi>,
    form: SignedForm,
) -> Result<StatusCode, ApiError> {
    let call_sid = form.call_sid()?;
    let answered_by = form.text("AnsweredBy");
    let store = &api.config.store;
    let Some(call) = calls::by_sid(store, call_sid.as_str()).await? else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let is_news = calls::set_answered_by(store, call_sid.as_str(), &answered_by).await?;
    let is_machine = answered_by.starts_with("machine") || answered_by == "fax";
    if is_news && is_machine && !call.status.is_over() {
        metrics::counter!("casp_calls_answered_by_machines_total").increment(1);
        match call.machine {
            Machine::LeaveMessage if answered_by != "fax" => {
                leave_message(&api, &call, &call_sid).await?;
            }
            Machine::HangUp | Machine::LeaveMessage => hang_up(&api, &call_sid).await?,
            Machine::Continue => {}
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The call leaves the agent for a spoken text: first the text, so that the end of the stream is not the end of the
/// call.
async fn leave_message(api: &ControlApi, call: &Call, call_sid: &CallSid) -> Result<(), ApiError> {
    let store = &api.config.store;
    let text = match &call.message {
        Some(message) => message.clone(),
        None => casp_assistants::find(store, call.account, &call.assistant)
            .await?
            .map(|assistant| assistant.greeting)
            .unwrap_or_default(),
    };
    let Some(twilio) = api.twilio.as_ref().filter(|_| !text.is_empty()) else {
        return hang_up(api, call_sid).await;
    };
    let twiml = Response::new().with(Say::new(text)).with(Verb::Hangup);
    if let Err(error) = twilio
        .update_call(call_sid, &CallUpdate::Twiml(twiml))
        .await
    {
        tracing::warn!(%error, call_sid = %call_sid, "no message could be left");
        return hang_up(api, call_sid).await;
    }
    call_end::close(
        api,
        &phone_session_id(call_sid),
        "a machine was left a message",
    )
    .await
}

async fn hang_up(api: &ControlApi, call_sid: &CallSid) -> Result<(), ApiError> {
    call_end::close(api, &phone_session_id(call_sid), "a machine answered").await?;
    call_end::end_at_twilio(api, call_sid).await;
    Ok(())
}
