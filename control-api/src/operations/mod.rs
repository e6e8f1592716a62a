//! For those who run it: health, readiness, metrics.

mod health;
mod metrics;

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Health, readiness, metrics.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(health::show_health))
        .routes(routes!(health::show_readiness))
        .routes(routes!(metrics::show_metrics))
}
