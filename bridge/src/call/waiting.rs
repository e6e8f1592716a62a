//! On the way into the room: whoever telephones hears ringing while it takes, and an apology when it fails.

use super::{
    agent_watch::RING_AFTER,
    ending::{self, GOING_AWAY, MARK, MARK_PATIENCE, NORMAL},
    outbox::{Outbox, Outgoing},
    prompt::{Ended, Prompt},
    socket::{SocketReader, SocketWriter},
};
use crate::{
    BridgeError, BridgeState,
    admission::{self, Admitted, Called},
    state::now,
};
use axum::extract::ws::Message;
use casp_room::RoomError;
use casp_twilio::media_streams::{Close, Event, Outcome, StreamProtocol};
use futures_util::{FutureExt as _, StreamExt as _};
use std::time::Duration;

/// Brings a call into its room, or fails in time.
pub(super) async fn enter(
    state: &BridgeState,
    called: &Called,
    writer: &mut SocketWriter,
) -> Result<Admitted, BridgeError> {
    let limit = state.config().join_timeout;
    let joining = tokio::time::timeout(limit, admission::enter(state, called));
    let in_time =
        joining.map(|joined| joined.unwrap_or_else(|_| Err(RoomError::Timeout("joining").into())));
    let mut joining = Box::pin(in_time);
    // A client of CASP's own is told that the stream has started before it hears anything.
    if called.is_announced {
        tokio::select! {
            joined = &mut joining => return joined,
            () = ring(writer) => {}
        }
    }
    joining.await
}

/// Ends what could not be brought into its room. A telephone call ends for good, after the apology: brought back, it
/// would most likely come to the same.
pub(super) async fn give_up(
    state: &BridgeState,
    called: &Called,
    error: &BridgeError,
    protocol: &mut StreamProtocol,
    reader: &mut SocketReader,
    mut writer: SocketWriter,
) {
    if called.is_announced && matches!(error, BridgeError::Room(_)) {
        // Another bridge may do better, once Twilio has asked how the call goes on.
        if state.draining().is_cancelled() {
            return writer.close(GOING_AWAY, "the bridge is going down").await;
        }
        if !apologize(state, protocol, reader, &mut writer).await {
            return writer.close(NORMAL, "").await;
        }
        let close = Close {
            code: NORMAL,
            reason: "",
        };
        ending::clear_up_outside(state, called, close, writer).await;
    } else if called.is_new {
        ending::clear_up_outside(state, called, error.close(), writer).await;
    } else {
        let close = error.close();
        writer.close(close.code, close.reason).await;
    }
}

/// After a moment, without an end.
async fn ring(writer: &mut SocketWriter) {
    tokio::time::sleep(RING_AFTER).await;
    play(Prompt::ringback(now()), &mut Outbox::new(), writer).await;
}

/// Says that nobody is there, and returns when it was heard; false when the socket is gone, and with it the caller, who
/// may be on another one.
async fn apologize(
    state: &BridgeState,
    protocol: &mut StreamProtocol,
    reader: &mut SocketReader,
    writer: &mut SocketWriter,
) -> bool {
    let clip = state.apology().get();
    let length = Duration::from_millis(clip.len() as u64 / 8);
    let said = async {
        let mut outbox = Outbox::new();
        play(Prompt::clip(clip, now()), &mut outbox, writer).await;
        outbox.other(Outgoing::Mark(MARK.to_owned()));
        let _ = writer.drive(&mut outbox).await;
        tokio::time::sleep(MARK_PATIENCE).await;
    };
    tokio::select! {
        () = said => true,
        is_there = until_heard(protocol, reader) => is_there,
        () = tokio::time::sleep(2 * length + MARK_PATIENCE) => true,
    }
}

/// Plays a sound to its end, as far as the far side takes it.
async fn play(mut prompt: Prompt, outbox: &mut Outbox, writer: &mut SocketWriter) {
    loop {
        match prompt.poll(now()) {
            Ok(Some(frame)) => outbox.media(frame),
            Ok(None) => {}
            Err(Ended) => return,
        }
        writer.drive_now(outbox);
        tokio::time::sleep_until(prompt.deadline().into()).await;
    }
}

/// Reads until the last mark comes back, or nothing can come any more; false when the socket is gone.
async fn until_heard(protocol: &mut StreamProtocol, reader: &mut SocketReader) -> bool {
    loop {
        let outcome = match reader.next().await {
            Some(Ok(Message::Text(text))) => protocol.handle_text(&text, now()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
            Some(Ok(_)) => continue,
        };
        match outcome {
            Outcome::Event(Event::Mark(name)) if name == MARK => return true,
            Outcome::Event(Event::Stopped) | Outcome::Close(_) => return true,
            Outcome::Event(_) | Outcome::Ignored | Outcome::Fault(_) => {}
        }
    }
}
