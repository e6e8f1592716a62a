//! One remote track as μ-law frames: PCMU as it is, Opus decoded at 8 kHz; lost packets concealed.

use bytes::{Bytes, BytesMut};
use casp_audio::{AudioError, SampleRate, opus, pcmu};
use casp_room::{AudioCodec, AudioPacket};

/// More lost packets than this (100 ms) are a gap, not a loss to hide.
const MOST_CONCEALED: u16 = 5;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct TrackDecoder {
    opus: Option<opus::Decoder>,
    pcm: Vec<i16>,
    encoded: BytesMut,
    /// The last PCMU payload: its repetition hides one lost packet.
    last: Bytes,
}

impl TrackDecoder {
    /// With no history.
    pub(crate) fn new() -> Self {
        Self {
            opus: None,
            pcm: vec![0; SampleRate::Hz8000.max_packet_samples()],
            encoded: BytesMut::new(),
            last: Bytes::new(),
        }
    }

    /// Decodes a packet. `frames` is emptied and gets the frames that hide those lost before it, then its own.
    ///
    /// # Errors
    /// A packet that is not what it says it is; the next one may be good.
    pub(crate) fn push(
        &mut self,
        packet: &AudioPacket,
        frames: &mut Vec<Bytes>,
    ) -> Result<(), AudioError> {
        frames.clear();
        let lost = if packet.lost_before > MOST_CONCEALED {
            0
        } else {
            packet.lost_before
        };
        match packet.codec {
            AudioCodec::Pcmu => {
                for index in 0..lost {
                    frames.push(self.conceal_pcmu(index, packet.payload.len()));
                }
                self.last = packet.payload.clone();
                frames.push(packet.payload.clone());
                Ok(())
            }
            AudioCodec::Opus => self.push_opus(packet, lost, frames),
        }
    }

    /// The last frame once more, then silence.
    fn conceal_pcmu(&mut self, index: u16, len: usize) -> Bytes {
        if index == 0 && !self.last.is_empty() {
            return self.last.clone();
        }
        self.encoded.resize(len, pcmu::SILENCE);
        self.encoded.split().freeze()
    }

    fn push_opus(
        &mut self,
        packet: &AudioPacket,
        lost: u16,
        frames: &mut Vec<Bytes>,
    ) -> Result<(), AudioError> {
        let mut decoder = match self.opus.take() {
            Some(decoder) => decoder,
            None => opus::Decoder::new(SampleRate::Hz8000)?,
        };
        let result = self.decode_opus(&mut decoder, packet, lost, frames);
        self.opus = Some(decoder);
        result
    }

    fn decode_opus(
        &mut self,
        decoder: &mut opus::Decoder,
        packet: &AudioPacket,
        lost: u16,
        frames: &mut Vec<Bytes>,
    ) -> Result<(), AudioError> {
        let samples = decoder.packet_samples(&packet.payload)?;
        for index in 0..lost {
            let pcm = &mut self.pcm[..samples];
            if index + 1 == lost {
                decoder.decode_fec(&packet.payload, pcm)?;
            } else {
                decoder.conceal(pcm)?;
            }
            frames.push(self.encode(samples));
        }
        let samples = decoder.decode(&packet.payload, &mut self.pcm)?;
        frames.push(self.encode(samples));
        Ok(())
    }

    fn encode(&mut self, samples: usize) -> Bytes {
        self.encoded.resize(samples, 0);
        pcmu::encode(&self.pcm[..samples], &mut self.encoded);
        self.encoded.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn frames(decoder: &mut TrackDecoder, packet: &AudioPacket) -> Vec<Bytes> {
        let mut frames = Vec::new();
        decoder.push(packet, &mut frames).unwrap();
        frames
    }

    #[test]
    fn mulaw_passes_untouched() {
        let mut decoder = TrackDecoder::new();
        let payload: Vec<u8> = (0..160).map(|index| index as u8).collect();
        assert_eq!(
            frames(&mut decoder, &packet(AudioCodec::Pcmu, &payload, 0)),
            [Bytes::from(payload)]
        );
    }

    #[test]
    fn lost_mulaw_is_repeated_once_and_then_silent() {
        let mut decoder = TrackDecoder::new();
        frames(&mut decoder, &packet(AudioCodec::Pcmu, &[1; 160], 0));
        let after = frames(&mut decoder, &packet(AudioCodec::Pcmu, &[2; 160], 2));
        let firsts: Vec<u8> = after.iter().map(|frame| frame[0]).collect();
        assert_eq!(firsts, [1, pcmu::SILENCE, 2]);
        assert!(after.iter().all(|frame| frame.len() == 160));
    }

    #[test]
    fn a_long_gap_is_not_filled() {
        let mut decoder = TrackDecoder::new();
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
        let mut decoder = TrackDecoder::new();
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
            let _ = decoder.push(&garbage, &mut Vec::new());
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
}
