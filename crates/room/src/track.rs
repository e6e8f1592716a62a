//! Audio tracks: packets in, packets out. Coding is the reader's business (`casp_audio`).

use crate::RoomError;
use bytes::Bytes;
use std::time::Instant;

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

/// A published audio track. Dropping it unpublishes.
#[derive(Debug)]
pub struct LocalAudioTrack {}

impl LocalAudioTrack {
    /// The server's id of the track (`TR_…`).
    pub fn sid(&self) -> String {
        unimplemented!()
    }
    /// The codec that was agreed on; Opus where PCMU was asked for and refused.
    pub fn codec(&self) -> AudioCodec {
        unimplemented!()
    }
    /// Hands a packet to the room's task at once; the caller paces.
    ///
    /// # Errors
    /// `QueueFull` when 50 packets wait (a second: the room's task is stuck), `Closed` after leaving.
    pub fn send(&self, _packet: OutgoingPacket) -> Result<(), RoomError> {
        unimplemented!()
    }
    /// Mutes or unmutes for everybody.
    pub fn set_muted(&self, _is_muted: bool) -> Result<(), RoomError> {
        unimplemented!()
    }
}

/// A subscribed remote audio track.
#[derive(Debug)]
pub struct RemoteAudioTrack {}

impl RemoteAudioTrack {
    /// The server's id of the track (`TR_…`).
    pub fn sid(&self) -> &str {
        unimplemented!()
    }
    /// Identity of the participant that publishes it.
    pub fn participant(&self) -> &str {
        unimplemented!()
    }
    /// The next packet, in order; `None` when the track has ended. Cancel safe.
    /// The queue holds a second; when its reader is slower the oldest go, counted in `lost_before`.
    pub async fn recv(&mut self) -> Option<AudioPacket> {
        unimplemented!()
    }
}
