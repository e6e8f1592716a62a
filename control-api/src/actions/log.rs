//! `GET /v1/actions/log`

use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, Problem},
    oauth::owner_of,
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_store::action_log::{self, Entry, Filter};
use serde::Serialize;
use utoipa::ToSchema;

/// A run of an action.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogEntry {
    /// Its id.
    #[schema(example = "act_0198f2c81f0c7d1e8a5b3c2d1e0f9a8b")]
    id: String,
    /// What.
    #[schema(example = "gmail.send")]
    action: String,
    /// `read` or `write`.
    #[schema(example = "write")]
    kind: &'static str,
    /// With whose connection.
    #[schema(example = "ann@example.com")]
    resource: String,
    /// Who asked for it, in the channel: a participant's identity; `api:…` for requests.
    #[schema(example = "caller-7f3a")]
    speaker: String,
    /// In which session; null for a request to the API.
    #[schema(example = "phone-CA0123456789abcdef0123456789abcdef")]
    session: Option<String>,
    /// When, RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    at: String,
    /// `succeeded`, `failed`; null while it runs, and when whoever ran it died.
    #[schema(example = "failed")]
    status: Option<String>,
    /// What kind of failure: `not_connected`, `needs_reauth`, `missing_scope`, `unavailable`, `refused`, `unknown`
    /// (it was sent, and nobody knows what came of it), `not_found`, `unclear`, `arguments`, `internal`.
    #[schema(example = "unavailable")]
    failure: Option<String>,
    /// How long it took, ms.
    #[schema(example = 210)]
    took_ms: Option<i64>,
}

/// A page of the log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogPage {
    /// The latest first.
    entries: Vec<LogEntry>,
}

/// List what was done
///
/// The audit trail: who, what, when, and what came of it; never what was written or read. Kept for 400 days.
#[utoipa::path(
    get, path = "/v1/actions/log", tag = "actions",
    params(
        ("resource" = Option<String>, Query, description = "Only with this one's connections", example = "ann@example.com"),
        ("action" = Option<String>, Query, description = "Only this action", example = "gmail.send"),
        ("skip" = Option<u32>, Query, description = "How many to leave out", example = 0),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at most (10)", example = 10),
    ),
    responses((status = 200, description = "What was done", body = LogPage), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn action_log(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<LogPage>, ApiError> {
    let account = caller.account;
    let resource = match query.text("resource")? {
        None => None,
        named => Some(owner_of(&api, account, "query", named).await?.resource),
    };
    let only = Filter {
        resource: resource.as_deref(),
        action: query.text("action")?,
    };
    let (skip, limit) = query.page()?;
    let found = action_log::list(&api.config.store, account, &only, skip, limit).await?;
    Ok(Json(LogPage {
        entries: found.into_iter().map(view).collect(),
    }))
}

fn view(entry: Entry) -> LogEntry {
    LogEntry {
        id: entry.id,
        action: entry.action,
        kind: if entry.is_write { "write" } else { "read" },
        resource: entry.resource,
        speaker: entry.speaker,
        session: entry.session,
        at: rfc3339(entry.at_ms),
        status: entry.status,
        failure: entry.failure,
        took_ms: entry.took_ms,
    }
}
