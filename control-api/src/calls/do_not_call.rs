//! `/v1/do-not-call`: numbers that the account does not call.

use super::number::{PathNumber, ToNumber};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::do_not_call::{self, Entry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// A number not to call.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct DoNotCallRequest {
    /// E.164.
    #[schema(value_type = String, pattern = r"^\+[1-9]\d{6,14}$", example = "+14155550123")]
    number: ToNumber,
    /// Why, for your own use.
    #[serde(default)]
    #[schema(max_length = 200, example = "Asked us not to call again")]
    reason: String,
}

/// A number on the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoNotCallEntry {
    /// E.164.
    #[schema(example = "+14155550123")]
    number: String,
    /// Why.
    #[schema(example = "Asked us not to call again")]
    reason: String,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    created_at: String,
}

impl From<Entry> for DoNotCallEntry {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.number,
            reason: entry.reason,
            created_at: rfc3339(entry.created_at_ms),
        }
    }
}

/// List numbers not to call
#[utoipa::path(
    get, path = "/v1/do-not-call", tag = "phone",
    params(
        ("skip" = Option<u32>, Query, description = "Numbers to skip", example = 0),
        ("limit" = Option<u32>, Query, description = "Numbers at most, 1 to 100 (10)", minimum = 1, maximum = 100, example = 10),
    ),
    responses((status = 200, description = "The newest first", body = Vec<DoNotCallEntry>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_numbers(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<DoNotCallEntry>>, ApiError> {
    let (skip, limit) = query.page()?;
    let entries = do_not_call::list(&api.config.store, caller.account, skip, limit).await?;
    Ok(Json(entries.into_iter().map(Into::into).collect()))
}

/// Put a number on the do-not-call list
///
/// Calls to it are refused (403) from now on, and calls to it that wait fail. One that is on the list stays as it is.
#[utoipa::path(
    post, path = "/v1/do-not-call", tag = "phone",
    request_body = DoNotCallRequest,
    responses((status = 201, description = "It is on the list", body = DoNotCallEntry), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn add_number(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(body): JsonBody<DoNotCallRequest>,
) -> Result<(StatusCode, Json<DoNotCallEntry>), ApiError> {
    if body.reason.chars().count() > LONGEST_REASON || body.reason.contains('\0') {
        return Err(ApiError::invalid_body(
            "reason",
            "a reason is at most 200 characters",
        ));
    }
    let entry = do_not_call::add(
        &api.config.store,
        caller.account,
        body.number.as_str(),
        &body.reason,
        now_ms(),
    )
    .await?;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

/// Take a number off the do-not-call list
#[utoipa::path(
    delete, path = "/v1/do-not-call/{number}", tag = "phone",
    params(("number" = String, Path, description = "E.164; its plus may be written %2B", example = "+14155550123")),
    responses((status = 204, description = "It may be called again"), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn remove_number(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(PathNumber(number)): PathValue<PathNumber>,
) -> Result<StatusCode, ApiError> {
    let store = &api.config.store;
    if do_not_call::remove(store, caller.account, number.as_str()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound("This number is not on the list."))
    }
}
