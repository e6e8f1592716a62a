//! Two WebSockets, one message after the other, both ways.

use super::upstream::Socket;
use axum::extract::ws::{self, WebSocket};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use std::{error::Error, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};
use tokio_util::sync::CancellationToken;

/// A side that takes no message for this long is gone. There is no queue between the two: a message is read only
/// when the one before it is written, so a slow side slows the other down.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a side may take to answer a farewell.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);
/// RFC 6455 §7.4.1 and the IANA registry of close codes: going away; message too big; service restart.
const GOING_AWAY: u16 = 1001;
const TOO_BIG: u16 = 1009;
const SERVICE_RESTART: u16 = 1012;

/// A message as the other side's library wants it.
enum Passed<M> {
    /// To be sent.
    On(M),
    /// To be sent, and the last one.
    Farewell(M),
    /// Stays here: each library answers pings itself, so a pong says only that its side is alive.
    Nothing,
}

/// Why one direction stopped.
#[derive(Debug, Clone, Copy)]
enum Stop {
    /// The reading side said goodbye, and the other has been told.
    Farewell,
    /// The reading side sent something over the limit.
    TooBig,
    /// The reading side sent nothing for too long.
    Idle,
    /// One of them is gone without a word.
    Lost,
}

/// Passes messages on until either side ends, the participant is silent for `idle`, or the process stops.
pub(super) async fn run(
    client: WebSocket,
    livekit: Socket,
    idle: Duration,
    shutdown: CancellationToken,
) {
    let (mut client_out, mut client_in) = client.split();
    let (mut livekit_out, mut livekit_in) = livekit.split();
    let (stop, is_clients) = tokio::select! {
        stop = pass(&mut client_in, &mut livekit_out, for_livekit, idle) => (stop, true),
        stop = pass(&mut livekit_in, &mut client_out, for_client, Duration::MAX) => (stop, false),
        () = shutdown.cancelled() => {
            // The participant's client resumes its session through another instance.
            let _ = timeout(FAREWELL_TIMEOUT, client_out.send(client_close(SERVICE_RESTART, "restart"))).await;
            return;
        }
    };
    let (code, reason) = match stop {
        Stop::Farewell if is_clients => return drain(livekit_in).await,
        Stop::Farewell => return drain(client_in).await,
        // LiveKit keeps a participant's place for a while when the connection breaks: no farewell.
        Stop::Lost => return,
        Stop::TooBig => (TOO_BIG, "message too big"),
        Stop::Idle => (GOING_AWAY, "idle"),
    };
    let _ = timeout(FAREWELL_TIMEOUT, async {
        let _ = livekit_out.send(livekit_close(code, reason)).await;
        let _ = client_out.send(client_close(code, reason)).await;
    })
    .await;
}

/// One direction.
async fn pass<M, N, E: Error + 'static>(
    from: &mut (impl Stream<Item = Result<M, E>> + Unpin),
    to: &mut (impl Sink<N> + Unpin),
    convert: fn(M) -> Passed<N>,
    idle: Duration,
) -> Stop {
    loop {
        let message = match timeout(idle, from.next()).await {
            Err(_) => return Stop::Idle,
            Ok(Some(Ok(message))) => convert(message),
            Ok(Some(Err(error))) if is_too_big(&error) => return Stop::TooBig,
            Ok(Some(Err(_)) | None) => return Stop::Lost,
        };
        let (message, is_last) = match message {
            Passed::On(message) => (message, false),
            Passed::Farewell(message) => (message, true),
            Passed::Nothing => continue,
        };
        match timeout(SEND_TIMEOUT, to.send(message)).await {
            Ok(Ok(())) if is_last => return Stop::Farewell,
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Stop::Lost,
        }
    }
}

/// Waits for the answer to a farewell.
async fn drain<T>(mut stream: impl Stream<Item = T> + Unpin) {
    let _ = timeout(FAREWELL_TIMEOUT, async {
        while stream.next().await.is_some() {}
    })
    .await;
}

fn for_livekit(message: ws::Message) -> Passed<tungstenite::Message> {
    match message {
        // Both libraries have text of their own, which is the same UTF-8.
        ws::Message::Text(text) => Passed::On(tungstenite::Message::text(text.as_str())),
        ws::Message::Binary(bytes) => Passed::On(tungstenite::Message::Binary(bytes)),
        ws::Message::Ping(bytes) => Passed::On(tungstenite::Message::Ping(bytes)),
        ws::Message::Pong(_) => Passed::Nothing,
        ws::Message::Close(frame) => Passed::Farewell(match frame {
            Some(frame) => livekit_close(frame.code, frame.reason.as_str()),
            None => tungstenite::Message::Close(None),
        }),
    }
}

fn for_client(message: tungstenite::Message) -> Passed<ws::Message> {
    match message {
        tungstenite::Message::Text(text) => Passed::On(ws::Message::text(text.as_str())),
        tungstenite::Message::Binary(bytes) => Passed::On(ws::Message::Binary(bytes)),
        tungstenite::Message::Ping(bytes) => Passed::On(ws::Message::Ping(bytes)),
        tungstenite::Message::Pong(_) | tungstenite::Message::Frame(_) => Passed::Nothing,
        tungstenite::Message::Close(frame) => Passed::Farewell(match frame {
            Some(frame) => client_close(frame.code.into(), frame.reason.as_str()),
            None => ws::Message::Close(None),
        }),
    }
}

fn livekit_close(code: u16, reason: &str) -> tungstenite::Message {
    tungstenite::Message::Close(Some(CloseFrame {
        code: code.into(),
        reason: reason.into(),
    }))
}

fn client_close(code: u16, reason: &str) -> ws::Message {
    ws::Message::Close(Some(ws::CloseFrame {
        code,
        reason: reason.into(),
    }))
}

/// Whether a message was over the limit, somewhere in the chain of causes (axum wraps the library's error).
fn is_too_big(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tungstenite::Error::Capacity(_)) = error.downcast_ref() {
            return true;
        }
        cause = error.source();
    }
    false
}
