//! A span of the trace for each request. Which call's trace it is, its handler says (`call_trace`).

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use casp_telemetry::{TRACE_TARGET, mark_failed};
use tracing::{Instrument as _, field::Empty};

/// Asked again and again by machines; of no call.
const UNTRACED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Names are OpenTelemetry's (HTTP server spans). The path itself may name people; its pattern does not.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str).to_owned();
    if UNTRACED.contains(&route.as_str()) {
        return next.run(request).await;
    }
    let span = tracing::info_span!(
        target: TRACE_TARGET,
        parent: None,
        "request",
        otel.name = format!("{} {route}", request.method()),
        otel.kind = "server",
        otel.status_code = Empty,
        error.type = Empty,
        http.request.method = request.method().as_str(),
        http.route = route,
        http.response.status_code = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        mark_failed(&span, status.as_str());
    }
    response
}
