//! `/incoming-call/{scenario}` and its kin: a call comes in, and the path says who answers.

use super::{
    answer::{StreamPath, TwiMl},
    inbound::{self, Wanted, Wish},
    signed_form::SignedForm,
};
use crate::{
    ControlApi,
    error::{ApiError, SignedProblem},
    path::PathValue,
};
use axum::extract::State;

/// Longest name in a path.
const LONGEST_NAME: usize = 128;

/// What a path names; whether there is such an assistant is seen later.
pub(crate) struct Name(String);

impl TryFrom<String> for Name {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
            Err("no scenario has such a name")
        } else {
            Ok(Self(text))
        }
    }
}

/// A call comes in for a scenario
///
/// Set as a number's voice webhook, by POST or GET. The call is the number's owner's; a built-in assistant or one of
/// the owner's own answers, after its menu if it has one. The audio goes to `/media-stream/{scenario}`.
#[utoipa::path(
    method(get, post), path = "/incoming-call/{scenario}", tag = "twilio",
    params(("scenario" = String, Path, description = "An assistant's name", example = "sales")),
    request_body(content = Option<String>, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's voice webhook: `CallSid`, `From`, `To`, …; by GET they are in the query",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn incoming_call(
    State(api): State<ControlApi>,
    PathValue(Name(scenario)): PathValue<Name>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    inbound::answer(&api, &form, Wish::of_scenario(scenario)).await
}

/// A call comes in for a scenario (other name)
///
/// As `/incoming-call/{scenario}`.
#[utoipa::path(
    method(get, post), path = "/incoming-call-webhook/{scenario}", tag = "twilio",
    params(("scenario" = String, Path, description = "An assistant's name", example = "sales")),
    request_body(content = Option<String>, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's voice webhook: `CallSid`, `From`, `To`, …; by GET they are in the query",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn incoming_call_webhook(
    State(api): State<ControlApi>,
    PathValue(Name(scenario)): PathValue<Name>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    inbound::answer(&api, &form, Wish::of_scenario(scenario)).await
}

/// A call comes in for one of the account's own scenarios
///
/// As `/incoming-call/{scenario}`, for custom scenarios of the number's owner alone. The audio goes to
/// `/media-stream-custom/{scenario_id}`.
#[utoipa::path(
    method(get, post), path = "/incoming-custom-call/{scenario_id}", tag = "twilio",
    params(("scenario_id" = String, Path, description = "The scenario", example = "custom_1_1700000000")),
    request_body(content = Option<String>, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's voice webhook: `CallSid`, `From`, `To`, …; by GET they are in the query",
        example = "CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15551230001&To=%2B15551230002"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String), SignedProblem),
    security(("twilio_signature" = []))
)]
pub(crate) async fn incoming_custom_call(
    State(api): State<ControlApi>,
    PathValue(Name(scenario_id)): PathValue<Name>,
    form: SignedForm,
) -> Result<TwiMl, ApiError> {
    inbound::answer(&api, &form, Wish::of_custom(scenario_id)).await
}

impl Wish {
    /// Whom the number says, with a menu.
    pub(super) fn of_number() -> Self {
        Self {
            assistant: None,
            stream: StreamPath::Call,
            shows_menu: true,
        }
    }

    fn of_scenario(scenario: String) -> Self {
        Self {
            assistant: Some(Wanted::Any(scenario.clone())),
            stream: StreamPath::Scenario(scenario),
            shows_menu: true,
        }
    }

    fn of_custom(scenario_id: String) -> Self {
        Self {
            assistant: Some(Wanted::Own(scenario_id.clone())),
            stream: StreamPath::Custom(scenario_id),
            shows_menu: true,
        }
    }
}
