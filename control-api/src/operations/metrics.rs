//! `GET /metrics`

use crate::{
    ControlApi,
    auth::{Peer, is_from_this_machine},
    error::{ApiError, ErrorBody},
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

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
    if !is_from_this_machine(peer, &headers) && !has_token(&api, &headers) {
        return Err(ApiError::Unauthorized(
            "Send `Authorization: Bearer <METRICS_TOKEN>`.",
        ));
    }
    let metrics = api
        .config
        .metrics
        .as_ref()
        .ok_or(ApiError::NotFound("No metrics are kept."))?;
    let content_type = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((content_type, metrics.render()).into_response())
}

fn has_token(api: &ControlApi, headers: &HeaderMap) -> bool {
    let Some(token) = &api.config.metrics_token else {
        return false;
    };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| {
            given
                .as_bytes()
                .ct_eq(token.expose_secret().as_bytes())
                .into()
        })
}
