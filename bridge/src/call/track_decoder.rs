//! One remote track as pieces that the caller's format can take: its own packets where they are of that format
//! already, else PCM at the format's rate; lost packets concealed.

use super::wire::Wire;
use bytes::{Bytes, BytesMut};
use casp_audio::{AudioError, opus, pcmu, resample::Resampler};
use casp_room::{AudioCodec, AudioPacket};
use casp_twilio::media_streams::opus_packet_duration;
use std::{ops::Range, time::Duration};

/// More lost packets than this (100 ms) are a gap, not a loss to hide.
const MOST_CONCEALED: u16 = 5;
/// What an Opus client gets as it came.
const PASSED_OPUS: Duration = Duration::from_millis(20);

/// A piece of what a track says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) sound: Sound,
    pub(crate) ms: u32,
    /// Where it begins, from the packet's own first sample.
    pub(crate) offset_ms: i32,
}

/// How it is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sound {
    /// In the format of the stream.
    Ready(Bytes),
    /// Samples of [`TrackDecoder::pcm`] at [`Wire::sample_rate`].
    Pcm(Range<usize>),
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct TrackDecoder {
    wire: Wire,
    opus: Option<opus::Decoder>,
    upsampler: Option<Resampler>,
    pcm: Vec<i16>,
    scratch: Vec<i16>,
    encoded: BytesMut,
    /// The last PCMU payload: its repetition hides one lost packet.
    last: Bytes,
    /// Opus packets of another length than 20 ms came, or two voices are mixed: nothing is passed any more, since a
    /// decoder that takes over in mid-stream clicks.
    is_decoding: bool,
}

impl TrackDecoder {
    /// With no history.
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            opus: None,
            upsampler: None,
            pcm: Vec::new(),
            scratch: Vec::new(),
            encoded: BytesMut::new(),
            last: Bytes::new(),
            is_decoding: false,
        }
    }

    /// The samples of the last packet's pieces.
    pub(crate) fn pcm(&self, range: Range<usize>) -> &[i16] {
        self.pcm.get(range).unwrap_or_default()
    }

    /// Decodes a packet. `pieces` is emptied and gets those that hide what was lost before it, then its own.
    /// `is_mixing`: they are to be added to others.
    ///
    /// # Errors
    /// A packet that is not what it says it is; the next one may be good.
    pub(crate) fn push(
        &mut self,
        packet: &AudioPacket,
        is_mixing: bool,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), AudioError> {
        pieces.clear();
        self.pcm.clear();
        let lost = if packet.lost_before > MOST_CONCEALED {
            0
        } else {
            packet.lost_before
        };
        match (packet.codec, self.wire) {
            (AudioCodec::Pcmu, _) => self.push_pcmu(packet, lost, pieces),
            (AudioCodec::Opus, Wire::Opus) if self.may_pass(packet, is_mixing) => {
                pass_opus(packet, lost, pieces);
                Ok(())
            }
            (AudioCodec::Opus, _) => self.push_opus(packet, lost, pieces),
        }
    }

    fn may_pass(&mut self, packet: &AudioPacket, is_mixing: bool) -> bool {
        let is_usual = opus_packet_duration(&packet.payload) == Some(PASSED_OPUS);
        self.is_decoding |= is_mixing || !is_usual;
        !self.is_decoding
    }

    fn push_pcmu(
        &mut self,
        packet: &AudioPacket,
        lost: u16,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), AudioError> {
        let ms = (packet.payload.len() / 8) as u32;
        for index in 0..=lost {
            let codes = if index == lost {
                self.last = packet.payload.clone();
                packet.payload.clone()
            } else {
                self.conceal_pcmu(index, packet.payload.len())
            };
            let sound = if self.wire == Wire::Mulaw {
                Sound::Ready(codes)
            } else {
                Sound::Pcm(self.upsample(&codes)?)
            };
            let offset_ms = (i32::from(index) - i32::from(lost)) * ms as i32;
            pieces.push(Piece {
                sound,
                ms,
                offset_ms,
            });
        }
        Ok(())
    }

    /// The last frame once more, then silence.
    fn conceal_pcmu(&mut self, index: u16, len: usize) -> Bytes {
        if index == 0 && !self.last.is_empty() {
            return self.last.clone();
        }
        self.encoded.resize(len, pcmu::SILENCE);
        self.encoded.split().freeze()
    }

    fn upsample(&mut self, codes: &[u8]) -> Result<Range<usize>, AudioError> {
        self.scratch.resize(codes.len(), 0);
        pcmu::decode(codes, &mut self.scratch);
        let begin = self.pcm.len();
        let rate = self.wire.sample_rate().hz();
        let upsampler = match &mut self.upsampler {
            Some(upsampler) => upsampler,
            None => self.upsampler.insert(Resampler::new(8_000, rate)?),
        };
        upsampler.process(&self.scratch, &mut self.pcm);
        Ok(begin..self.pcm.len())
    }

    fn push_opus(
        &mut self,
        packet: &AudioPacket,
        lost: u16,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), AudioError> {
        let mut decoder = match self.opus.take() {
            Some(decoder) => decoder,
            None => opus::Decoder::new(self.wire.sample_rate())?,
        };
        let result = self.decode_opus(&mut decoder, packet, lost, pieces);
        self.opus = Some(decoder);
        result
    }

    fn decode_opus(
        &mut self,
        decoder: &mut opus::Decoder,
        packet: &AudioPacket,
        lost: u16,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), AudioError> {
        let samples = decoder.packet_samples(&packet.payload)?;
        let ms = (samples * 1_000 / self.wire.sample_rate().hz() as usize) as u32;
        for index in 0..=lost {
            let begin = self.pcm.len();
            self.pcm.resize(begin + samples, 0);
            let pcm = &mut self.pcm[begin..];
            if index == lost {
                decoder.decode(&packet.payload, pcm)?;
            } else if index + 1 == lost {
                decoder.decode_fec(&packet.payload, pcm)?;
            } else {
                decoder.conceal(pcm)?;
            }
            let sound = match self.wire {
                Wire::Mulaw => Sound::Ready(self.encode(begin)),
                Wire::Pcm(_) | Wire::Opus => Sound::Pcm(begin..begin + samples),
            };
            let offset_ms = (i32::from(index) - i32::from(lost)) * ms as i32;
            pieces.push(Piece {
                sound,
                ms,
                offset_ms,
            });
        }
        Ok(())
    }

    fn encode(&mut self, begin: usize) -> Bytes {
        let pcm = &self.pcm[begin..];
        self.encoded.resize(pcm.len(), 0);
        pcmu::encode(pcm, &mut self.encoded);
        self.encoded.split().freeze()
    }
}

