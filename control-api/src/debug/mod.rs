//! `/debug/…`: what those who run it want to see of all accounts. For administrators.

mod accounts;
mod records;

use crate::{ControlApi, error::ApiError, query::QueryParams};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes for administrators.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(accounts::all_users))
        .routes(routes!(accounts::protected_admin))
        .routes(routes!(records::intelligence_config))
        .routes(routes!(records::recent_conversations))
        .routes(routes!(records::recording_callback_status))
        .routes(routes!(records::transcript_records))
}

/// Rows at most: `limit`, 1 to 100, all of them by default.
fn most(query: &QueryParams) -> Result<u32, ApiError> {
    query.number("limit", 1..=100, 100)
}
