//! `/outgoing-call/{scenario}`: a call that we placed was answered.

use super::{
    answer::{StreamPath, TwiMl},
    inbound,
    signed_form::SignedForm,
};
use crate::{
    ControlApi, calls,
    error::{ApiError, SignedProblem},
    path::PathValue,
    query::QueryParams,
};
use axum::extract::State;
use casp_twilio::rest::CallStatus;

/// A call that was placed is answered
///
/// Twilio asks for this when somebody, or something, takes the call: session `phone-{CallSid}` and room
/// `twilio-{CallSid}` exist when it answers, and the call is joined to the bridge's media stream.
#[utoipa::path(
    method(get, post), path = "/outgoing-call/{scenario}", tag = "twilio",
    params(
        ("scenario" = String, Path, description = "Who speaks", example = "sales"),
        ("call" = Option<String>, Query, description = "Our id of the call", example = "call_019a0000000070008000000000000000"),
    ),
    request_body(content = Option<String>, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's voice webhook: `CallSid`, `From`, `To`, …; by GET they are in the query",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn answer_outgoing_call(
    State(api): State<ControlApi>,
    PathValue(_scenario): PathValue<String>,
    query: QueryParams,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    let call_sid = form.call_sid()?;
    let Some(id) = query.text("call")? else {
        return Ok(TwiMl::apologize("This call was not placed by us. Goodbye."));
    };
    // A call that has failed or ended for us meanwhile is not taken up again.
    let call = calls::note_sid(&api, id, &call_sid).await?;
    let Some(call) = call.filter(|call| !call.status.is_over()) else {
        return Ok(TwiMl::hang_up());
    };
    calls::note(&api, &call_sid, CallStatus::InProgress).await?;
    let Some(session) = calls::announce(&api, &call, &call_sid).await? else {
        return Ok(TwiMl::hang_up());
    };
    let assistant = inbound::assistant_of(&api, &session).await?;
    inbound::into_room(&api, &call_sid, &session, &assistant, &StreamPath::Call).await
}
