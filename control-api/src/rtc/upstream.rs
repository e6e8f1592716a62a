//! The WebSocket to LiveKit.

use super::{forwarded, pass_on};
use crate::{ControlApi, error::ApiError};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Uri, header};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

/// Longest time for LiveKit's answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// LiveKit's messages hold at most a room's participants and an SDP.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// A connection to LiveKit.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection, and the subprotocol that LiveKit chose.
pub(super) struct Connected {
    pub(super) socket: Socket,
    pub(super) protocol: Option<HeaderValue>,
}

/// What LiveKit said.
pub(super) enum Answer {
    /// Come in.
    Connected(Box<Connected>),
    /// This, instead of a WebSocket.
    Refused(Response),
}

pub(super) async fn connect(
    api: &ControlApi,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Answer, ApiError> {
    const UNREACHABLE: ApiError =
        ApiError::Unavailable("LiveKit cannot be reached. Try again soon.");
    let path = uri.path_and_query().map_or("/rtc", |path| path.as_str());
    let url = format!(
        "{}{path}",
        api.config.livekit.ws_url().trim_end_matches('/')
    );
    let mut request = url
        .into_client_request()
        .map_err(|_| ApiError::Malformed("The query cannot be read."))?;
    request.headers_mut().extend(forwarded(headers));
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
        // The defaults are made for bulk; signalling is small, and there is one of these for each participant.
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0);
    let connecting = connect_async_with_config(request, Some(config), true);
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok((socket, response))) => {
            let protocol = response
                .headers()
                .get(header::SEC_WEBSOCKET_PROTOCOL)
                .cloned();
            Ok(Answer::Connected(Box::new(Connected { socket, protocol })))
        }
        Ok(Err(tungstenite::Error::Http(response))) => {
            let (parts, body) = response.into_parts();
            let content_type = parts.headers.get(header::CONTENT_TYPE).cloned();
            Ok(Answer::Refused(pass_on(
                parts.status,
                content_type,
                body.unwrap_or_default(),
            )))
        }
        Ok(Err(error)) => {
            // The error may hold the URL, and with it the token: only its kind is told.
            tracing::warn!(
                kind = kind(&error),
                "LiveKit's signalling cannot be reached"
            );
            Err(UNREACHABLE)
        }
        Err(_) => {
            tracing::warn!(kind = "timeout", "LiveKit's signalling cannot be reached");
            Err(UNREACHABLE)
        }
    }
}

fn kind(error: &tungstenite::Error) -> &'static str {
    match error {
        tungstenite::Error::Io(_) => "connection",
        tungstenite::Error::Tls(_) => "TLS",
        tungstenite::Error::Url(_) => "URL",
        _ => "protocol",
    }
}
