//! `POST /twilio/resume/{CallSid}`: the stream ended; was that the end of the call?

use super::{answer::TwiMl, phone_session_id, signed_form::SignedForm, status::is_over, transfer};
use crate::{
    ControlApi, call_end, call_trace,
    clock::now_ms,
    error::{ApiError, SignedProblem},
    path::PathValue,
};
use axum::extract::State;
use casp_store::{
    sessions::{self, SessionState},
    stream_tokens,
};
use casp_twilio::CallSid;

/// A call whose stream was asked for more often than this within two minutes does not get well again.
const MOST_STREAMS: i64 = 10;

/// A stream has ended
///
/// The `action` of `<Connect>`: if the session is alive (a bridge died, or was deployed), the call gets a new stream
/// into the same room; if its agent puts it through, somebody else is dialled; if it is over, the call is hung up.
#[utoipa::path(
    post, path = "/twilio/resume/{call_sid}", tag = "twilio",
    params(("call_sid" = String, Path, description = "The call", example = "CA0123456789abcdef0123456789abcdef")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's webhook: `CallSid`, `CallStatus`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&CallStatus=in-progress"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn resume_call(
    State(api): State<ControlApi>,
    PathValue(call): PathValue<CallSid>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    let store = &api.config.store;
    let session_id = phone_session_id(&call);
    let session = sessions::get(store, &session_id).await?;
    if let Some(session) = &session {
        call_trace::joins(session);
    }
    let live = session.filter(|session| session.state != SessionState::Ended);
    let Some(session) = live.filter(|_| !is_over(&form.text("CallStatus"))) else {
        return Ok(TwiMl::hang_up());
    };
    if let Some(twiml) = transfer::dial(&api, &call, &session).await? {
        return Ok(twiml);
    }
    if stream_tokens::recent(store, &session_id, now_ms()).await? >= MOST_STREAMS {
        tracing::warn!(
            session = session_id,
            "the stream fails again and again; the call is ended"
        );
        call_end::close(&api, &session_id, "the stream failed").await?;
        return Ok(TwiMl::apologize(
            "We are sorry, this call cannot go on. Please call again. Goodbye.",
        ));
    }
    metrics::counter!("casp_calls_resumed_total").increment(1);
    TwiMl::stream_again(&api, &call, &session_id).await
}
