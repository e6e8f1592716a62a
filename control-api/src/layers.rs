//! What holds for every route: time, errors, headers, logs.

mod cors;
mod error_shape;
mod measure;
mod security_headers;
mod time_limit;
mod trace;

pub(crate) use security_headers::PagePolicy;

use crate::ControlApi;
use axum::{Router, extract::Request, middleware};
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::Span;

/// Wraps the routes, from the inside out.
pub(crate) fn wrap(routes: Router, api: ControlApi) -> Router {
    let cors = cors::layer(&api.config);
    routes
        .layer(CatchPanicLayer::custom(error_shape::for_panic))
        .layer(middleware::from_fn_with_state(
            api.clone(),
            time_limit::limit,
        ))
        .layer(middleware::from_fn(error_shape::shape))
        .layer(cors)
        .layer(middleware::from_fn_with_state(api, security_headers::add))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_failure(()),
        )
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(middleware::from_fn(error_shape::drop_foreign_request_id))
}

/// Routes are measured and traced one by one, by their pattern.
pub(crate) fn measured(routes: Router<ControlApi>) -> Router<ControlApi> {
    routes
        .route_layer(middleware::from_fn(trace::trace))
        .route_layer(middleware::from_fn(measure::measure))
}

/// Method and path; never the query, where tokens are.
fn span(request: &Request) -> Span {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}
