//! Headers that tell browsers what our pages may do.

use crate::{ControlApi, PublicUrl};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// What pages may do: use nothing but our own files, and the media that the web app makes itself (`blob:`). It connects
/// to LiveKit through this server, or wherever LiveKit is: by a WebSocket, and by HTTP where a proxy lets none through.
#[derive(Debug)]
pub(crate) struct PagePolicy(HeaderValue);

impl PagePolicy {
    pub(crate) fn new(livekit: Option<&PublicUrl>) -> Self {
        let livekit = livekit.map(|url| format!(" {}", url.origin()));
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self' ws: wss:{}; media-src 'self' blob:; worker-src 'self' blob:; font-src 'self'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            livekit.unwrap_or_default()
        );
        // An origin is of letters that headers have.
        Self(
            HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
        )
    }
}

pub(super) async fn add(State(api): State<ControlApi>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if !api.config.has_security_headers {
        return response;
    }
    let headers = response.headers_mut();
    // A page that says more of itself knows better.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(|| api.page_policy.0.clone());
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("permissions-policy"),
            "microphone=(self), camera=(self), display-capture=(self), geolocation=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api.config.public_url.is_secure() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    response
}
