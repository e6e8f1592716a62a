//! Audio tracks: packets in, packets out. Coding is the reader's business (`casp_audio`).

use crate::{
    RoomError,
    handle::{Command, Handle},
    packet_queue::PacketReceiver,
};
use bytes::Bytes;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// The codec of an audio track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioCodec {
    /// Opus; RTP clock 48 kHz.
    Opus,
    /// G.711 μ-law, 8 kHz, one byte a sample.
    Pcmu,
}

impl AudioCodec {
    /// Ticks of the RTP clock a second.
    pub const fn clock_rate_hz(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Pcmu => 8_000,
        }
    }
}

/// One encoded packet of a remote track, in order.
#[derive(Debug, Clone)]
pub struct AudioPacket {
    /// The packet's codec (a track may change it).
    pub codec: AudioCodec,
    /// Time of its first sample on the RTP clock of the codec, as the server forwards it.
    pub rtp_timestamp: u32,
    /// Packets lost right before this one (for FEC and concealment).
    pub lost_before: u16,
    /// When it came.
    pub received_at: Instant,
    /// The payload. An empty one never comes.
    pub payload: Bytes,
}

/// One encoded packet to send.
#[derive(Debug, Clone)]
pub struct OutgoingPacket {
    /// Opus packet or μ-law bytes, 20 ms.
    pub payload: Bytes,
    /// Time of its first sample on the codec's RTP clock. It runs on through pauses.
    pub rtp_timestamp: u32,
    /// First packet after a pause (RTP marker).
    pub starts_talkspurt: bool,
}

/// A published audio track. Dropping it unpublishes. It survives a full rejoin under the same handle, with
/// another [`Self::sid`].
#[derive(Debug)]
pub struct LocalAudioTrack {
    track: Arc<LocalTrack>,
    handle: Arc<Handle>,
}

/// What the room's task and the handle share of a local track.
#[derive(Debug)]
pub(crate) struct LocalTrack {
    /// Names the track between handle and task.
    pub(crate) key: TrackKey,
    is_pcmu: AtomicBool,
    sid: Mutex<String>,
}

/// Names a local track; never reused within a room.
pub(crate) type TrackKey = u32;

impl LocalTrack {
    pub(crate) fn new(key: TrackKey, codec: AudioCodec) -> Self {
        let track = Self {
            key,
            is_pcmu: AtomicBool::new(false),
            sid: Mutex::default(),
        };
        track.set_codec(codec);
        track
    }

    pub(crate) fn codec(&self) -> AudioCodec {
        if self.is_pcmu.load(Ordering::Relaxed) {
            AudioCodec::Pcmu
        } else {
            AudioCodec::Opus
        }
    }

    pub(crate) fn set_codec(&self, codec: AudioCodec) {
        self.is_pcmu
            .store(codec == AudioCodec::Pcmu, Ordering::Relaxed);
    }

    pub(crate) fn sid(&self) -> String {
        self.sid
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_sid(&self, sid: &str) {
        sid.clone_into(&mut self.sid.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl LocalAudioTrack {
    pub(crate) fn new(track: Arc<LocalTrack>, handle: Arc<Handle>) -> Self {
        Self { track, handle }
    }

    /// The server's id of the track (`TR_…`).
    pub fn sid(&self) -> String {
        self.track.sid()
    }

    /// The codec that was agreed on; Opus where PCMU was asked for and refused.
    pub fn codec(&self) -> AudioCodec {
        self.track.codec()
    }

    /// Hands a packet to the room's task at once; the caller paces. While the track is muted or the room is
    /// reconnecting, packets are discarded.
    ///
    /// # Errors
    /// `QueueFull` when 50 packets of the room wait (a second: the room's task is stuck), `Closed` after leaving.
    pub fn send(&self, packet: OutgoingPacket) -> Result<(), RoomError> {
        self.handle.send_audio(self.track.key, packet)
    }

    /// Mutes or unmutes for everybody.
    pub fn set_muted(&self, is_muted: bool) -> Result<(), RoomError> {
        self.handle.command(Command::SetMuted {
            key: self.track.key,
            is_muted,
        })
    }
}

impl Drop for LocalAudioTrack {
    fn drop(&mut self) {
        // When the queue is full the room's task notices by itself, with its next ping, that nobody holds the track.
        let _ = self.handle.command(Command::Unpublish(self.track.key));
    }
}

/// A subscribed remote audio track. Dropping it discards what arrives; [`crate::Room::unsubscribe`] stops it.
pub struct RemoteAudioTrack {
    sid: String,
    participant: String,
    packets: PacketReceiver,
}

impl RemoteAudioTrack {
    pub(crate) fn new(sid: String, participant: String, packets: PacketReceiver) -> Self {
        Self {
            sid,
            participant,
            packets,
        }
    }

    /// The server's id of the track (`TR_…`).
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Identity of the participant that publishes it.
    pub fn participant(&self) -> &str {
        &self.participant
    }

    /// The next packet, in order; `None` when the track has ended. Cancel safe.
    /// The queue holds a second; when its reader is slower the oldest go, counted in `lost_before`.
    pub async fn recv(&mut self) -> Option<AudioPacket> {
        self.packets.recv().await
    }
}

impl std::fmt::Debug for RemoteAudioTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteAudioTrack")
            .field("sid", &self.sid)
            .field("participant", &self.participant)
            .finish_non_exhaustive()
    }
}
