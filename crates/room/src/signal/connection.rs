//! An open signalling connection. It has no task of its own: the session polls it.

use crate::RoomError;
use futures_util::{Sink as _, Stream as _};
use livekit_protocol::{
    self as proto, signal_request::Message as Request, signal_response::Message as Response,
};
use prost::Message as _;
use std::{
    collections::VecDeque,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Messages that wait for the socket; a connection that takes none of so many is dead.
const QUEUE: usize = 512;

/// One WebSocket to the server. Dropping it closes the TCP connection.
pub(crate) struct SignalConnection {
    socket: Socket,
    queue: VecDeque<Message>,
    is_flushed: bool,
    ping: Ping,
}

/// LiveKit's own ping: the server names the rhythm in its join response.
struct Ping {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    last_heard: Instant,
    round_trip_ms: i64,
}

impl SignalConnection {
    pub(super) fn new(socket: Socket) -> Self {
        let now = Instant::now();
        Self {
            socket,
            queue: VecDeque::new(),
            is_flushed: true,
            ping: Ping {
                interval: Duration::from_secs(5),
                timeout: Duration::from_secs(15),
                next: now + Duration::from_secs(5),
                last_heard: now,
                round_trip_ms: 0,
            },
        }
    }

    /// Takes the rhythm of pings from the server (seconds); silly values are bounded.
    pub(crate) fn set_ping(&mut self, interval_s: i32, timeout_s: i32) {
        if interval_s > 0 && timeout_s > 0 {
            let interval = interval_s.clamp(1, 60).unsigned_abs();
            let timeout = timeout_s.clamp(2, 180).unsigned_abs().max(interval + 1);
            self.ping.interval = Duration::from_secs(interval.into());
            self.ping.timeout = Duration::from_secs(timeout.into());
            self.ping.next = Instant::now() + self.ping.interval;
        }
    }

    /// The local address that the connection goes out from: media will take the same way.
    pub(crate) fn local_ip(&self) -> Option<IpAddr> {
        let stream = match self.socket.get_ref() {
            MaybeTlsStream::Plain(stream) => stream,
            MaybeTlsStream::Rustls(stream) => stream.get_ref().0,
            _ => return None,
        };
        stream.local_addr().ok().map(|address| address.ip())
    }

    /// Queues a message; it goes out at the next poll.
    pub(crate) fn send(&mut self, request: Request) {
        let bytes = proto::SignalRequest {
            message: Some(request),
        }
        .encode_to_vec();
        self.queue.push_back(Message::Binary(bytes.into()));
    }

    /// When [`Self::on_time`] wants to be called.
    pub(crate) fn deadline(&self) -> Instant {
        self.ping.next
    }

    /// Sends a ping when one is due; an error means the server has been silent for too long.
    pub(crate) fn on_time(&mut self, now: Instant) -> Result<(), RoomError> {
        if now < self.ping.next {
            return Ok(());
        }
        if now.duration_since(self.ping.last_heard) > self.ping.timeout {
            return Err(RoomError::Connection("no answer to pings".into()));
        }
        self.ping.next = now + self.ping.interval;
        self.send(Request::PingReq(proto::Ping {
            timestamp: unix_ms(),
            rtt: self.ping.round_trip_ms,
        }));
        Ok(())
    }

    /// The server's next message. Writes what is queued on the way.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Response, RoomError>> {
        // A server that hangs up says why first: what has come is read before a failed write counts.
        let written = self.poll_write(context);
        loop {
            let message = match Pin::new(&mut self.socket).poll_next(context) {
                Poll::Pending => match written {
                    Ok(()) => return Poll::Pending,
                    Err(error) => return Poll::Ready(Err(error)),
                },
                Poll::Ready(None) => return Poll::Ready(Err(lost("closed"))),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(lost(error))),
                Poll::Ready(Some(Ok(message))) => message,
            };
            self.ping.last_heard = Instant::now();
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Close(frame) => {
                    let reason = frame.map_or_else(String::new, |frame| frame.reason.to_string());
                    return Poll::Ready(Err(lost(format!("closed by the server {reason}"))));
                }
                _ => continue,
            };
            match proto::SignalResponse::decode(bytes) {
                Ok(proto::SignalResponse {
                    message: Some(Response::PongResp(pong)),
                }) => self.ping.round_trip_ms = (unix_ms() - pong.last_ping_timestamp).max(0),
                Ok(proto::SignalResponse {
                    message: Some(message),
                }) => return Poll::Ready(Ok(message)),
                // A message of a later protocol.
                Ok(proto::SignalResponse { message: None }) => {}
                Err(error) => return Poll::Ready(Err(lost(error))),
            }
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<(), RoomError> {
        let mut socket = Pin::new(&mut self.socket);
        while !self.queue.is_empty() {
            match socket.as_mut().poll_ready(context).map_err(lost)? {
                Poll::Ready(()) => {}
                Poll::Pending if self.queue.len() > QUEUE => {
                    return Err(lost("the server takes no messages"));
                }
                Poll::Pending => return Ok(()),
            }
            if let Some(message) = self.queue.pop_front() {
                socket.as_mut().start_send(message).map_err(lost)?;
                self.is_flushed = false;
            }
        }
        if !self.is_flushed {
            self.is_flushed = socket.poll_flush(context).map_err(lost)?.is_ready();
        }
        Ok(())
    }

    /// Everything queued has been handed to the kernel.
    pub(crate) fn poll_flushed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.poll_write(context) {
            Ok(()) if !self.queue.is_empty() || !self.is_flushed => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}

fn lost(error: impl std::fmt::Display) -> RoomError {
    RoomError::Connection(format!("signalling: {error}"))
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
