//! What happens in a room, as a stream of events.

use crate::admin::SPEAKER;
use crate::{RemoteAudioTrack, TextReader, handle::Handle};
use bytes::Bytes;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::mpsc;

/// What kind of client a participant is, as LiveKit names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantKind {
    /// A user's client.
    Standard,
    /// An agent that came by dispatch.
    Agent,
    /// Ingress, egress, SIP, connectors.
    Other,
}

/// Audio or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    /// Audio.
    Audio,
    /// Video (never subscribed to).
    Video,
}

/// A remote track, as announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteTrack {
    /// `TR_…`.
    pub sid: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: TrackKind,
    /// MIME type, e.g. `audio/opus`, `audio/PCMU`.
    pub mime_type: String,
    /// Muted by its publisher.
    pub is_muted: bool,
}

/// A remote participant, as last announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteParticipant {
    /// `PA_…`.
    pub sid: String,
    /// Identity, unique in the room.
    pub identity: String,
    /// Display name.
    pub name: String,
    /// Kind.
    pub kind: ParticipantKind,
    /// Metadata.
    pub metadata: String,
    /// Attributes.
    pub attributes: HashMap<String, String>,
    /// Its tracks.
    pub tracks: Vec<RemoteTrack>,
}

impl RemoteParticipant {
    /// Whether whoever let it in said that it is the room's own account, and no guest.
    pub fn speaks_for_account(&self) -> bool {
        let (name, value) = SPEAKER;
        self.attributes.get(name).is_some_and(|it| it == value)
    }
}

/// Why a room ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisconnectReason {
    /// We left.
    Left,
    /// The same identity joined elsewhere: never rejoin.
    DuplicateIdentity,
    /// The room was deleted.
    RoomDeleted,
    /// We were removed.
    Removed,
    /// Connection lost, and neither resume nor rejoin worked in time.
    ConnectionLost(String),
    /// Anything else the server said.
    Server(String),
}

/// An event of a room.
#[derive(Debug)]
pub enum RoomEvent {
    /// Somebody joined (also sent for those who were there before us).
    ParticipantJoined(RemoteParticipant),
    /// Name, metadata or attributes changed.
    ParticipantUpdated(RemoteParticipant),
    /// Somebody left.
    ParticipantLeft(RemoteParticipant),
    /// A track was published.
    TrackPublished {
        /// Its publisher.
        participant: RemoteParticipant,
        /// The track.
        track: RemoteTrack,
    },
    /// A track was withdrawn.
    TrackUnpublished {
        /// Identity of its publisher.
        participant: String,
        /// The track.
        sid: String,
    },
    /// An audio track begins to arrive.
    TrackSubscribed(RemoteAudioTrack),
    /// Somebody hears our track, the first of all: what is sent from now on is heard.
    LocalTrackSubscribed {
        /// The track.
        sid: String,
    },
    /// A subscription could not be served (say, an unsupported codec).
    SubscriptionFailed {
        /// The track.
        sid: String,
        /// Why.
        reason: String,
    },
    /// A track was muted or unmuted by its publisher.
    TrackMuted {
        /// Identity of its publisher.
        participant: String,
        /// The track.
        sid: String,
        /// Now muted?
        is_muted: bool,
    },
    /// A data packet.
    Data {
        /// Identity of its sender; empty when the server sent it.
        participant: String,
        /// Topic.
        topic: String,
        /// Payload.
        payload: Bytes,
    },
    /// A DTMF tone (LiveKit's DTMF packet).
    Dtmf {
        /// Identity of its sender.
        participant: String,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// A text stream begins.
    TextStream(TextReader),
    /// The connection was lost; coming back is under way.
    Reconnecting,
    /// It is back. After a full rejoin tracks were published and subscribed again.
    Reconnected {
        /// Rejoined as a new participant, rather than resumed.
        is_rejoin: bool,
    },
    /// The end; no event follows.
    Disconnected(DisconnectReason),
}

/// The events of one room, in order. The queue holds 1,024; a reader that is slower than that loses the room
/// (`Disconnected(ConnectionLost("event queue full"))`), so that nothing grows without bound.
pub struct RoomEvents {
    events: mpsc::Receiver<RoomEvent>,
    handle: Arc<Handle>,
    is_over: bool,
}

impl RoomEvents {
    pub(crate) fn new(events: mpsc::Receiver<RoomEvent>, handle: Arc<Handle>) -> Self {
        Self {
            events,
            handle,
            is_over: false,
        }
    }

    /// The next event; `None` after `Disconnected`. Cancel safe.
    pub async fn recv(&mut self) -> Option<RoomEvent> {
        if self.is_over {
            return None;
        }
        let shared = &self.handle.shared;
        let event = tokio::select! {
            biased;
            event = self.events.recv() => event,
            () = shared.closed.cancelled() => self.events.try_recv().ok(),
        };
        event.or_else(|| {
            self.is_over = true;
            Some(RoomEvent::Disconnected(shared.end_reason()))
        })
    }
}

impl std::fmt::Debug for RoomEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoomEvents")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
