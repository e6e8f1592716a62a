//! `/v1/calling-hours`

use super::hours::CallingHours;
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::call_settings;
use serde::Serialize;
use utoipa::ToSchema;

/// When the account's calls may be placed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallingHoursView {
    /// Null: at any time.
    hours: Option<CallingHours>,
}

/// See your calling hours
#[utoipa::path(
    get, path = "/v1/calling-hours", tag = "phone",
    responses((status = 200, description = "The hours", body = CallingHoursView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_hours(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<CallingHoursView>, ApiError> {
    let kept = call_settings::get(&api.config.store, caller.account).await?;
    let hours = kept.calling_hours.map(CallingHours::from_stored);
    Ok(Json(CallingHoursView {
        hours: hours.transpose()?,
    }))
}

/// Set your calling hours
///
/// Calls outside them are refused (403), and calls that waited until then fail.
#[utoipa::path(
    put, path = "/v1/calling-hours", tag = "phone",
    request_body = CallingHours,
    responses((status = 200, description = "The hours", body = CallingHoursView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn set_hours(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(hours): JsonBody<CallingHours>,
) -> Result<Json<CallingHoursView>, ApiError> {
    if let Some((field, problem)) = hours.problem() {
        return Err(ApiError::invalid_body(field, problem));
    }
    let kept = serde_json::to_value(&hours).map_err(|_| ApiError::Internal)?;
    call_settings::set_calling_hours(&api.config.store, caller.account, Some(&kept)).await?;
    Ok(Json(CallingHoursView { hours: Some(hours) }))
}

/// Remove your calling hours
///
/// Calls may then be placed at any time.
#[utoipa::path(
    delete, path = "/v1/calling-hours", tag = "phone",
    responses((status = 204, description = "There are none now"), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn clear_hours(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    call_settings::set_calling_hours(&api.config.store, caller.account, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
