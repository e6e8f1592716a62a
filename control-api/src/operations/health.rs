//! `GET /healthz`, `GET /readyz`

use crate::ControlApi;
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// The process runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether calls can be taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready` or `not ready`
    #[schema(example = "ready")]
    status: &'static str,
    /// The database answers.
    database: bool,
    /// LiveKit answers.
    livekit: bool,
    /// No new work is taken, because the process is about to end.
    draining: bool,
    /// Providers that fail at the moment. No reason to be not ready.
    degraded: Vec<String>,
}

/// The process runs
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, description = "It does", body = Health))
)]
pub(crate) async fn show_health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Calls can be taken
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, description = "They can", body = Readiness),
        (status = 503, description = "They cannot", body = Readiness)
    )
)]
pub(crate) async fn show_readiness(State(api): State<ControlApi>) -> (StatusCode, Json<Readiness>) {
    let answering = api.needs.look().await;
    let draining = api.config.draining.is_cancelled();
    let is_ready = answering.is_all() && !draining;
    let readiness = Readiness {
        status: if is_ready { "ready" } else { "not ready" },
        database: answering.has_database,
        livekit: answering.has_livekit,
        draining,
        degraded: (api.config.degraded)(),
    };
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}