/// The packet as it is. For each lost one goes a packet with a frame of no bytes, at which the client's decoder
/// conceals (RFC 6716, 3.2.1).
fn pass_opus(packet: &AudioPacket, lost: u16, pieces: &mut Vec<Piece>) {
    let ms = PASSED_OPUS.as_millis() as u32;
    for index in 0..lost {
        // The same mode and length, one frame.
        let empty = Bytes::copy_from_slice(&[packet.payload[0] & !3]);
        pieces.push(Piece {
            sound: Sound::Ready(empty),
            ms,
            offset_ms: (i32::from(index) - i32::from(lost)) * ms as i32,
        });
    }
    pieces.push(Piece {
        sound: Sound::Ready(packet.payload.clone()),
        ms,
        offset_ms: 0,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_audio::SampleRate;
    use std::time::Instant;

    fn packet(codec: AudioCodec, payload: &[u8], lost_before: u16) -> AudioPacket {
        AudioPacket {
            codec,
            rtp_timestamp: 0,
            lost_before,
            received_at: Instant::now(),
            payload: Bytes::copy_from_slice(payload),
        }
    }

    fn pieces(decoder: &mut TrackDecoder, packet: &AudioPacket) -> Vec<Piece> {
        let mut pieces = Vec::new();
        decoder.push(packet, false, &mut pieces).unwrap();
        pieces
    }

    fn frames(decoder: &mut TrackDecoder, packet: &AudioPacket) -> Vec<Bytes> {
        let ready = |piece: Piece| match piece.sound {
            Sound::Ready(payload) => payload,
            Sound::Pcm(_) => panic!("to be coded"),
        };
        pieces(decoder, packet).into_iter().map(ready).collect()
    }

    /// A packet of a tone, `ms` long.
    fn tone(encoder: &mut opus::Encoder, ms: usize) -> Vec<u8> {
        let samples = encoder.sample_rate().hz() as usize * ms / 1_000;
        let pcm: Vec<i16> = (0..samples)
            .map(|index| if index / 24 % 2 == 0 { 8_000 } else { -8_000 })
            .collect();
        let mut payload = vec![0; opus::MAX_PACKET_BYTES];
        let len = encoder.encode(&pcm, &mut payload).unwrap();
        payload.truncate(len);
        payload
    }

    fn encoder() -> opus::Encoder {
        opus::Encoder::new(SampleRate::Hz24000, &opus::EncoderOptions::default()).unwrap()
    }

    #[test]
    fn mulaw_passes_untouched() {
        let mut decoder = TrackDecoder::new(Wire::Mulaw);
        let payload: Vec<u8> = (0..160).map(|index| index as u8).collect();
        assert_eq!(
            frames(&mut decoder, &packet(AudioCodec::Pcmu, &payload, 0)),
            [Bytes::from(payload)]
        );
    }

    #[test]
    fn lost_mulaw_is_repeated_once_and_then_silent() {
        let mut decoder = TrackDecoder::new(Wire::Mulaw);
        frames(&mut decoder, &packet(AudioCodec::Pcmu, &[1; 160], 0));
        let after = frames(&mut decoder, &packet(AudioCodec::Pcmu, &[2; 160], 2));
        let firsts: Vec<u8> = after.iter().map(|frame| frame[0]).collect();
        assert_eq!(firsts, [1, pcmu::SILENCE, 2]);
        assert!(after.iter().all(|frame| frame.len() == 160));
    }

    #[test]
    fn a_long_gap_is_not_filled() {
        let mut decoder = TrackDecoder::new(Wire::Mulaw);
        frames(&mut decoder, &packet(AudioCodec::Pcmu, &[1; 160], 0));
        assert_eq!(
            frames(&mut decoder, &packet(AudioCodec::Pcmu, &[2; 160], 50)).len(),
            1
        );
    }

    #[test]
    fn opus_becomes_mulaw_and_garbage_is_survived() {
        let options = opus::EncoderOptions::default();
        let mut encoder = opus::Encoder::new(SampleRate::Hz24000, &options).unwrap();
        let mut decoder = TrackDecoder::new(Wire::Mulaw);
        let mut heard = Vec::new();
        for number in 0..50 {
            let pcm: Vec<i16> = (0..480)
                .map(|index| {
                    let at = f64::from(number * 480 + index) / 24_000.0;
                    ((at * 500.0 * std::f64::consts::TAU).sin() * 8_000.0) as i16
                })
                .collect();
            let mut payload = [0; opus::MAX_PACKET_BYTES];
            let len = encoder.encode(&pcm, &mut payload).unwrap();
            let lost = u16::from(number == 20);
            for frame in frames(
                &mut decoder,
                &packet(AudioCodec::Opus, &payload[..len], lost),
            ) {
                assert_eq!(frame.len(), 160);
                heard.extend(frame.iter().map(|code| pcmu::decode_sample(*code)));
            }
            let garbage = packet(AudioCodec::Opus, &[0xFF; 3], 0);
            let _ = decoder.push(&garbage, false, &mut Vec::new());
        }
        assert_eq!(heard.len(), 51 * 160);
        let tail = &heard[30 * 160..];
        let power: f64 = tail
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum::<f64>()
            / tail.len() as f64;
        assert!(
            (4_500.0..6_500.0).contains(&power.sqrt()),
            "{}",
            power.sqrt()
        );
    }

    #[test]
    fn an_opus_client_gets_the_packets_themselves_and_conceals_by_itself() {
        let (mut decoder, mut encoder) = (TrackDecoder::new(Wire::Opus), encoder());
        let payload = tone(&mut encoder, 20);
        let heard = pieces(&mut decoder, &packet(AudioCodec::Opus, &payload, 2));
        let empty = vec![payload[0] & !3];
        let sounds = [empty.clone(), empty, payload].map(|payload| Sound::Ready(payload.into()));
        assert_eq!(
            heard.iter().map(|piece| &piece.sound).collect::<Vec<_>>(),
            sounds.iter().collect::<Vec<_>>()
        );
        let offsets: Vec<i32> = heard.iter().map(|piece| piece.offset_ms).collect();
        assert_eq!(offsets, [-40, -20, 0]);
        let mut client = opus::Decoder::new(SampleRate::Hz48000).unwrap();
        let mut pcm = vec![0; SampleRate::Hz48000.max_packet_samples()];
        for sound in sounds {
            let Sound::Ready(payload) = sound else {
                unreachable!()
            };
            assert_eq!(client.decode(&payload, &mut pcm).unwrap(), 960);
        }
    }

    #[test]
    fn opus_of_another_length_is_decoded_for_an_opus_client_from_then_on() {
        let (mut decoder, mut encoder) = (TrackDecoder::new(Wire::Opus), encoder());
        let long = tone(&mut encoder, 60);
        let heard = pieces(&mut decoder, &packet(AudioCodec::Opus, &long, 0));
        assert_eq!(heard[0].sound, Sound::Pcm(0..3 * 480));
        assert_eq!(heard[0].ms, 60);
        let usual = tone(&mut encoder, 20);
        let heard = pieces(&mut decoder, &packet(AudioCodec::Opus, &usual, 0));
        assert_eq!(heard[0].sound, Sound::Pcm(0..480));
    }

    #[test]
    fn a_pcm_client_gets_its_own_rate_from_either_codec() {
        for rate in [
            SampleRate::Hz8000,
            SampleRate::Hz16000,
            SampleRate::Hz24000,
            SampleRate::Hz48000,
        ] {
            let (mut decoder, mut encoder) = (TrackDecoder::new(Wire::Pcm(rate)), encoder());
            let payload = tone(&mut encoder, 20);
            let heard = pieces(&mut decoder, &packet(AudioCodec::Opus, &payload, 1));
            let frame = rate.frame_samples();
            assert_eq!(heard[0].sound, Sound::Pcm(0..frame));
            assert_eq!(heard[1].sound, Sound::Pcm(frame..2 * frame));
            let mut samples = 0;
            for _ in 0..50 {
                pieces(&mut decoder, &packet(AudioCodec::Pcmu, &[0x90; 160], 0));
                samples += decoder.pcm(0..decoder.pcm.len()).len();
            }
            // The filter holds some milliseconds back.
            assert!((49 * frame..=50 * frame).contains(&samples), "{samples}");
        }
    }
}
