//! μ-law to 16 kHz.

use super::OUTPUT_HZ;
use super::concealment::Gap;
use crate::resample::Resampler;
use crate::{Result, pcmu};
use std::collections::VecDeque;

/// What is repeated in a gap fades to nothing within 60 ms (samples at 8 kHz).
const FADE_SAMPLES: f32 = 480.0;

/// Decodes and upsamples. μ-law has no redundancy, so a gap is filled with the last packet, fading.
#[derive(Debug)]
pub(super) struct PcmuStream {
    upsampler: Resampler,
    /// The latest packet at 8 kHz.
    packet: Vec<i16>,
    /// A gap at 8 kHz, while it is made.
    gap: Vec<i16>,
    /// What the filter gave last.
    upsampled: Vec<i16>,
    /// The same, waiting to be given out.
    ready: VecDeque<i16>,
}

impl PcmuStream {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            upsampler: Resampler::new(8_000, OUTPUT_HZ)?,
            packet: Vec::new(),
            gap: Vec::new(),
            upsampled: Vec::new(),
            ready: VecDeque::new(),
        })
    }

    /// Appends two samples for each code.
    pub(super) fn decode(&mut self, codes: &[u8], out: &mut Vec<i16>) {
        self.packet.clear();
        self.packet
            .extend(codes.iter().map(|&code| pcmu::decode_sample(code)));
        self.upsampled.clear();
        self.upsampler.process(&self.packet, &mut self.upsampled);
        self.give(codes.len() * 2, out);
    }

    /// Appends what stands for lost packets.
    pub(super) fn conceal(&mut self, gap: &Gap, out: &mut Vec<i16>) {
        if gap.samples() == 0 {
            return;
        }
        self.gap.clear();
        let repeated = self.packet.iter().cycle().take(gap.concealed() / 2);
        self.gap.extend(repeated.enumerate().map(|(n, &sample)| {
            (f32::from(sample) * (1.0 - n as f32 / FADE_SAMPLES).max(0.0)) as i16
        }));
        self.gap.resize(gap.samples() / 2, 0);
        self.upsampled.clear();
        self.upsampler.process(&self.gap, &mut self.upsampled);
        self.give(gap.samples(), out);
    }

    /// Appends `needed` samples of what is upsampled. The filter holds some back, so a little silence
    /// comes first: at the start, and again only if packets come in sizes that it holds more of.
    fn give(&mut self, needed: usize, out: &mut Vec<i16>) {
        self.ready.extend(&self.upsampled);
        let missing = needed.saturating_sub(self.ready.len());
        out.resize(out.len() + missing, 0);
        out.extend(self.ready.drain(..needed - missing));
    }
}
