//! No request goes on for ever. A WebSocket's request ends with its handshake, so what comes after is not bound.

use crate::{ControlApi, error::plain};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

pub(super) async fn limit(State(api): State<ControlApi>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(api.config.limits.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => plain(StatusCode::GATEWAY_TIMEOUT).into_response(),
    }
}
