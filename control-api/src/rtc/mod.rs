//! `/rtc*`: LiveKit's signalling, through this server, so that one public address is enough. The media itself goes
//! straight to LiveKit (UDP, or TCP on its own port).
//!
//! LiveKit checks the token; queries, which hold it, are never logged.

mod relay;
mod upstream;
mod validate;

use crate::{
    ControlApi,
    error::{ApiError, ErrorBody},
};
use axum::{
    extract::{OriginalUri, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse as _, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Both versions of LiveKit's signalling.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(signal))
        .routes(routes!(signal_v1))
        .routes(routes!(validate::validate))
        .routes(routes!(validate::validate_v1))
}

/// Headers that LiveKit gets to see, and nothing else of the request.
const FORWARDED: [http::HeaderName; 4] = [
    header::AUTHORIZATION,
    header::USER_AGENT,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::ACCEPT_LANGUAGE,
];

/// LiveKit's signalling
///
/// A WebSocket, passed through to LiveKit message by message. `access_token` in the query, or `Authorization`.
#[utoipa::path(
    get, path = "/rtc", tag = "rtc",
    responses(
        (status = 101, description = "A WebSocket of LiveKit's protocol"),
        (status = 401, description = "LiveKit's answer to a bad token", body = String, content_type = "text/plain"),
        (status = 503, description = "LiveKit cannot be reached", body = ErrorBody)
    )
)]
pub(crate) async fn signal(
    State(api): State<ControlApi>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    proxy(api, uri, headers, socket).await
}

/// LiveKit's signalling, one peer connection
///
/// As `/rtc`, for newer clients.
#[utoipa::path(
    get, path = "/rtc/v1", tag = "rtc",
    responses(
        (status = 101, description = "A WebSocket of LiveKit's protocol"),
        (status = 401, description = "LiveKit's answer to a bad token", body = String, content_type = "text/plain"),
        (status = 503, description = "LiveKit cannot be reached", body = ErrorBody)
    )
)]
pub(crate) async fn signal_v1(
    State(api): State<ControlApi>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    proxy(api, uri, headers, socket).await
}

/// First LiveKit is asked, then the client gets its answer: a refusal is LiveKit's own, with its status.
async fn proxy(
    api: ControlApi,
    uri: Uri,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let mut socket =
        socket.map_err(|_| ApiError::Malformed("This is a WebSocket: connect with one."))?;
    let Ok(permit) = api.proxied_sockets.clone().try_acquire_owned() else {
        return Err(ApiError::Unavailable(
            "Too many connections at once. Try again soon.",
        ));
    };
    let limits = &api.config.limits;
    let mut upstream = match upstream::connect(&api, &uri, &headers).await? {
        upstream::Answer::Connected(upstream) => upstream,
        upstream::Answer::Refused(response) => return Ok(response),
    };
    if let Some(protocol) = upstream.protocol.take() {
        socket.set_selected_protocol(protocol);
    }
    let (idle, shutdown) = (limits.proxied_idle, api.config.shutdown.clone());
    let gauge = metrics::gauge!("casp_proxied_sockets");
    Ok(socket
        .max_message_size(limits.proxied_message_bytes)
        .max_frame_size(limits.proxied_message_bytes)
        .on_upgrade(async move |client| {
            gauge.increment(1);
            relay::run(client, upstream.socket, idle, shutdown).await;
            gauge.decrement(1);
            drop(permit);
        }))
}

/// The headers for LiveKit.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = (http::HeaderName, HeaderValue)> {
    FORWARDED
        .into_iter()
        .filter_map(|name| Some((name.clone(), headers.get(&name)?.clone())))
}

/// Marks an answer that is LiveKit's own, so that it is not put into our error shape.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiveKitsOwn;

/// LiveKit's answer as it is: status, kind of text, text.
fn pass_on(status: http::StatusCode, content_type: Option<HeaderValue>, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    let content_type =
        content_type.unwrap_or(HeaderValue::from_static("text/plain; charset=utf-8"));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response.extensions_mut().insert(LiveKitsOwn);
    response
}
