//! `/v1/calls`: calls that were placed or wait, and how they fare.

use crate::{
    ControlApi,
    auth::Caller,
    call_end,
    clock::{now_ms, rfc3339},
    error::{ApiError, Problem},
    path::PathValue,
    query::QueryParams,
    twilio::phone_session_id,
};
use axum::{Json, extract::State};
use casp_store::{
    AccountId,
    calls::{self, Call, CallStatus},
};
use casp_twilio::CallSid;
use serde::Serialize;
use utoipa::ToSchema;

const NO_SUCH_CALL: ApiError = ApiError::NotFound("There is no such call.");
const IN_BETWEEN: ApiError =
    ApiError::Unavailable("The call is being placed just now. Try again in a moment.");

/// A call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallView {
    /// Our id.
    #[schema(example = "call_019a0000000070008000000000000000")]
    id: String,
    /// Twilio's id; null until Twilio has it.
    #[schema(example = "CA0123456789abcdef0123456789abcdef")]
    call_sid: Option<String>,
    /// `queued`, `placing`, `unknown`, `initiated`, `ringing`, `in-progress`, `completed`, `busy`, `failed`,
    /// `no-answer` or `canceled`
    #[schema(example = "in-progress")]
    status: &'static str,
    /// While it waits: its place in the queue, from 1.
    #[schema(example = json!(null))]
    position: Option<i64>,
    /// Who is called.
    #[schema(example = "+14155550123")]
    to: String,
    /// The number that it is placed from; before that, the one that was asked for.
    #[schema(example = "+15017122661")]
    from: Option<String>,
    /// Who speaks.
    #[schema(example = "sales")]
    assistant: String,
    /// `human`, `machine_start`, `machine_end_beep`, …, where it was listened for.
    #[schema(example = "human")]
    answered_by: Option<String>,
    /// When it failed: Twilio's error code, or `do_not_call`, `calling_hours`, `expired`, `not_placed`, …
    #[schema(example = json!(null))]
    error_code: Option<String>,
    /// When it failed, or its fate is not known: why, for people.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    created_at: String,
    /// When Twilio took it.
    #[schema(example = "2026-01-02T03:04:05.890Z")]
    placed_at: Option<String>,
    /// When it was answered.
    #[schema(example = "2026-01-02T03:04:12.345Z")]
    answered_at: Option<String>,
    /// When it ended.
    #[schema(example = json!(null))]
    ended_at: Option<String>,
}

/// List calls that were placed or wait
#[utoipa::path(
    get, path = "/v1/calls", tag = "phone",
    params(
        ("skip" = Option<u32>, Query, description = "Calls to skip", example = 0),
        ("limit" = Option<u32>, Query, description = "Calls at most, 1 to 100 (10)", minimum = 1, maximum = 100, example = 10),
        ("status" = Option<String>, Query, description = "Only these", example = "queued"),
        ("since" = Option<String>, Query, description = "Asked for since then: a time (RFC 3339) or a day", example = "2026-01-02"),
    ),
    responses((status = 200, description = "The newest first", body = Vec<CallView>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_calls(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<CallView>>, ApiError> {
    let store = &api.config.store;
    let (skip, limit) = query.page()?;
    let status = query.word("status", &CallStatus::ALL.map(CallStatus::name))?;
    let status = status.as_deref().and_then(CallStatus::from_name);
    let since_ms = query.time("since", false)?.unwrap_or(0);
    let listed = calls::list(store, caller.account, status, since_ms, skip, limit).await?;
    let mut views = Vec::with_capacity(listed.len());
    for call in listed {
        views.push(view(&api, call).await?);
    }
    Ok(Json(views))
}

/// Look at a call that was placed or waits
#[utoipa::path(
    get, path = "/v1/calls/{id}", tag = "phone",
    params(("id" = String, Path, description = "Our id or Twilio's", example = "CA0123456789abcdef0123456789abcdef")),
    responses((status = 200, description = "The call", body = CallView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_call(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<String>,
) -> Result<Json<CallView>, ApiError> {
    let call = find(&api, caller.account, &id).await?;
    Ok(Json(view(&api, call).await?))
}

/// Cancel a call
///
/// One that waits is not placed; one that rings or is under way is ended. One that is over stays as it is.
#[utoipa::path(
    post, path = "/v1/calls/{id}/cancel", tag = "phone",
    params(("id" = String, Path, description = "Our id or Twilio's", example = "call_019a0000000070008000000000000000")),
    responses((status = 200, description = "The call as it is now", body = CallView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn cancel_call(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<String>,
) -> Result<Json<CallView>, ApiError> {
    let store = &api.config.store;
    let call = find(&api, caller.account, &id).await?;
    if !calls::cancel(store, caller.account, &call.id, now_ms()).await? {
        // It may have left the queue just now.
        let call = find(&api, caller.account, &call.id).await?;
        match call.call_sid.as_deref().map(CallSid::new) {
            _ if call.status.is_over() => {}
            Some(Ok(sid)) => {
                call_end::close(&api, &phone_session_id(&sid), "canceled by the API").await?;
                call_end::end_at_twilio(&api, &sid).await;
            }
            _ => return Err(IN_BETWEEN),
        }
    }
    let call = find(&api, caller.account, &call.id).await?;
    Ok(Json(view(&api, call).await?))
}

async fn find(api: &ControlApi, account: AccountId, id: &str) -> Result<Call, ApiError> {
    let store = &api.config.store;
    // PostgreSQL takes no text with NUL in it, and no id has a control character.
    if id.contains(char::is_control) {
        return Err(NO_SUCH_CALL);
    }
    let call = if id.starts_with("call_") {
        calls::get(store, id).await?
    } else {
        calls::by_sid(store, id).await?
    };
    call.filter(|call| call.account == account)
        .ok_or(NO_SUCH_CALL)
}

async fn view(api: &ControlApi, call: Call) -> Result<CallView, ApiError> {
    let position = match call.status {
        CallStatus::Queued => calls::position(&api.config.store, &call.id).await?,
        _ => None,
    };
    Ok(CallView {
        id: call.id,
        call_sid: call.call_sid,
        status: call.status.name(),
        position,
        to: call.to,
        from: call.from.or(call.wanted_from),
        assistant: call.assistant,
        answered_by: call.answered_by,
        error_code: call.error_code,
        error: call.error,
        created_at: rfc3339(call.created_at_ms),
        placed_at: call.placed_at_ms.map(rfc3339),
        answered_at: call.answered_at_ms.map(rfc3339),
        ended_at: call.ended_at_ms.map(rfc3339),
    })
}
