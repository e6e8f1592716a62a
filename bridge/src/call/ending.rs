//! How calls end, and what is cleared up.

use super::{AGENT, socket::SocketWriter};
use crate::{BridgeState, admission::Called, state::now_ms};
use casp_room::{Room, admin::ListedParticipant};
use casp_store::sessions::{self, Session, SessionState};
use casp_twilio::media_streams::Close;
use std::time::Duration;

/// One clearing-up request takes at most so long; others (webhooks, the agent) clear up too.
const CLEAR_UP_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for who is in the room of a call that did not get there.
const ASKED_WITHIN: Duration = Duration::from_secs(1);
/// When the room is looked at again after it was deleted.
const SECOND_LOOKS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// The bridge's own mark, after the last that is played; the agent's are `<utterance>:<ms>`.
pub(super) const MARK: &str = "casp:farewell";
/// A far side that returns no marks is taken to have played everything after this.
pub(super) const MARK_PATIENCE: Duration = Duration::from_secs(2);
/// RFC 6455, 7.4.1.
pub(super) const NORMAL: u16 = 1000;
/// RFC 6455, 7.4.1: the server goes away.
pub(super) const GOING_AWAY: u16 = 1001;
/// RFC 6455, 7.4.1: an unexpected condition.
const INTERNAL_ERROR: u16 = 1011;

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The client said `stop`.
    Stopped,
    /// The agent hung up, and everything it said was played.
    HungUp,
    /// The agent has the call put through to somebody else, and everything it said was played.
    Transferred,
    /// No agent came; the caller heard the apology.
    NobodyThere,
    /// The room was closed, or the caller put out of it: somebody else ended the call.
    RoomClosed,
    /// The client broke the rules.
    Refused(Close),
    /// The socket broke off without `stop`, or does not read, or is dead.
    SocketLost,
    /// The media server is gone.
    RoomLost,
    /// This bridge is going down.
    Draining,
}

impl Ending {
    /// For the session's row, logs and metrics.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Stopped => "completed",
            Self::HungUp => "hung up",
            Self::Transferred => "transferred",
            Self::NobodyThere => "no agent",
            Self::RoomClosed => "room closed",
            Self::Refused(_) => "refused",
            Self::SocketLost => "caller dropped",
            Self::RoomLost => "media server lost",
            Self::Draining => "draining",
        }
    }

    /// The call may come back, by Twilio's `<Connect>` action.
    const fn may_resume(self) -> bool {
        matches!(self, Self::SocketLost | Self::RoomLost | Self::Draining)
    }

    const fn close(self) -> (u16, &'static str) {
        match self {
            Self::Refused(close) => (close.code, close.reason),
            Self::RoomLost => (INTERNAL_ERROR, "the media server is gone; try again"),
            Self::Draining => (GOING_AWAY, "the bridge is going down"),
            _ => (NORMAL, ""),
        }
    }
}

/// Leaves the room, ends the session unless the call may come back, closes the socket.
pub(crate) async fn clear_up(
    state: &BridgeState,
    session: &Session,
    ending: Ending,
    writer: SocketWriter,
    room: &Room,
) {
    // The room is left before Twilio is told: when its webhook comes, the caller is gone from the room.
    room.leave().await;
    if ending == Ending::Transferred {
        // Twilio now asks what to do with the call, and is told whom to dial. It ends, or comes back, by Twilio's word.
        return close(ending, writer).await;
    }
    if !ending.may_resume() {
        end_session(state, session, ending.reason(), &room.identity()).await;
    }
    close(ending, writer).await;
    let is_over = !ending.may_resume() || !await_return(state, session, ending.reason()).await;
    if is_over {
        look_again(state, session, &room.identity()).await;
    }
}

