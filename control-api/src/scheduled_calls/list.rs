//! `GET /scheduled-calls`, `DELETE /scheduled-calls/{id}`

use super::{ScheduledCallView, view};
use crate::{
    ControlApi,
    auth::Caller,
    clock::now_ms,
    error::{ApiError, ErrorBody, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_store::scheduled_calls::{self, Cancelled};
use utoipa::ToSchema;

const NO_CALL: ApiError = ApiError::NotFound("There is no such scheduled call.");
const TOO_LATE: ApiError =
    ApiError::Conflict("The call is being placed or came to its end; it cannot be cancelled.");

/// List scheduled calls
///
/// The latest time first, with what became of those whose time has come; kept for 30 days after it.
#[utoipa::path(
    get, path = "/scheduled-calls", tag = "phone",
    params(
        ("skip" = Option<u32>, Query, description = "How many to leave out", example = 0),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most (10)", example = 10),
    ),
    responses((status = 200, description = "The account's calls", body = Vec<ScheduledCallView>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_scheduled_calls(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<ScheduledCallView>>, ApiError> {
    let (skip, limit) = query.page()?;
    let calls = scheduled_calls::list(&api.config.store, caller.account, skip, limit).await?;
    Ok(Json(calls.into_iter().map(view).collect()))
}

/// Said of a call that was cancelled.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(crate) struct CancelAnswer {
    /// For people.
    #[schema(example = "Scheduled call cancelled")]
    message: &'static str,
}

/// Cancel a scheduled call
#[utoipa::path(
    delete, path = "/scheduled-calls/{id}", tag = "phone",
    params(("id" = String, Path, description = "The scheduled call", example = "sched_0123456789abcdef01234567")),
    responses(
        (status = 200, description = "It will not be placed", body = CancelAnswer),
        (status = 409, description = "It is being placed, or came to its end", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn cancel_scheduled_call(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(ScheduledCallId(id)): PathValue<ScheduledCallId>,
) -> Result<Json<CancelAnswer>, ApiError> {
    let id = id.ok_or(NO_CALL)?;
    match scheduled_calls::cancel(&api.config.store, caller.account, &id, now_ms()).await? {
        Cancelled::Yes => Ok(Json(CancelAnswer {
            message: "Scheduled call cancelled",
        })),
        Cancelled::TooLate => Err(TOO_LATE),
        Cancelled::Unknown => Err(NO_CALL),
    }
}

/// Any text: what can be no call's id is not found.
pub(crate) struct ScheduledCallId(Option<String>);

impl From<String> for ScheduledCallId {
    fn from(text: String) -> Self {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        Self(is_plain.then_some(text))
    }
}
