//! Whether the calendar is connected, and ending it.

use super::{NOT_CONNECTED, PROVIDER};
use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, ErrorBody, Problem},
    oauth::owner_of,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

/// What was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevokeAnswer {
    /// In words.
    #[schema(example = "Google Calendar access revoked successfully")]
    message: &'static str,
    /// True.
    disconnected: bool,
}

/// Disconnect Google Calendar
#[utoipa::path(
    post, path = "/google-calendar/revoke", tag = "google calendar",
    responses(
        (status = 200, description = "It is gone", body = RevokeAnswer),
        (status = 409, description = "None is connected", body = ErrorBody),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn google_calendar_revoke(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<RevokeAnswer>, ApiError> {
    let owner = owner_of(&api, caller.account, "query", None).await?;
    if !api.connections.disconnect(&owner, PROVIDER).await? {
        return Err(NOT_CONNECTED);
    }
    api.job_bell.ring();
    Ok(Json(RevokeAnswer {
        message: "Google Calendar access revoked successfully",
        disconnected: true,
    }))
}

/// Whether there are credentials.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialsStatus {
    /// They are there, and good: not when `needs_reauth`.
    connected: bool,
    /// They were there, and have ended: the user has to connect again.
    needs_reauth: bool,
    /// Whose calendar it is.
    #[schema(example = "ann@gmail.com")]
    email: Option<String>,
    /// When the access token ends, RFC 3339; it is renewed before that.
    #[schema(example = "2026-01-02T03:04:05Z")]
    expires_at: Option<String>,
}

/// Show whether Google Calendar is connected
#[utoipa::path(
    get, path = "/google-calendar/credentials-status", tag = "google calendar",
    responses((status = 200, description = "Whether it is", body = CredentialsStatus), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn google_calendar_status(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<CredentialsStatus>, ApiError> {
    let owner = owner_of(&api, caller.account, "query", None).await?;
    let found = api.connections.connection(&owner, PROVIDER).await?;
    let needs_reauth = found.as_ref().is_some_and(|found| found.needs_reauth);
    Ok(Json(CredentialsStatus {
        connected: found.is_some() && !needs_reauth,
        needs_reauth,
        email: found.as_ref().and_then(|found| found.user_email.clone()),
        expires_at: found.and_then(|found| found.expires_at_ms).map(rfc3339),
    }))
}
