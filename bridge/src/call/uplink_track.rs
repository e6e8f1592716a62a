//! The caller's track in the room: what the client sends as it is where the room takes it, else Opus.

use super::wire::Wire;
use bytes::{Bytes, BytesMut};
use casp_audio::{AudioError, SampleRate, opus, pcmu};
use casp_room::{AudioCodec, LocalAudioTrack, OutgoingPacket, RoomError};

/// Opus from 8 kHz needs no more.
const TELEPHONE_BITRATE_BPS: i32 = 16_000;
/// Opus counts at 48 kHz (RFC 7587, 4.1), μ-law at 8.
const OPUS_TICKS: u32 = 6;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct UplinkTrack {
    track: LocalAudioTrack,
    wire: Wire,
    opus: Option<OpusPath>,
}

#[derive(Debug)]
struct OpusPath {
    encoder: opus::Encoder,
    pcm: Vec<i16>,
    buffer: BytesMut,
}

impl UplinkTrack {
    /// Of the codec that was agreed on, for frames in this format.
    pub(crate) fn new(track: LocalAudioTrack, wire: Wire) -> Self {
        Self {
            track,
            wire,
            opus: None,
        }
    }

    /// Sends one frame. The codec is asked each time: a rejoin may agree on another.
    ///
    /// # Errors
    /// `QueueFull` when the room's task is stuck, `Closed` after the end.
    pub(crate) fn send(&mut self, packet: OutgoingPacket) -> Result<(), RoomError> {
        let ticks = match (self.wire, self.track.codec()) {
            (Wire::Mulaw, AudioCodec::Pcmu) | (Wire::Opus, _) => return self.track.send(packet),
            (Wire::Mulaw, AudioCodec::Opus) => OPUS_TICKS,
            (Wire::Pcm(_), _) => 1,
        };
        let payload = self
            .encode(&packet.payload)
            .map_err(|error| RoomError::Track(error.to_string()))?;
        self.track.send(OutgoingPacket {
            payload,
            rtp_timestamp: packet.rtp_timestamp.wrapping_mul(ticks),
            ..packet
        })
    }

    fn encode(&mut self, frame: &[u8]) -> Result<Bytes, AudioError> {
        let path = match &mut self.opus {
            Some(path) => path,
            None => self.opus.insert(OpusPath::new(self.wire.sample_rate())?),
        };
        path.pcm.clear();
        if self.wire == Wire::Mulaw {
            let samples = frame.iter().map(|code| pcmu::decode_sample(*code));
            path.pcm.extend(samples);
        } else {
            let samples = frame.chunks_exact(2);
            path.pcm
                .extend(samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        }
        path.buffer.resize(opus::MAX_PACKET_BYTES, 0);
        let len = path.encoder.encode(&path.pcm, &mut path.buffer)?;
        Ok(path.buffer.split_to(len).freeze())
    }
}

impl OpusPath {
    fn new(sample_rate: SampleRate) -> Result<Self, AudioError> {
        let mut options = opus::EncoderOptions::default();
        if sample_rate == SampleRate::Hz8000 {
            options.bitrate_bps = TELEPHONE_BITRATE_BPS;
        }
        Ok(Self {
            encoder: opus::Encoder::new(sample_rate, &options)?,
            pcm: Vec::new(),
            buffer: BytesMut::new(),
        })
    }
}