/// Ends the session of a call that did not get into its room, closes the socket, and deletes the room if there is one;
/// unless another socket of the call has got there meanwhile.
pub(super) async fn clear_up_outside(
    state: &BridgeState,
    called: &Called,
    close: Close,
    writer: SocketWriter,
) {
    let elsewhere = is_resumed(state, &called.session);
    let elsewhere = tokio::time::timeout(ASKED_WITHIN, elsewhere).await;
    if matches!(elsewhere, Ok(Ok(true))) {
        return writer.close(close.code, close.reason).await;
    }
    // Twilio asks how the call goes on as soon as its socket is closed.
    end_row(state, &called.session, "no room").await;
    writer.close(close.code, close.reason).await;
    look_again(state, &called.session, &called.identity).await;
}

async fn close(ending: Ending, writer: SocketWriter) {
    let (code, reason) = ending.close();
    writer.close(code, reason).await;
}

/// Gives a dropped call time to come back, by this bridge or another, and ends its session if it does not.
/// True when it is not for us to clear up any more.
async fn await_return(state: &BridgeState, session: &Session, reason: &'static str) -> bool {
    let grace = tokio::time::sleep(state.config().resume_grace);
    // A bridge that goes down does not wait: Twilio's status webhook ends the call if it does not resume.
    if state.draining().run_until_cancelled(grace).await.is_none() {
        return true;
    }
    match is_resumed(state, session).await {
        Ok(true) => true,
        Ok(false) => {
            end_session(state, session, reason, "").await;
            false
        }
        Err(error) => {
            tracing::warn!(
                session = session.id,
                error,
                "a dropped call could not be looked after"
            );
            true
        }
    }
}

async fn is_resumed(state: &BridgeState, session: &Session) -> Result<bool, String> {
    let config = state.config();
    let row = sessions::get(&config.store, &session.id)
        .await
        .map_err(|error| error.to_string())?;
    if row.is_none_or(|row| row.state == SessionState::Ended) {
        return Ok(true);
    }
    let participants = config
        .livekit
        .participants(&session.room_name)
        .await
        .map_err(|error| error.to_string())?;
    Ok(participants
        .unwrap_or_default()
        .iter()
        .any(|participant| participant.identity.starts_with("caller-")))
}

/// Ends the session and deletes its room. Done twice it does no harm.
async fn end_session(state: &BridgeState, session: &Session, reason: &str, caller: &str) {
    let end = async {
        end_row(state, session, reason).await;
        delete_room(state, session, caller).await;
    };
    if tokio::time::timeout(CLEAR_UP_TIMEOUT, end).await.is_err() {
        tracing::warn!(session = session.id, "clearing up took too long");
    }
}

async fn end_row(state: &BridgeState, session: &Session, reason: &str) {
    let ended = sessions::end(&state.config().store, &session.id, reason, now_ms()).await;
    if let Err(error) = ended {
        tracing::error!(session = session.id, %error, "the session could not be ended");
    }
}

/// A room that is joined is made: an agent that was on its way, or that took the deletion for a lost connection,
/// brings the room of an ended session back.
async fn look_again(state: &BridgeState, session: &Session, caller: &str) {
    for wait in SECOND_LOOKS {
        tokio::time::sleep(wait).await;
        let _ = tokio::time::timeout(CLEAR_UP_TIMEOUT, delete_room(state, session, caller)).await;
    }
}

/// Deletes the room, unless somebody else still talks there. `caller` has left, but the server may still list it.
async fn delete_room(state: &BridgeState, session: &Session, caller: &str) {
    let livekit = &state.config().livekit;
    let result = match livekit.participants(&session.room_name).await {
        Ok(None) => return,
        Ok(Some(left)) if left.iter().any(|other| is_company(other, caller)) => return,
        Ok(Some(_)) => livekit.delete_room(&session.room_name).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        tracing::warn!(session = session.id, %error, "the room could not be deleted");
    }
}

fn is_company(other: &ListedParticipant, caller: &str) -> bool {
    !other.is_agent && other.identity != AGENT && other.identity != caller
}
