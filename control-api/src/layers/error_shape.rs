//! Errors that no handler made (unknown methods, unreadable paths, panics) get the shape of all others.

use crate::{error::plain, openai, rtc::LiveKitsOwn};
use axum::{
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::any::Any;

pub(super) async fn shape(request: Request, next: Next) -> Response {
    let is_openai = openai::is_openai_path(request.uri().path());
    let response = shaped(next.run(request).await);
    if is_openai {
        openai::reshape(response)
    } else {
        response
    }
}

fn shaped(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"application/json"));
    if !is_error || is_json || response.extensions().get::<LiveKitsOwn>().is_some() {
        return response;
    }
    let mut shaped = plain(status).into_response();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            shaped.headers_mut().append(name, value.clone());
        }
    }
    shaped
}

/// A panic is ours to know, not the client's.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
pub(super) fn for_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(panic = text, "a handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// Ids of requests are made here: one from outside could be anything, and would be in every log line.
pub(super) async fn drop_foreign_request_id(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove("x-request-id");
    next.run(request).await
}
