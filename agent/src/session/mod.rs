//! One conversation in one room: the thin shell around [`crate::turn`].
//!
//! A loop (`conversation`) owns everything; tasks beside it hear (`ear`), speak (`mouth`), make speech
//! (`voice`), tell the room what is said (`courier`) and write it down (`scribe`). All of them report to the
//! loop's one inbox and end with it.

mod actions;
mod chat;
mod claim;
mod cleaning;
mod conversation;
mod courier;
mod digits;
mod ear;
mod encoding;
mod guard;
mod inbox;
mod line;
mod mouth;
mod opening;
mod people;
mod principals;
mod progress;
mod proofs;
mod proving;
mod purse;
mod recording;
mod reference;
mod reports;
mod room_events;
mod sayings;
mod scribe;
mod services;
mod speech;
mod toolbox;
mod trace;
mod voice;

pub(crate) use purse::OutOfMinutes;
pub(crate) use services::Services;

use self::{claim::Claim, conversation::Conversation};
use casp_room::{AudioCodec, PublishOptions, Room, RoomError, RoomOptions};
use std::{sync::Arc, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// A job, as the server assigned it.
#[derive(Debug)]
pub(crate) struct JobRequest {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Another agent holds the session, or nobody wants one.
    NotOurs,
    /// Another agent took the session.
    Lost,
    /// Everybody has gone.
    Deserted,
    /// The agent hung up.
    HungUp,
    /// The caller was put through to somebody else.
    Transferred,
    /// The agent hung up, since the account may spend no more today.
    SpentUp,
    /// The room was deleted, or the agent put out of it.
    RoomClosed,
    /// The server ended the job.
    Terminated,
    /// The worker closes down; another one takes over.
    HandedOver,
}

impl Ending {
    /// For traces.
    fn name(self) -> &'static str {
        match self {
            Self::NotOurs => "not ours",
            Self::Lost => "lost",
            Self::Deserted => "deserted",
            Self::HungUp => "hung up",
            Self::Transferred => "transferred",
            Self::SpentUp => "spent up",
            Self::RoomClosed => "room closed",
            Self::Terminated => "terminated",
            Self::HandedOver => "handed over",
        }
    }
}

/// Why a conversation could not be held.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the room could not be joined: {0}")]
    Join(#[source] RoomError),
    #[error("no track to speak on: {0}")]
    Publish(#[source] RoomError),
    #[error("the room was lost: {0}")]
    ConnectionLost(String),
}

impl SessionError {
    /// For traces.
    fn name(&self) -> &'static str {
        match self {
            Self::Join(_) => "not joined",
            Self::Publish(_) => "no track",
            Self::ConnectionLost(_) => "connection lost",
        }
    }
}

/// Holds a conversation, from the claim to the last word.
pub(crate) async fn run(
    services: Arc<Services>,
    job: JobRequest,
    stop: CancellationToken,
) -> Result<Ending, SessionError> {
    let began = Instant::now();
    // Before anything is seen or heard of us: a second dispatch must not evict the first one's agent.
    let Some(claim) = Claim::take(&services, &job.room).await else {
        return Ok(Ending::NotOurs);
    };
    let span = trace::conversation(&claim);
    let result = hold(&services, &job, &claim, stop, began, span.clone()).await;
    match &result {
        Ok(ending) => _ = span.record("casp.ending", ending.name()),
        Err(error) => casp_telemetry::mark_failed(&span, error.name()),
    }
    drop(span);
    claim.settle(&services, &result).await;
    if matches!(result, Ok(Ending::HandedOver)) {
        call_successor(&services, &job.room, &claim).await;
    }
    tracing::info!(
        job = job.id,
        room = job.room,
        session = claim.session_id(),
        seconds = began.elapsed().as_secs(),
        "conversation ends"
    );
    result
}

/// Has another worker go on: ours takes no more jobs. Nobody else would notice, since nobody died.
async fn call_successor(services: &Services, room: &str, claim: &Claim) {
    let session = claim.session_id().unwrap_or_default();
    let asked = services
        .livekit
        .dispatch_agent(room, &services.agent_name, session)
        .await;
    if let Err(error) = asked {
        tracing::error!(%error, room, "nobody goes on with a conversation that was handed over");
    }
}

async fn hold(
    services: &Arc<Services>,
    job: &JobRequest,
    claim: &Claim,
    stop: CancellationToken,
    began: Instant,
    span: Span,
) -> Result<Ending, SessionError> {
    // A successor evicts its predecessor, whose identity it has; the server then ends "the job of that identity",
    // and takes the new one for it. What really ends a conversation (room deleted, agent removed) comes through
    // the room as well.
    let stop = if claim.is_takeover() {
        CancellationToken::new()
    } else {
        stop
    };
    let publish = PublishOptions {
        name: "agent".to_owned(),
        codec: codec_for(&job.room),
        dtx: true,
    };
    let options = RoomOptions {
        publish: Some(publish.clone()),
        ..RoomOptions::default()
    };
    let joined = tokio::select! {
        joined = Room::connect(&job.url, &job.token, options) => joined,
        () = stop.cancelled() => return Ok(Ending::Terminated),
    };
    let (room, events) = joined.map_err(SessionError::Join)?;
    metrics::histogram!("casp_agent_join_seconds").record(began.elapsed().as_secs_f64());
    let track = room
        .publish_audio(publish)
        .await
        .map_err(SessionError::Publish)?;
    let conversation = Conversation::begin(services.clone(), room.clone(), track, claim, span);
    let result = conversation.run(events, stop).await;
    room.leave().await;
    result
}

/// In a room of phone callers alone the agent speaks as the telephone does, and nothing is coded twice.
fn codec_for(room: &str) -> AudioCodec {
    if room.starts_with("twilio-") || room.starts_with("whatsapp-") {
        AudioCodec::Pcmu
    } else {
        AudioCodec::Opus
    }
}
