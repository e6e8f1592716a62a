//! The caller's track in the room: PCMU untouched, or Opus where the server has no PCMU.

use super::uplink::FRAME_LEN;
use bytes::{Bytes, BytesMut};
use casp_audio::{AudioError, SampleRate, opus, pcmu};
use casp_room::{AudioCodec, LocalAudioTrack, OutgoingPacket, RoomError};

/// Opus from 8 kHz needs no more.
const OPUS_BITRATE_BPS: i32 = 16_000;
/// Opus counts at 48 kHz (RFC 7587, 4.1), μ-law at 8.
const OPUS_TICKS: u32 = 6;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct UplinkTrack {
    track: LocalAudioTrack,
    opus: Option<OpusPath>,
}

#[derive(Debug)]
struct OpusPath {
    encoder: opus::Encoder,
    buffer: BytesMut,
}

impl UplinkTrack {
    /// Of the codec that was agreed on.
    pub(crate) fn new(track: LocalAudioTrack) -> Self {
        Self { track, opus: None }
    }

    /// Sends one frame of μ-law. The codec is asked each time: a rejoin may agree on another.
    ///
    /// # Errors
    /// `QueueFull` when the room's task is stuck, `Closed` after the end.
    pub(crate) fn send(&mut self, packet: OutgoingPacket) -> Result<(), RoomError> {
        match self.track.codec() {
            AudioCodec::Pcmu => self.track.send(packet),
            AudioCodec::Opus => {
                let payload = self
                    .encode(&packet.payload)
                    .map_err(|error| RoomError::Track(error.to_string()))?;
                let rtp_timestamp = packet.rtp_timestamp.wrapping_mul(OPUS_TICKS);
                self.track.send(OutgoingPacket {
                    payload,
                    rtp_timestamp,
                    ..packet
                })
            }
        }
    }

    fn encode(&mut self, mulaw: &[u8]) -> Result<Bytes, AudioError> {
        let path = match &mut self.opus {
            Some(path) => path,
            None => self.opus.insert(OpusPath {
                encoder: opus::Encoder::new(
                    SampleRate::Hz8000,
                    &opus::EncoderOptions {
                        bitrate_bps: OPUS_BITRATE_BPS,
                        ..opus::EncoderOptions::default()
                    },
                )?,
                buffer: BytesMut::new(),
            }),
        };
        let mut pcm = [0; FRAME_LEN];
        pcmu::decode(mulaw, &mut pcm);
        path.buffer.resize(opus::MAX_PACKET_BYTES, 0);
        let len = path.encoder.encode(&pcm, &mut path.buffer)?;
        let payload = path.buffer.split_to(len).freeze();
        Ok(payload)
    }
}
