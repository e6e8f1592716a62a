//! `GET /healthz`, `GET /readyz`

use crate::ControlApi;
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use utoipa::ToSchema;

/// Each check has this long.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// Anybody may ask, so the database and LiveKit are not asked more often than this.
const CACHED_FOR: Duration = Duration::from_secs(1);

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

/// The last look at the database and LiveKit.
#[derive(Debug, Default)]
pub(crate) struct ReadinessCache(Mutex<Option<(Instant, Checked)>>);

#[derive(Debug, Clone, Copy)]
struct Checked {
    database: bool,
    livekit: bool,
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
    let checked = check(&api).await;
    let draining = api.config.draining.is_cancelled();
    let is_ready = checked.database && checked.livekit && !draining;
    let readiness = Readiness {
        status: if is_ready { "ready" } else { "not ready" },
        database: checked.database,
        livekit: checked.livekit,
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

async fn check(api: &ControlApi) -> Checked {
    let cached = *api
        .readiness
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some((at, checked)) = cached
        && at.elapsed() < CACHED_FOR
    {
        return checked;
    }
    // LiveKit answers `OK` at its root.
    let livekit = api
        .http
        .get(api.config.livekit.http_url())
        .timeout(CHECK_TIMEOUT)
        .send();
    let (database, livekit) = tokio::join!(
        tokio::time::timeout(CHECK_TIMEOUT, api.config.store.ping()),
        livekit
    );
    let checked = Checked {
        database: matches!(database, Ok(Ok(()))),
        livekit: livekit.is_ok_and(|response| response.status().is_success()),
    };
    *api.readiness
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), checked));
    checked
}
