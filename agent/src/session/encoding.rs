//! PCM to packets, whatever the track's codec is.

use bytes::{Bytes, BytesMut};
use casp_audio::{
    AudioError, SampleRate,
    opus::{Encoder, EncoderOptions, MAX_PACKET_BYTES},
    pcmu,
    resample::Resampler,
};
use casp_room::AudioCodec;

/// Packets are cut from pieces of memory of this size.
const ARENA_BYTES: usize = 4_096;

/// Encodes frames of 20 ms for one track.
#[derive(Debug)]
pub(super) struct Encoding {
    sample_rate: SampleRate,
    coder: Coder,
    arena: BytesMut,
    resampler: Option<Resampler>,
}

#[derive(Debug)]
enum Coder {
    Opus {
        encoder: Encoder,
        packet: Box<[u8; MAX_PACKET_BYTES]>,
    },
    Pcmu,
}

impl Encoding {
    /// For a track of this codec and speech that is made at this rate. Opus takes most rates as they are, so
    /// that nothing is resampled.
    pub(super) fn new(codec: AudioCodec, speech_rate_hz: u32) -> Result<Self, AudioError> {
        let sample_rate = match (codec, speech_rate_hz) {
            (AudioCodec::Pcmu, _) | (AudioCodec::Opus, 8_000) => SampleRate::Hz8000,
            (AudioCodec::Opus, 12_000) => SampleRate::Hz12000,
            (AudioCodec::Opus, 16_000) => SampleRate::Hz16000,
            (AudioCodec::Opus, 48_000) => SampleRate::Hz48000,
            (AudioCodec::Opus, _) => SampleRate::Hz24000,
        };
        let coding = match codec {
            AudioCodec::Pcmu => Coder::Pcmu,
            AudioCodec::Opus => Coder::Opus {
                encoder: Encoder::new(sample_rate, &EncoderOptions::default())?,
                packet: Box::new([0; MAX_PACKET_BYTES]),
            },
        };
        Ok(Self {
            sample_rate,
            coder: coding,
            arena: BytesMut::new(),
            resampler: None,
        })
    }

    pub(super) fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    /// Brings speech to the track's rate, in `out`.
    pub(super) fn convert(
        &mut self,
        pcm: &[i16],
        sample_rate_hz: u32,
        out: &mut Vec<i16>,
    ) -> Result<(), AudioError> {
        out.clear();
        if sample_rate_hz == self.sample_rate.hz() {
            out.extend_from_slice(pcm);
            return Ok(());
        }
        let resampler = match &mut self.resampler {
            Some(resampler) if resampler.from_hz() == sample_rate_hz => resampler,
            other => other.insert(Resampler::new(sample_rate_hz, self.sample_rate.hz())?),
        };
        resampler.process(pcm, out);
        Ok(())
    }

    /// What the conversion still holds at the end of an utterance.
    pub(super) fn finish(&mut self, out: &mut Vec<i16>) {
        out.clear();
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(out);
        }
    }

    /// Encodes a frame.
    pub(super) fn encode(&mut self, pcm: &[i16]) -> Result<Bytes, AudioError> {
        if self.arena.capacity() < MAX_PACKET_BYTES {
            self.arena.reserve(ARENA_BYTES);
        }
        match &mut self.coder {
            Coder::Opus { encoder, packet } => {
                let bytes = encoder.encode(pcm, packet.as_mut_slice())?;
                self.arena.extend_from_slice(&packet[..bytes]);
            }
            Coder::Pcmu => {
                self.arena.resize(pcm.len(), 0);
                pcmu::encode(pcm, &mut self.arena);
            }
        }
        Ok(self.arena.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_24_khz_is_fifty_frames_of_pcmu() {
        let mut encoding = Encoding::new(AudioCodec::Pcmu, 24_000).unwrap();
        let (mut all, mut out) = (Vec::new(), Vec::new());
        for piece in vec![0_i16; 24_000].chunks(2_400) {
            encoding.convert(piece, 24_000, &mut out).unwrap();
            all.extend_from_slice(&out);
        }
        encoding.finish(&mut out);
        all.extend_from_slice(&out);
        assert_eq!(all.len(), 8_000);
        let packet = encoding.encode(&all[..160]).unwrap();
        assert_eq!(packet.len(), 160);
        assert!(packet.iter().all(|code| *code == pcmu::SILENCE));
    }

    #[test]
    fn opus_takes_speech_at_its_own_rate() {
        for rate in [8_000, 16_000, 24_000, 48_000] {
            let encoding = Encoding::new(AudioCodec::Opus, rate).unwrap();
            assert_eq!(encoding.sample_rate().hz(), rate);
        }
        assert_eq!(
            Encoding::new(AudioCodec::Opus, 22_050)
                .unwrap()
                .sample_rate()
                .hz(),
            24_000
        );
    }
}
