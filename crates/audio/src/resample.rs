//! Streaming conversion between sample rates, mono.
//!
//! A windowed-sinc filter of `rubato`, at the exact phases that the two rates need (its `Nearest`
//! mode with an oversampling of `to / gcd`), so that no interpolation error is added. Filters are
//! 64 taps at the lower of the two rates: 4 ms of delay at 8 kHz and below 3 ms from 16 kHz up,
//! stop band below −70 dB. The delay is taken off the start and made up for by [`Resampler::finish`].
//!
//! Opus takes and gives 8, 12, 16, 24 and 48 kHz by itself; this is for text-to-speech on its way to
//! μ-law (24 or 16 → 8 kHz), telephone audio on its way to voice detection (8 → 16 kHz), and
//! providers with 22.05 or 44.1 kHz.

use crate::{AudioError, Result};
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

/// Rates that can be converted from and to, in Hz.
pub const RATES_HZ: [u32; 7] = [8_000, 12_000, 16_000, 22_050, 24_000, 44_100, 48_000];

/// Taps of the filter at the lower of the two rates.
const TAPS: usize = 64;
/// Input is filtered in pieces of 1/200 s.
const CHUNKS_A_SECOND: u32 = 200;

/// Converts one stream of utterances from one rate to another.
pub struct Resampler {
    from_hz: u32,
    to_hz: u32,
    /// None when both rates are the same.
    filter: Option<Filter>,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler")
            .field("from_hz", &self.from_hz)
            .field("to_hz", &self.to_hz)
            .finish_non_exhaustive()
    }
}

impl Resampler {
    /// A converter with no history.
    ///
    /// # Errors
    /// `SampleRate` for a rate that is not in [`RATES_HZ`].
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self> {
        for hz in [from_hz, to_hz] {
            if !RATES_HZ.contains(&hz) {
                return Err(AudioError::SampleRate(hz));
            }
        }
        let filter = if from_hz == to_hz {
            None
        } else {
            Some(Filter::new(from_hz, to_hz)?)
        };
        Ok(Self {
            from_hz,
            to_hz,
            filter,
        })
    }

    /// Rate of the input.
    pub fn from_hz(&self) -> u32 {
        self.from_hz
    }

    /// Rate of the output.
    pub fn to_hz(&self) -> u32 {
        self.to_hz
    }

    /// Converts `input`, any number of samples, and appends to `out` what is ready: all but at most
    /// the last 9 ms.
    pub fn process(&mut self, input: &[i16], out: &mut Vec<i16>) {
        match &mut self.filter {
            Some(filter) => filter.process(input, out),
            None => out.extend_from_slice(input),
        }
    }

    /// Ends an utterance: appends what is still inside, so that `round(input × to / from)` samples
    /// have come out in all, and forgets the history.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        if let Some(filter) = &mut self.filter {
            filter.finish(out);
        }
    }
}

struct Filter {
    sinc: Async<f32>,
    from_hz: u32,
    to_hz: u32,
    /// Input not yet filtered; always shorter than a chunk between calls.
    pending: Vec<f32>,
    chunk: usize,
    filtered: Vec<f32>,
    /// Of the filter, in samples of output.
    delay: usize,
    /// What of it is still to be thrown away at the start.
    to_skip: usize,
    /// Samples of this utterance.
    taken: u64,
    given: u64,
}

impl Filter {
    fn new(from_hz: u32, to_hz: u32) -> Result<Self> {
        let lower_hz = from_hz.min(to_hz);
        let taps = (TAPS * from_hz as usize)
            .div_ceil(lower_hz as usize)
            .next_multiple_of(8);
        let oversampling = to_hz / gcd(from_hz, to_hz);
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::Blackman)
            .oversampling_factor(oversampling as usize)
            .interpolation(SincInterpolationType::Nearest);
        let chunk = (from_hz / CHUNKS_A_SECOND) as usize;
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        let sinc = Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input)
            .map_err(|_| AudioError::SampleRate(to_hz))?;
        // The first output lies one step of output after half a filter, less one phase, before the
        // first input.
        let delay = (taps as f64 / 2.0 - 1.0 / f64::from(oversampling)) * ratio - 1.0;
        let delay = delay.round() as usize;
        Ok(Self {
            pending: Vec::with_capacity(chunk),
            filtered: vec![0.0; sinc.output_frames_max()],
            delay,
            to_skip: delay,
            chunk,
            from_hz,
            to_hz,
            taken: 0,
            given: 0,
            sinc,
        })
    }

    fn process(&mut self, input: &[i16], out: &mut Vec<i16>) {
        self.taken += input.len() as u64;
        let mut rest = input;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.chunk - self.pending.len()));
            self.pending
                .extend(now.iter().map(|&sample| f32::from(sample)));
            rest = later;
            if self.pending.len() == self.chunk {
                self.filter_pending(out, u64::MAX);
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<i16>) {
        let (from, to) = (u64::from(self.from_hz), u64::from(self.to_hz));
        let expected = (self.taken * to + from / 2) / from;
        // The delay is half the filter: with what is pending, this many chunks bring it all out.
        for _ in 0..self.delay / self.chunk + 4 {
            if self.given < expected {
                self.filter_pending(out, expected);
            }
        }
        self.sinc.reset();
        self.pending.clear();
        self.to_skip = self.delay;
        (self.taken, self.given) = (0, 0);
    }

    /// Filters a chunk, filled up with silence if need be; gives at most `limit` samples in all.
    fn filter_pending(&mut self, out: &mut Vec<i16>, limit: u64) {
        self.pending.resize(self.chunk, 0.0);
        let capacity = self.filtered.len();
        let produced = SequentialSlice::new(&self.pending, 1, self.chunk)
            .ok()
            .zip(SequentialSlice::new_mut(&mut self.filtered, 1, capacity).ok())
            .and_then(|(from, mut to)| {
                self.sinc
                    .process_into_buffer(&from, &mut to, None::<&Indexing>)
                    .ok()
            })
            // Both buffers are of the sizes that the filter asked for, so this is always Some.
            .map_or(0, |(_, produced)| produced);
        self.pending.clear();
        let skipped = self.to_skip.min(produced);
        self.to_skip -= skipped;
        let room = usize::try_from(limit - self.given).unwrap_or(usize::MAX);
        let ready = &self.filtered[skipped..produced];
        let ready = &ready[..ready.len().min(room)];
        self.given += ready.len() as u64;
        // `as` saturates: a peak above full scale clips.
        out.extend(ready.iter().map(|&sample| sample.round_ties_even() as i16));
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
