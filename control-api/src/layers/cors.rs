//! Which other origins' pages may call.

use crate::ControlApiConfig;
use axum::http::{HeaderName, HeaderValue, Method, header};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

pub(super) fn layer(config: &ControlApiConfig) -> CorsLayer {
    let named = config
        .cors_origins
        .iter()
        .map(|origin| origin.trim_end_matches('/').to_owned());
    let origins: Vec<String> = named
        .chain(config.frontend_url.as_ref().map(crate::PublicUrl::origin))
        .collect();
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(
            origins
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok()),
        )
    };
    // Keys come in headers that pages set themselves; there are no cookies to lend.
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-publishable-key"),
        ])
        .expose_headers([HeaderName::from_static("x-request-id"), header::RETRY_AFTER])
        .max_age(Duration::from_mins(10))
}
