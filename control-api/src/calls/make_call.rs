//! `/make-call/…` and its kin: a call by one request that a browser's address line can make.

use super::{
    answer::MadeCall,
    number::{PathNumber, ToNumber},
    place::{self, Wish},
};
use crate::{
    ControlApi,
    error::{ApiError, Problem},
    idempotency::{Attempt, Idempotency, IdempotencyHeader},
    path::PathPair,
    spending::Initiator,
};
use axum::{extract::State, response::Response};
use casp_conversation::Assistant;
use casp_store::AccountId;

const NO_SUCH_SCENARIO: ApiError =
    ApiError::Malformed("There is no such scenario; GET /scenarios lists them.");

/// Call with a scenario
///
/// A built-in scenario, or one of the account's own. 202 when the call waits for its turn.
#[utoipa::path(
    method(get, post), path = "/make-call/{phone}/{scenario}", tag = "phone",
    params(
        ("phone" = String, Path, description = "Whom to call, E.164; its plus may be written %2B", example = "+14155550123"),
        ("scenario" = String, Path, description = "Who speaks", example = "sales"),
        IdempotencyHeader,
    ),
    responses(
        (status = 200, description = "Twilio has the call", body = MadeCall),
        (status = 202, description = "The call waits for its turn", body = MadeCall),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn make_call(
    State(api): State<ControlApi>,
    Initiator(caller): Initiator,
    PathPair(PathNumber(to), scenario): PathPair<PathNumber, String>,
    idempotency: Idempotency,
) -> Response {
    let run_api = api.clone();
    let run = move |attempt: Attempt| async move {
        let store = &run_api.config.store;
        let found = casp_assistants::find(store, caller.account, &scenario).await?;
        place(&run_api, caller.account, to, found, attempt, "success").await
    };
    Idempotency::once(idempotency, &api, caller.account, "make-call", run).await
}

/// Call with a custom scenario
///
/// One of the account's own. 202 when the call waits for its turn.
#[utoipa::path(
    method(get, post), path = "/make-custom-call/{phone}/{id}", tag = "phone",
    params(
        ("phone" = String, Path, description = "Whom to call, E.164; its plus may be written %2B", example = "+14155550123"),
        ("id" = String, Path, description = "The scenario: its number or its `scenario_id`", example = "custom_1_1640995200"),
        IdempotencyHeader,
    ),
    responses(
        (status = 200, description = "Twilio has the call: `Custom call initiated`", body = MadeCall),
        (status = 202, description = "The call waits for its turn", body = MadeCall),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn make_custom_call(
    State(api): State<ControlApi>,
    Initiator(caller): Initiator,
    PathPair(PathNumber(to), id): PathPair<PathNumber, String>,
    idempotency: Idempotency,
) -> Response {
    let run_api = api.clone();
    let run = move |attempt: Attempt| async move {
        let store = &run_api.config.store;
        let found = casp_assistants::find_own(store, caller.account, &id).await?;
        let success = "Custom call initiated";
        place(&run_api, caller.account, to, found, attempt, success).await
    };
    Idempotency::once(idempotency, &api, caller.account, "make-custom-call", run).await
}

async fn place(
    api: &ControlApi,
    account: AccountId,
    to: ToNumber,
    assistant: Option<Assistant>,
    attempt: Attempt,
    success: &'static str,
) -> Result<MadeCall, ApiError> {
    let assistant = assistant.ok_or(NO_SUCH_SCENARIO)?;
    let wish = Wish {
        request_key: attempt.name,
        ..Wish::new(to, assistant.name)
    };
    Ok(MadeCall::new(
        place::place(api, account, wish).await?,
        success,
    ))
}
