//! The WebSocket, written to without waiting and without allocating a frame at a time.

use super::outbox::{Outbox, Outgoing};
use crate::state::now;
use axum::{
    Error,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
};
use bytes::{Bytes, BytesMut};
use casp_twilio::{StreamSid, media_streams::outgoing};
use futures_util::{
    FutureExt as _, Sink, SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use std::{
    future::poll_fn,
    pin::Pin,
    time::{Duration, Instant},
};

/// A far side that takes nothing for so long is gone.
const STUCK_AFTER: Duration = Duration::from_secs(10);
/// Time for a close frame to be written and answered.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// The reading half.
pub(crate) type SocketReader = SplitStream<WebSocket>;

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Twilio: only what Twilio documents.
    Twilio,
    /// A client of CASP's own: also `start`, `transcript` and `action`.
    Casp,
}

/// The writing half.
#[derive(Debug)]
pub(crate) struct SocketWriter {
    sink: SplitSink<WebSocket, Message>,
    stream: Option<StreamSid>,
    dialect: Dialect,
    text: String,
    buffer: BytesMut,
    /// Since when something waits for the far side to read.
    waiting_since: Option<Instant>,
}

/// Both halves.
pub(crate) fn split(socket: WebSocket) -> (SocketWriter, SocketReader) {
    let (sink, reader) = socket.split();
    let writer = SocketWriter {
        sink,
        stream: None,
        // Before `start` nothing is said but errors, which both know.
        dialect: Dialect::Twilio,
        text: String::with_capacity(512),
        buffer: BytesMut::with_capacity(4096),
        waiting_since: None,
    };
    (writer, reader)
}

impl SocketWriter {
    /// The stream that messages are of from now on, and who listens.
    pub(crate) fn begin(&mut self, stream: StreamSid, dialect: Dialect) {
        self.stream = Some(stream);
        self.dialect = dialect;
    }

    /// The stream, after `start`.
    pub(crate) const fn stream(&self) -> Option<&StreamSid> {
        self.stream.as_ref()
    }

    /// Who listens.
    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether [`Self::drive`] has anything to do.
    pub(crate) fn has_work(&self, outbox: &Outbox) -> bool {
        self.waiting_since.is_some() || !outbox.is_empty()
    }

    /// Writes what waits. While the far side does not take it, the rest stays in `outbox`. Cancel safe.
    pub(crate) async fn drive(&mut self, outbox: &mut Outbox) -> Result<(), Error> {
        loop {
            if self.waiting_since.is_some() {
                poll_fn(|context| Pin::new(&mut self.sink).poll_flush(context)).await?;
                self.waiting_since = None;
            }
            if outbox.is_empty() {
                return Ok(());
            }
            poll_fn(|context| Pin::new(&mut self.sink).poll_ready(context)).await?;
            if let Some(item) = outbox.pop() {
                let message = self.render(item);
                Pin::new(&mut self.sink).start_send(message)?;
                self.waiting_since = Some(now());
            }
        }
    }

    /// Writes as much as goes at once. An error is met again by [`Self::drive`].
    pub(crate) fn drive_now(&mut self, outbox: &mut Outbox) {
        let _ = self.drive(outbox).now_or_never();
    }

    /// The far side has taken nothing for ten seconds.
    pub(crate) fn is_stuck(&self, now: Instant) -> bool {
        self.waiting_since
            .is_some_and(|since| now.saturating_duration_since(since) >= STUCK_AFTER)
    }

    /// When [`Self::is_stuck`] may become true.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.waiting_since.map(|since| since + STUCK_AFTER)
    }

    /// Closes the socket, if the far side lets itself be told.
    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        let close = async {
            let _ = self.sink.send(Message::Close(Some(frame))).await;
            let _ = self.sink.close().await;
        };
        let _ = tokio::time::timeout(CLOSE_TIME, close).await;
    }

    fn render(&mut self, item: Outgoing) -> Message {
        let text = &mut self.text;
        match (item, &self.stream) {
            (Outgoing::Error(fault), stream) => outgoing::error(text, stream.as_ref(), &fault),
            (Outgoing::Media(payload), Some(stream)) if self.dialect == Dialect::Twilio => {
                outgoing::media_to_twilio(text, stream, &payload);
            }
            (Outgoing::Media(payload), Some(stream)) => outgoing::media(text, stream, &payload),
            (Outgoing::Mark(name), Some(stream)) => outgoing::mark(text, stream, &name),
            (Outgoing::Clear, Some(stream)) => outgoing::clear(text, stream),
            (Outgoing::Text(ready), _) => return Message::Text(ready.into()),
            // Nothing else is said before `start`.
            (Outgoing::Ping, _) | (_, None) => return Message::Ping(Bytes::new()),
        }
        self.buffer.extend_from_slice(text.as_bytes());
        let bytes = self.buffer.split().freeze();
        // The bytes are those of a string; the check costs nothing beside the base64.
        match Utf8Bytes::try_from(bytes) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::Ping(Bytes::new()),
        }
    }
}

/// Watches whether the far side still says anything.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// A far side that says nothing for so long is gone; it is pinged after a third of it.
    dead_after: Duration,
    heard_at: Instant,
    pinged_at: Instant,
}

/// What the pulse asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PulseStep {
    /// Send a ping.
    Ping,
    /// The far side is gone.
    Dead,
}

impl Pulse {
    /// Alive now.
    pub(crate) const fn new(dead_after: Duration, now: Instant) -> Self {
        Self {
            dead_after,
            heard_at: now,
            pinged_at: now,
        }
    }

    /// Something came.
    pub(crate) const fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn deadline(&self) -> Instant {
        let ping = self.heard_at.max(self.pinged_at) + self.dead_after / 3;
        ping.min(self.heard_at + self.dead_after)
    }

    /// The step that is due.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<PulseStep> {
        if now >= self.heard_at + self.dead_after {
            return Some(PulseStep::Dead);
        }
        (now >= self.deadline()).then(|| {
            self.pinged_at = now;
            PulseStep::Ping
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_far_side_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Duration::from_secs(45), start);
        let mut steps = Vec::new();
        loop {
            let now = pulse.deadline();
            let step = pulse.poll(now);
            steps.push(((now - start).as_secs(), step));
            if steps.last().unwrap().1 == Some(PulseStep::Dead) {
                break;
            }
        }
        let ping = || Some(PulseStep::Ping);
        assert_eq!(
            steps,
            [(15, ping()), (30, ping()), (45, Some(PulseStep::Dead))]
        );
    }

    #[test]
    fn one_that_speaks_is_left_in_peace() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Duration::from_secs(45), start);
        for seconds in 1..1_000 {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(pulse.poll(now), None);
            pulse.heard(now);
        }
    }
}
