//! `GET /metrics`

use crate::{
    ControlApi,
    auth::Peer,
    error::{ApiError, ErrorBody},
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use casp_operations::{PROMETHEUS_TEXT, may_read_metrics};

/// Prometheus metrics
///
/// From this machine, or with `Authorization: Bearer <METRICS_TOKEN>`.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain"),
        (status = 401, description = "From elsewhere, and without the token", body = ErrorBody),
        (status = 404, description = "No metrics are kept", body = ErrorBody)
    ),
    security(("metrics_token" = []), ())
)]
pub(crate) async fn show_metrics(
    State(api): State<ControlApi>,
    Peer(peer): Peer,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !may_read_metrics(peer, &headers, api.config.metrics_token.as_ref()) {
        return Err(ApiError::Unauthorized(
            "Send `Authorization: Bearer <METRICS_TOKEN>`.",
        ));
    }
    let metrics = api
        .config
        .metrics
        .as_ref()
        .ok_or(ApiError::NotFound("No metrics are kept."))?;
    let content_type = [(header::CONTENT_TYPE, PROMETHEUS_TEXT)];
    Ok((content_type, metrics.render()).into_response())
}
