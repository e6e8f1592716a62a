//! What happens in a room, as a stream of events.

use crate::{RemoteAudioTrack, TextReader};
use bytes::Bytes;
use std::collections::HashMap;

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
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
#[derive(Debug)]
pub struct RoomEvents {}

impl RoomEvents {
    /// The next event; `None` after `Disconnected`. Cancel safe.
    pub async fn recv(&mut self) -> Option<RoomEvent> {
        unimplemented!()
    }
}
