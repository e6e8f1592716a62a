//! PCM → the caller: frames of 20 ms in the format of the stream.

use super::{outbox::Outbox, wire::Wire};
use bytes::{BufMut as _, Bytes, BytesMut};
use casp_audio::{AudioError, SampleRate, opus, pcmu, resample::Resampler};

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Egress {
    wire: Wire,
    /// Less than a frame that waits for the rest of it.
    partial: Vec<i16>,
    buffer: BytesMut,
    encoder: Option<opus::Encoder>,
    /// From the 8 kHz of prompts.
    upsampler: Option<Resampler>,
    upsampled: Vec<i16>,
}

impl Egress {
    /// Of a stream in this format.
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            partial: Vec::new(),
            buffer: BytesMut::new(),
            encoder: None,
            upsampler: None,
            upsampled: Vec::new(),
        }
    }

    /// Sends samples at [`Wire::sample_rate`]; what is no whole frame waits.
    pub(crate) fn pcm(&mut self, samples: &[i16], outbox: &mut Outbox) {
        let frame = self.wire.sample_rate().frame_samples();
        if self.partial.is_empty() && samples.len() == frame {
            self.send(samples, outbox);
            return;
        }
        let mut partial = std::mem::take(&mut self.partial);
        partial.extend_from_slice(samples);
        let whole = partial.len() / frame * frame;
        for samples in partial[..whole].chunks_exact(frame) {
            self.send(samples, outbox);
        }
        partial.drain(..whole);
        self.partial = partial;
    }

    /// Sends what waits, filled up with silence.
    pub(crate) fn finish(&mut self, outbox: &mut Outbox) {
        if !self.partial.is_empty() {
            let missing = self.wire.sample_rate().frame_samples() - self.partial.len();
            self.pcm(&[0; SampleRate::Hz48000.frame_samples()][..missing], outbox);
        }
    }

    /// Sends μ-law: ringing and other sounds of our own.
    pub(crate) fn mulaw(&mut self, codes: Bytes, outbox: &mut Outbox) {
        if self.wire == Wire::Mulaw {
            outbox.media(codes);
            return;
        }
        if let Err(error) = self.upsample(&codes) {
            tracing::warn!(%error, "a sound could not be resampled");
            return;
        }
        let upsampled = std::mem::take(&mut self.upsampled);
        self.pcm(&upsampled, outbox);
        self.upsampled = upsampled;
    }

    fn upsample(&mut self, codes: &[u8]) -> Result<(), AudioError> {
        let rate = self.wire.sample_rate().hz();
        let upsampler = match &mut self.upsampler {
            Some(upsampler) => upsampler,
            None => self.upsampler.insert(Resampler::new(8_000, rate)?),
        };
        let mut pcm = [0; 160];
        self.upsampled.clear();
        for codes in codes.chunks(pcm.len()) {
            let count = pcmu::decode(codes, &mut pcm);
            upsampler.process(&pcm[..count], &mut self.upsampled);
        }
        Ok(())
    }

    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        self.partial.clear();
    }

    fn send(&mut self, frame: &[i16], outbox: &mut Outbox) {
        match self.wire {
            Wire::Mulaw => {
                self.buffer.resize(frame.len(), 0);
                pcmu::encode(frame, &mut self.buffer);
            }
            Wire::Pcm(_) => {
                self.buffer.reserve(2 * frame.len());
                for sample in frame {
                    self.buffer.put_i16_le(*sample);
                }
            }
            Wire::Opus => {
                if let Err(error) = self.encode(frame) {
                    tracing::warn!(%error, "a frame could not be encoded");
                    return;
                }
            }
        }
        outbox.media(self.buffer.split().freeze());
    }

    fn encode(&mut self, frame: &[i16]) -> Result<(), AudioError> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => self.encoder.insert(opus::Encoder::new(
                self.wire.sample_rate(),
                &opus::EncoderOptions::default(),
            )?),
        };
        self.buffer.resize(opus::MAX_PACKET_BYTES, 0);
        let len = encoder.encode(frame, &mut self.buffer)?;
        self.buffer.truncate(len);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::outbox::Outgoing;

    fn sent(outbox: &mut Outbox) -> Vec<Bytes> {
        std::iter::from_fn(|| outbox.pop())
            .map(|item| match item {
                Outgoing::Media(payload) => payload,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn pieces_of_any_size_become_frames_of_20_ms() {
        let (mut egress, mut outbox) = (Egress::new(Wire::Pcm(SampleRate::Hz16000)), Outbox::new());
        let said: Vec<i16> = (0..1_000).collect();
        for piece in said.chunks(130) {
            egress.pcm(piece, &mut outbox);
        }
        egress.finish(&mut outbox);
        let frames = sent(&mut outbox);
        assert!(frames.iter().all(|frame| frame.len() == 640));
        let heard: Vec<i16> = frames
            .concat()
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        assert_eq!(heard[..1_000], said);
        assert!(heard[1_000..].iter().all(|sample| *sample == 0));
        assert_eq!(heard.len(), 1_280);
    }

    #[test]
    fn an_opus_client_gets_packets_of_20_ms() {
        let (mut egress, mut outbox) = (Egress::new(Wire::Opus), Outbox::new());
        for _ in 0..5 {
            egress.pcm(&[1_000; 3 * 480], &mut outbox);
        }
        let packets = sent(&mut outbox);
        assert_eq!(packets.len(), 15);
        let decoder = opus::Decoder::new(SampleRate::Hz48000).unwrap();
        for packet in packets {
            assert_eq!(decoder.packet_samples(&packet).unwrap(), 960);
        }
    }

    #[test]
    fn ringing_reaches_every_format_in_real_time() {
        for wire in [
            Wire::Mulaw,
            Wire::Opus,
            Wire::Pcm(SampleRate::Hz8000),
            Wire::Pcm(SampleRate::Hz48000),
        ] {
            let (mut egress, mut outbox) = (Egress::new(wire), Outbox::new());
            for _ in 0..50 {
                egress.mulaw(Bytes::from_static(&[0x90; 160]), &mut outbox);
            }
            let count = sent(&mut outbox).len();
            assert!((49..=50).contains(&count), "{wire:?}: {count}");
        }
    }
}
