//! Opening a signalling connection, up to and with the server's first message.

use super::{connection::SignalConnection, join::Join, regions};
use crate::{RoomError, RootCertificates, server_url::ServerUrl};
use livekit_protocol::{
    self as proto, leave_request::Action, signal_response::Message as Response,
};
use std::{future::poll_fn, time::Duration};
use tokio_tungstenite::{
    Connector,
    tungstenite::{self, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

/// Connecting, TLS and the upgrade together may take so long; the first message again.
const STEP: Duration = Duration::from_secs(5);

/// Memory counts a hundredfold here: the defaults would be 128 KiB in each direction.
const BUFFER_BYTES: usize = 4 * 1024;
/// The join response of a room with thousands of participants is the largest message there is.
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
const MAX_WRITE_BYTES: usize = 1024 * 1024;

/// An opened connection.
pub(crate) struct Dialed {
    /// Messages from now on.
    pub(crate) connection: SignalConnection,
    /// The first of them.
    pub(crate) first: FirstMessage,
}

/// What the server says first.
pub(crate) enum FirstMessage {
    /// A new participant was made.
    Join(Box<proto::JoinResponse>),
    /// The old one goes on.
    Reconnect,
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum DialError {
    /// Not reachable now; may be tried again.
    Unreachable(String),
    /// No such path: an older server, see [`super::Transports`].
    NotFound,
    /// The token is not accepted. No use in trying again.
    Refused(String),
    /// The server knows nothing of this participant any more: join anew.
    CannotResume(String),
    /// Never to be tried again.
    Dismissed(proto::DisconnectReason),
}

impl From<DialError> for RoomError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Unreachable(why) | DialError::CannotResume(why) => Self::Connection(why),
            DialError::NotFound => {
                Self::Connection("the URL is not one of a LiveKit server".into())
            }
            DialError::Refused(why) => Self::Refused(why),
            DialError::Dismissed(reason) => Self::Refused(reason.as_str_name().into()),
        }
    }
}

/// Dials `server`, and on LiveKit Cloud its other regions when that fails.
pub(crate) async fn dial(
    server: ServerUrl,
    token: String,
    join: Join,
    roots: RootCertificates,
) -> Result<Dialed, DialError> {
    let error = match dial_one(server.websocket(), &token, &join, &roots).await {
        Err(DialError::Unreachable(why)) if server.is_cloud() => why,
        other => return other,
    };
    for region in regions::find(&server, &token, &roots).await {
        tracing::info!(region = region.websocket(), "trying another region");
        match dial_one(region.websocket(), &token, &join, &roots).await {
            Err(DialError::Unreachable(_)) => {}
            other => return other,
        }
    }
    Err(DialError::Unreachable(error))
}

async fn dial_one(
    base: &str,
    token: &str,
    join: &Join,
    roots: &RootCertificates,
) -> Result<Dialed, DialError> {
    let mut request = join
        .url(base)
        .into_client_request()
        .map_err(|error| DialError::Refused(error.to_string()))?;
    let bearer = http::HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| DialError::Refused("the token has characters that no token has".into()))?;
    request
        .headers_mut()
        .insert(http::header::AUTHORIZATION, bearer);
    if base.starts_with("wss") {
        // Both back ends of rustls may be linked in; whoever comes first decides, and that is fine with us.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let opening = Box::pin(tokio_tungstenite::connect_async_tls_with_config(
        request,
        Some(config),
        true,
        roots.config().map(Connector::Rustls),
    ));
    let socket = match tokio::time::timeout(STEP, opening).await {
        Err(_) => {
            return Err(DialError::Unreachable(
                "signalling: no connection in 5 s".into(),
            ));
        }
        Ok(Err(error)) => return Err(failure(error)),
        Ok(Ok((socket, _))) => socket,
    };
    let mut connection = SignalConnection::new(socket);
    let first = poll_fn(|context| connection.poll(context));
    let first = match tokio::time::timeout(STEP, first).await {
        Err(_) => {
            return Err(DialError::Unreachable(
                "signalling: no first message in 5 s".into(),
            ));
        }
        Ok(Err(error)) => return Err(DialError::Unreachable(error.to_string())),
        Ok(Ok(first)) => first,
    };
    let first = match first {
        Response::Join(join) => {
            connection.set_ping(join.ping_interval, join.ping_timeout);
            FirstMessage::Join(Box::new(join))
        }
        Response::Reconnect(_) => FirstMessage::Reconnect,
        Response::Leave(leave) => return Err(dismissal(&leave)),
        _ => {
            return Err(DialError::Unreachable(
                "signalling: neither join nor leave came first".into(),
            ));
        }
    };
    Ok(Dialed { connection, first })
}

