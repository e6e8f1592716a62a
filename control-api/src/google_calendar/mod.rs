//! `/google-calendar`: the account's own Google Calendar, as the first application had it (S2, S3).

mod connect;
mod look;
mod manage;

use crate::{ControlApi, error::ApiError, oauth::owner_of};
use casp_actions::{ActionError, ApiClient, Provider, TokenError};
use casp_store::AccountId;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

const PROVIDER: Provider = Provider::GoogleCalendar;
const NOT_CONNECTED: ApiError = ApiError::Conflict(
    "No Google Calendar is connected; GET /google-calendar/auth (or /v1/oauth/connect/google-calendar) connects one.",
);

/// The routes of Google Calendar.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(connect::google_calendar_auth))
        .routes(routes!(connect::google_calendar_callback))
        .routes(routes!(look::google_calendar_events))
        .routes(routes!(look::google_calendar_free_busy))
        .routes(routes!(manage::google_calendar_revoke))
        .routes(routes!(manage::google_calendar_status))
}

/// Google's API for the account itself.
async fn client(api: &ControlApi, account: AccountId) -> Result<ApiClient, ApiError> {
    let owner = owner_of(api, account, "query", None).await?;
    let tokens = Arc::new(api.connections.clone());
    Ok(ApiClient::new(api.http.clone(), tokens, owner, PROVIDER))
}

fn problem(error: ActionError) -> ApiError {
    match error {
        ActionError::Token(TokenError::NotConnected(_)) => NOT_CONNECTED,
        ActionError::Token(TokenError::NeedsReauth(_)) => ApiError::Conflict(
            "The connection to the Google Calendar has ended; GET /google-calendar/auth connects it again.",
        ),
        ActionError::Token(TokenError::Store(error)) => error.into(),
        ActionError::MissingScope(_) => ApiError::Conflict(
            "The calendar was not shared with us; GET /google-calendar/auth connects it again.",
        ),
        error => {
            tracing::warn!(%error, "Google Calendar failed");
            ApiError::BadGateway("Google Calendar does not answer. Try again in a minute.")
        }
    }
}
