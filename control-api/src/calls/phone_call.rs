//! `POST /phone/call`

use super::{
    answer::CallAnswer,
    machine::MachineChoice,
    number::{FromNumber, ToNumber},
    place::{self, Wish},
};
use crate::{
    ControlApi, assistants,
    error::{ApiError, Problem},
    idempotency::{Attempt, Idempotency, IdempotencyHeader, Idempotent},
    spending::Initiator,
};
use axum::{extract::State, response::Response};
use casp_store::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest text for a machine, in characters.
const LONGEST_MESSAGE: usize = 1_000;

/// A call to place.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PhoneCallRequest {
    /// Whom to call, E.164.
    #[schema(value_type = String, pattern = r"^\+[1-9]\d{6,14}$", example = "+14155550123")]
    to: ToNumber,
    /// The number to call from: one of the account's, where it has some. Left out: the account's first, or
    /// `TWILIO_PHONE_NUMBER`. When Twilio does not place calls from it, the next one is tried.
    #[schema(value_type = Option<String>, pattern = r"^\+\d{7,15}$", example = "+15017122661")]
    from: Option<FromNumber>,
    /// Who speaks (`default`).
    #[schema(example = "sales")]
    assistant: Option<String>,
    /// What is done when a machine answers; left out: as `PUT /v1/call-settings` says.
    machine: Option<MachineChoice>,
    /// With `leave_message`: what the machine is told; left out: the assistant's greeting.
    #[schema(
        max_length = 1000,
        example = "We called about your appointment tomorrow at 2 PM."
    )]
    message: Option<String>,
}

/// Place a call
///
/// The assistant calls somebody. 202 when the call waits: the account's calls a second or at once are reached, or
/// every agent is taken. 403 when the number is on the do-not-call list, or it is outside the calling hours.
#[utoipa::path(
    post, path = "/phone/call", tag = "phone",
    params(IdempotencyHeader),
    request_body = PhoneCallRequest,
    responses(
        (status = 200, description = "Twilio has the call", body = CallAnswer),
        (status = 202, description = "The call waits for its turn", body = CallAnswer),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn place_call(
    State(api): State<ControlApi>,
    Initiator(caller): Initiator,
    request: Idempotent<PhoneCallRequest>,
) -> Response {
    let Idempotent { body, idempotency } = request;
    let run_api = api.clone();
    let run =
        move |attempt: Attempt| async move { place(&run_api, caller.account, body, attempt).await };
    Idempotency::once(idempotency, &api, caller.account, "phone-call", run).await
}

async fn place(
    api: &ControlApi,
    account: AccountId,
    body: PhoneCallRequest,
    attempt: Attempt,
) -> Result<CallAnswer, ApiError> {
    let assistant = assistants::named(api, account, body.assistant.as_deref()).await?;
    let is_wrong = |text: &String| text.chars().count() > LONGEST_MESSAGE || text.contains('\0');
    if body.message.as_ref().is_some_and(is_wrong) {
        return Err(ApiError::invalid_body(
            "message",
            "a message is at most 1,000 characters",
        ));
    }
    let wish = Wish {
        from: body.from,
        machine: body.machine.map(Into::into),
        message: body.message,
        request_key: attempt.name,
        ..Wish::new(body.to, assistant.name)
    };
    Ok(place::place(api, account, wish).await?.into())
}
