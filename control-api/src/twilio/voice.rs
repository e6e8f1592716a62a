//! `POST /twilio/voice`: a call comes in.

use super::{
    answer::TwiMl,
    inbound::{self, Wish},
    signed_form::SignedForm,
};
use crate::{
    ControlApi,
    error::{ApiError, SignedProblem},
};
use axum::extract::State;

/// A call comes in
///
/// The number that was called says whose call it is and who answers (`/v1/numbers`); a number without an owner is
/// `DEFAULT_ACCOUNT`'s, else the caller hears that it is not in service. Makes session `phone-{CallSid}` and room
/// `twilio-{CallSid}`, and joins the call to the bridge's media stream. An assistant with a menu reads that out first
/// (`<Gather>`, to `/twilio/routing`); one that records says so first. When every agent is taken, the caller hears
/// the busy tone.
#[utoipa::path(
    post, path = "/twilio/voice", tag = "twilio",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's voice webhook: `CallSid`, `From`, `To`, …",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn answer_call(
    State(api): State<ControlApi>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    inbound::answer(&api, &form, Wish::of_number()).await
}
