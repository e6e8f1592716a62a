//! What is decided before connecting.

use crate::{AudioCodec, RootCertificates};
use std::time::Duration;

/// Which remote tracks are subscribed to without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoSubscribe {
    /// None: call [`crate::Room::subscribe`].
    None,
    /// Every audio track.
    #[default]
    Audio,
}

/// How a local audio track is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishOptions {
    /// The track's name, as others see it.
    pub name: String,
    /// The wanted codec. Where the server has no PCMU the track becomes Opus: see [`crate::LocalAudioTrack::codec`].
    pub codec: AudioCodec,
    /// Announce discontinuous transmission: nothing is sent in silence.
    pub dtx: bool,
}

/// How a room is joined.
#[derive(Debug, Clone)]
pub struct RoomOptions {
    /// Which remote tracks are subscribed to without being asked for.
    pub auto_subscribe: AutoSubscribe,
    /// Publish an audio track in the join request itself, which saves round trips;
    /// [`crate::Room::publish_audio`] with the same name then hands it over.
    pub publish: Option<PublishOptions>,
    /// How long joining may take.
    pub connect_timeout: Duration,
    /// How long to go on trying to come back after a lost connection (resume, then full rejoin).
    pub reconnect_timeout: Duration,
    /// Whose word is taken for a `wss://` server.
    pub root_certificates: RootCertificates,
}

impl Default for PublishOptions {
    /// An Opus track named `audio` that sends nothing in silence.
    fn default() -> Self {
        Self {
            name: "audio".into(),
            codec: AudioCodec::Opus,
            dtx: true,
        }
    }
}

impl Default for RoomOptions {
    /// Hears every audio track, publishes nothing yet; 10 s to join, 30 s to come back.
    fn default() -> Self {
        Self {
            auto_subscribe: AutoSubscribe::Audio,
            publish: None,
            connect_timeout: Duration::from_secs(10),
            reconnect_timeout: Duration::from_secs(30),
            root_certificates: RootCertificates::default(),
        }
    }
}
