//! What the agent says, for the echo cancellers of those it hears: at 16 kHz, in whole frames of 10 ms.

use super::recording::SAMPLE_RATE_HZ;
use casp_audio::{AudioError, cleanup::FRAME_SAMPLES, resample::Resampler};
use std::sync::Arc;
use tokio::sync::broadcast;

/// A little over a second of frames. An ear that hears nothing for so long misses the older ones: what was said
/// then echoes no more.
const PIECES: usize = 64;

/// Where ears take the reference from.
pub(super) type ReferenceTap = broadcast::Sender<Arc<[i16]>>;
/// The reference as an ear takes it.
pub(super) type ReferenceEar = broadcast::Receiver<Arc<[i16]>>;

/// A tap that nobody feeds yet.
pub(super) fn tap() -> ReferenceTap {
    broadcast::Sender::new(PIECES)
}

/// The mouth's end: takes what is sent at the track's rate.
#[derive(Debug)]
pub(super) struct ReferenceFeed {
    tap: ReferenceTap,
    resampler: Option<Resampler>,
    /// At 16 kHz, less than a frame between calls.
    pending: Vec<i16>,
}

impl ReferenceFeed {
    pub(super) fn new(tap: ReferenceTap) -> Self {
        Self {
            tap,
            resampler: None,
            pending: Vec::new(),
        }
    }

    /// The agent sends these samples now.
    ///
    /// # Errors
    /// `SampleRate` for a rate that cannot be converted.
    pub(super) fn spoke(&mut self, pcm: &[i16], sample_rate_hz: u32) -> Result<(), AudioError> {
        if sample_rate_hz == SAMPLE_RATE_HZ {
            self.pending.extend_from_slice(pcm);
        } else {
            let resampler = match &mut self.resampler {
                Some(resampler) if resampler.from_hz() == sample_rate_hz => resampler,
                other => other.insert(Resampler::new(sample_rate_hz, SAMPLE_RATE_HZ)?),
            };
            resampler.process(pcm, &mut self.pending);
        }
        let whole = self.pending.len() / FRAME_SAMPLES * FRAME_SAMPLES;
        if whole > 0 {
            // Nobody may be listening; then it is for nobody.
            let _ = self.tap.send(self.pending[..whole].into());
            self.pending.drain(..whole);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_comes_out_at_16_khz_in_whole_frames() {
        for sample_rate_hz in [8_000, 16_000, 24_000] {
            let tap = tap();
            let mut ear = tap.subscribe();
            let mut feed = ReferenceFeed::new(tap);
            let frame = vec![1_000; sample_rate_hz as usize / 50];
            for _ in 0..50 {
                feed.spoke(&frame, sample_rate_hz).unwrap();
            }
            let mut samples = 0;
            while let Ok(piece) = ear.try_recv() {
                assert!(piece.len().is_multiple_of(FRAME_SAMPLES));
                samples += piece.len();
            }
            // All of the second but what the converter and the last part of a frame hold back.
            assert!(
                (15_500..=16_000).contains(&samples),
                "{sample_rate_hz}: {samples}"
            );
        }
    }
}
