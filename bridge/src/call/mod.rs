//! One call: from the opening of its socket to the last trace of it.
//!
//! [`serve`] reads top to bottom: wait for `start`, let the call in ([`waiting`]), keep it alive ([`live`]), clear up
//! ([`ending`]). One task owns it all; beside it run only what must not hold up audio (`helpers`).

mod agent_watch;
mod downlink;
mod egress;
mod ending;
mod gate;
mod live;
mod outbox;
mod prompt;
mod socket;
mod sources;
mod speech;
mod to_room;
mod track_decoder;
mod uplink;
mod uplink_track;
mod waiting;
mod wire;

use crate::{
    BridgeError, BridgeState,
    admission::{self, Door},
    metrics,
    state::now,
};
use axum::extract::ws::{Message, WebSocket};
use casp_telemetry::{CallTrace, TRACE_TARGET, mark_failed};
use casp_twilio::media_streams::{Close, Event, Outcome, Start, StreamProtocol};
use futures_util::StreamExt as _;
use live::Live;
use outbox::{Outbox, Outgoing};
use socket::{Dialect, SocketReader, SocketWriter};
use tracing::field::Empty;
pub(crate) use wire::Wire;

/// The agent's identity in every room.
const AGENT: &str = "agent";

/// Serves one socket to its end.
pub(crate) async fn serve(state: BridgeState, socket: WebSocket, door: Door) {
    let _open = metrics::OpenCall::count();
    let (mut writer, mut reader) = socket::split(socket);
    let mut protocol = StreamProtocol::new(state.config().limits.clone(), now());
    let start = tokio::select! {
        start = wait_for_start(&mut protocol, &mut reader, &mut writer) => start,
        () = state.stopping().cancelled() => Err(None),
    };
    let start = match start {
        Ok(start) => start,
        Err(close) => {
            metrics::refused("no start");
            if let Some(close) = close {
                writer.close(close.code, close.reason).await;
            }
            return;
        }
    };
    let door = door.after(&start);
    let dialect = match door {
        Door::Announced { .. } => Dialect::Twilio,
        Door::Account { .. } => Dialect::Casp,
    };
    writer.begin(start.stream_sid.clone(), dialect);
    let began = now();
    let span = tracing::info_span!(
        target: TRACE_TARGET,
        parent: None,
        "media stream",
        otel.kind = "server",
        otel.status_code = Empty,
        error.type = Empty,
        network.protocol.name = "websocket",
        casp.join_ms = Empty,
        casp.ending = Empty,
    );
    let called = match admission::recognize(&state, &door, &start).await {
        Ok(called) => called,
        Err(error) => {
            not_admitted(&error, &span);
            let close = error.close();
            writer.close(close.code, close.reason).await;
            return;
        }
    };
    let admitted = match waiting::enter(&state, &called, &mut writer).await {
        Ok(admitted) => admitted,
        Err(error) => {
            not_admitted(&error, &span);
            waiting::give_up(&state, &called, &error, &mut protocol, &mut reader, writer).await;
            return;
        }
    };
    metrics::joined(now() - began);
    let session = called.session;
    span.record("casp.join_ms", (now() - began).as_millis() as i64);
    let span = CallTrace::of(&session.id, session.started_at_ms).adopt(span);
    tracing::info!(
        session = session.id,
        room = session.room_name,
        "a caller has joined"
    );
    let call_sid = start
        .call_sid
        .as_ref()
        .map_or(start.stream_sid.as_str(), |sid| sid.as_str());
    let live = Live::new(state.clone(), admitted, protocol, reader, writer, call_sid);
    let (ending, writer, room) = live.run().await;
    tracing::info!(
        session = session.id,
        reason = ending.reason(),
        "a call has ended"
    );
    metrics::call_ended(ending.reason());
    span.record("casp.ending", ending.reason());
    drop(span);
    ending::clear_up(&state, &session, ending, writer, &room).await;
}

fn not_admitted(error: &BridgeError, span: &tracing::Span) {
    tracing::warn!(%error, "a call was not let in");
    metrics::refused("not admitted");
    mark_failed(span, "not admitted");
}

/// Reads until `start`. `Err(None)`: the socket is gone.
async fn wait_for_start(
    protocol: &mut StreamProtocol,
    reader: &mut SocketReader,
    writer: &mut SocketWriter,
) -> Result<Box<Start>, Option<Close>> {
    let mut outbox = Outbox::new();
    loop {
        let deadline = protocol.deadline().map(tokio::time::Instant::from_std);
        let message = tokio::select! {
            message = reader.next() => message,
            () = tokio::time::sleep_until(deadline.unwrap_or_else(tokio::time::Instant::now)) => {
                if let Some(close) = protocol.handle_timeout(now()) {
                    return Err(Some(close));
                }
                continue;
            }
        };
        let outcome = match message {
            Some(Ok(Message::Text(text))) => protocol.handle_text(&text, now()),
            Some(Ok(Message::Binary(_))) => protocol.handle_binary(now()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
        };
        match outcome {
            Outcome::Event(Event::Started(start)) => return Ok(start),
            Outcome::Event(_) | Outcome::Ignored => {}
            Outcome::Fault(fault) => {
                metrics::bad_message(fault.code.as_str());
                outbox.other(Outgoing::Error(fault));
                // A client that sends nonsense and does not read its answers may wait for its time-out.
                let deadline = protocol.deadline().map(tokio::time::Instant::from_std);
                let written = writer.drive(&mut outbox);
                let until = deadline.unwrap_or_else(tokio::time::Instant::now);
                if !matches!(tokio::time::timeout_at(until, written).await, Ok(Ok(()))) {
                    return Err(None);
                }
            }
            Outcome::Close(close) => return Err(Some(close)),
        }
    }
}
