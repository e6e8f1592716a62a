//! The worker's WebSocket, kept up: connects, registers, carries messages both ways, comes back when it is lost.

use super::protocol::{self, PING_INTERVAL};
use crate::clock::unix_ms;
use casp_room::admin::LiveKit;
use futures_util::{SinkExt, StreamExt};
use livekit_protocol::{ServerMessage, WorkerMessage, server_message};
use prost::Message as _;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig,
    },
};

/// Nothing the server sends a worker is near this.
const MAX_MESSAGE_BYTES: usize = 1 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// A connection that has lasted this long was a good one: the next backoff begins anew.
const GOOD_AFTER: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// What the connection tells the worker.
#[derive(Debug)]
pub(super) enum News {
    /// Registered (again): the server knows nothing of our jobs.
    Registered,
    /// A message of the server's.
    Message(Box<server_message::Message>),
    /// The connection is lost.
    Lost,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Socket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    #[error("the server's message makes no sense: {0}")]
    Decode(#[from] prost::DecodeError),
    #[error("{0}")]
    Room(#[from] casp_room::RoomError),
    #[error("the worker's token can't be a header")]
    Token,
    #[error("no answer in time")]
    Timeout,
    #[error("the server closed the connection")]
    Closed,
    #[error("the worker is gone")]
    Unwanted,
}

impl From<tokio_tungstenite::tungstenite::Error> for Broken {
    fn from(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

/// The connection of one worker.
pub(super) struct Connection {
    pub(super) livekit: LiveKit,
    pub(super) agent_name: String,
    /// Read by the worker's loop, which never waits long: when it is full, the socket is not read.
    pub(super) news: mpsc::Sender<News>,
    /// While there is no connection these are thrown away: everything is reported anew on registration.
    pub(super) outgoing: mpsc::Receiver<WorkerMessage>,
}

impl Connection {
    /// Runs until the worker is gone.
    pub(super) async fn run(mut self) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let began = Instant::now();
            let broken = match self.carry().await {
                Ok(()) | Err(Broken::Unwanted) => return,
                Err(broken) => broken,
            };
            tracing::warn!(error = %broken, "no connection to LiveKit's agent dispatch; trying again");
            if self.news.send(News::Lost).await.is_err() {
                return;
            }
            if began.elapsed() > GOOD_AFTER {
                backoff = FIRST_BACKOFF;
            }
            // Full jitter: workers that lost the same server do not come back as one.
            let wait = backoff.mul_f64(rand::random_range(0.5..1.0));
            backoff = (backoff * 2).min(MAX_BACKOFF);
            if !self.discard_for(wait).await {
                return;
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn carry(&mut self) -> Result<(), Broken> {
        let mut socket = tokio::time::timeout(CONNECT_TIMEOUT, self.connect())
            .await
            .map_err(|_| Broken::Timeout)??;
        let mut ping = tokio::time::interval(PING_INTERVAL);
        let mut last_heard = Instant::now();
        loop {
            tokio::select! {
                message = socket.next() => {
                    last_heard = Instant::now();
                    let bytes = match message.ok_or(Broken::Closed)?? {
                        Message::Binary(bytes) => bytes,
                        Message::Close(_) => return Err(Broken::Closed),
                        _ => continue,
                    };
                    let news = match ServerMessage::decode(bytes)?.message {
                        Some(server_message::Message::Register(_)) => News::Registered,
                        Some(message) => News::Message(Box::new(message)),
                        None => continue,
                    };
                    self.news.send(news).await.map_err(|_| Broken::Unwanted)?;
                }
                message = self.outgoing.recv() => {
                    let Some(message) = message else {
                        // All that was to be said is said.
                        let _ = socket.close(None).await;
                        return Ok(());
                    };
                    send(&mut socket, &message).await?;
                }
                _ = ping.tick() => {
                    if last_heard.elapsed() > 3 * PING_INTERVAL {
                        return Err(Broken::Timeout);
                    }
                    send(&mut socket, &protocol::ping(unix_ms())).await?;
                }
            }
        }
    }

    async fn connect(&self) -> Result<Socket, Broken> {
        let url = format!(
            "{}/agent?protocol=1",
            self.livekit.ws_url().trim_end_matches('/')
        );
        let mut request = url.into_client_request()?;
        let token = format!("Bearer {}", self.livekit.worker_token()?);
        let mut token = HeaderValue::from_str(&token).map_err(|_| Broken::Token)?;
        token.set_sensitive(true);
        request.headers_mut().insert("Authorization", token);
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let (mut socket, _) =
            tokio_tungstenite::connect_async_with_config(request, Some(config), true).await?;
        send(&mut socket, &protocol::register(&self.agent_name)).await?;
        Ok(socket)
    }

    /// Waits and throws away what would have been sent; false when the worker is gone.
    async fn discard_for(&mut self, wait: Duration) -> bool {
        let pause = tokio::time::sleep(wait);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return true,
                message = self.outgoing.recv() => if message.is_none() {
                    return false;
                },
            }
        }
    }
}

async fn send(socket: &mut Socket, message: &WorkerMessage) -> Result<(), Broken> {
    let bytes = message.encode_to_vec();
    tokio::time::timeout(CONNECT_TIMEOUT, socket.send(Message::Binary(bytes.into())))
        .await
        .map_err(|_| Broken::Timeout)??;
    Ok(())
}