fn dismissal(leave: &proto::LeaveRequest) -> DialError {
    use proto::DisconnectReason as Reason;
    let reason = leave.reason();
    match reason {
        Reason::DuplicateIdentity | Reason::RoomDeleted | Reason::ParticipantRemoved => {
            DialError::Dismissed(reason)
        }
        _ if leave.action() == Action::Disconnect && reason != Reason::StateMismatch => {
            DialError::Refused(reason.as_str_name().into())
        }
        _ => DialError::CannotResume(reason.as_str_name().into()),
    }
}

fn failure(error: tungstenite::Error) -> DialError {
    let tungstenite::Error::Http(response) = error else {
        return DialError::Unreachable(format!("signalling: {error}"));
    };
    let status = response.status();
    let body = response.body().as_deref().unwrap_or_default();
    let body = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    match status.as_u16() {
        404 if !body.contains("room") => DialError::NotFound,
        400..=499 if status != http::StatusCode::TOO_MANY_REQUESTS => {
            DialError::Refused(format!("{status} {body}"))
        }
        _ => DialError::Unreachable(format!("signalling: {status} {body}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{Purpose, Transports};
    use futures_util::SinkExt as _;
    use prost::Message as _;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };
    use tokio_tungstenite::tungstenite::Message;

    /// A region that lets everybody in.
    async fn open_region() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let join = proto::SignalResponse {
                message: Some(Response::Join(proto::JoinResponse {
                    server_version: "the second region".into(),
                    ..Default::default()
                })),
            };
            let message = Message::Binary(join.encode_to_vec().into());
            socket.send(message).await.unwrap();
            std::future::pending::<()>().await;
        });
        url
    }

    /// The cloud's first entrance: it lists regions to whoever has a token, and is otherwise out of order.
    async fn broken_entrance(regions: Vec<String>) -> ServerUrl {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let own = url.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 16 * 1024];
                let length = stream.read(&mut head).await.unwrap();
                let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
                assert!(head.contains("authorization: bearer the-token"), "{head}");
                let (status, body) = if head.starts_with("get /settings/regions ") {
                    let regions = std::iter::once(&own).chain(&regions);
                    let regions: Vec<_> =
                        regions.map(|url| serde_json::json!({"url": url})).collect();
                    (
                        "200 OK",
                        serde_json::json!({ "regions": regions }).to_string(),
                    )
                } else {
                    ("503 Service Unavailable", String::new())
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        ServerUrl::parse(&url).unwrap().stand_in()
    }

    fn join() -> Join {
        Join {
            transports: Transports::Single,
            purpose: Purpose::Join {
                offer: None,
                tracks: Vec::new(),
            },
        }
    }

    async fn dial_at(server: ServerUrl) -> Result<Dialed, DialError> {
        dial(
            server,
            "the-token".into(),
            join(),
            RootCertificates::default(),
        )
        .await
    }

    #[tokio::test]
    async fn when_one_region_is_down_the_next_is_taken() {
        // Nothing listens on the discard port.
        let dead = "http://127.0.0.1:9".to_owned();
        let entrance = broken_entrance(vec![dead, open_region().await]).await;
        let dialed = dial_at(entrance).await.expect("a region answers");
        let FirstMessage::Join(join) = dialed.first else {
            panic!("no join")
        };
        assert_eq!(join.server_version, "the second region");
    }

    #[tokio::test]
    async fn the_token_is_not_taken_to_other_hosts() {
        let entrance = broken_entrance(vec!["http://127.0.0.2:9".into()]).await;
        let Err(DialError::Unreachable(why)) = dial_at(entrance).await else {
            panic!("somebody let us in")
        };
        assert!(why.contains("503"), "the first failure is told: {why}");
    }

    #[tokio::test]
    async fn a_server_of_ones_own_is_asked_for_no_regions() {
        let entrance = broken_entrance(vec![open_region().await]).await;
        let own = ServerUrl::parse(entrance.http()).unwrap();
        assert!(matches!(dial_at(own).await, Err(DialError::Unreachable(_))));
    }
}
