//! The far end of the stream as Twilio has it: a buffer that is played in real time, and the ear at its end.
//!
//! Sans-IO: times are since the start of the call, and are handed in.

use anyhow::Context as _;
use casp_audio::pcmu;
use std::{collections::VecDeque, path::Path, time::Duration};

const SAMPLE_RATE_HZ: u32 = 8_000;
/// Samples of a stretch that is judged as a whole: 20 ms.
const STRETCH: usize = 160;
/// Mean magnitude (of 32,767) from which a stretch is audible: about −45 dB.
const AUDIBLE: u32 = 180;

/// See the module's description.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// Everything played or about to be, one sample after the other from the start of the call.
    played: Vec<i16>,
    marks: VecDeque<(usize, String)>,
}

impl Ear {
    /// Audio arrives: it is played when what is before it has been played.
    pub(super) fn media(&mut self, mulaw: &[u8], now: Duration) {
        let start = samples(now).max(self.played.len());
        self.played.resize(start, 0);
        self.played
            .extend(mulaw.iter().map(|code| pcmu::decode_sample(*code)));
    }

    /// A mark arrives: it comes back when what is before it has been played.
    pub(super) fn mark(&mut self, name: String) {
        self.marks.push_back((self.played.len(), name));
    }

    /// The buffer is emptied, and its marks come back at once.
    pub(super) fn clear(&mut self, now: Duration) {
        self.played.truncate(samples(now));
        for (at, _) in &mut self.marks {
            *at = (*at).min(samples(now));
        }
    }

    /// The next mark that has been reached.
    pub(super) fn reached(&mut self, now: Duration) -> Option<String> {
        let is_reached = self
            .marks
            .front()
            .is_some_and(|(at, _)| *at <= samples(now));
        is_reached
            .then(|| self.marks.pop_front())
            .flatten()
            .map(|(_, name)| name)
    }

    /// When something audible begins to be played, from `since` to `now`.
    pub(super) fn first_audible(&self, since: Duration, now: Duration) -> Option<Duration> {
        self.stretches(since, now)
            .find(|(_, is_audible)| *is_audible)
            .map(|(at, _)| at)
    }

    /// When the last audible stretch from `since` to `now` ends.
    pub(super) fn last_audible(&self, since: Duration, now: Duration) -> Option<Duration> {
        let last = self
            .stretches(since, now)
            .filter(|(_, is_audible)| *is_audible)
            .last();
        last.map(|(at, _)| at + Duration::from_millis(20))
    }

    /// How much audible was played from `since` to `now`.
    pub(super) fn audible(&self, since: Duration, now: Duration) -> Duration {
        Duration::from_millis(20)
            * self
                .stretches(since, now)
                .filter(|(_, is_audible)| *is_audible)
                .count() as u32
    }

    fn stretches(&self, since: Duration, now: Duration) -> impl Iterator<Item = (Duration, bool)> {
        let start = samples(since).min(self.played.len());
        let end = samples(now).clamp(start, self.played.len());
        self.played[start..end]
            .chunks_exact(STRETCH)
            .enumerate()
            .map(move |(index, stretch)| {
                let sum: u32 = stretch
                    .iter()
                    .map(|sample| u32::from(sample.unsigned_abs()))
                    .sum();
                (
                    time(start + index * STRETCH),
                    sum > AUDIBLE * STRETCH as u32,
                )
            })
    }

    /// Writes what was heard.
    pub(super) fn write_wav(&self, path: &Path) -> anyhow::Result<()> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE_HZ,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let write = || -> Result<(), hound::Error> {
            let mut writer = hound::WavWriter::create(path, spec)?;
            for sample in &self.played {
                writer.write_sample(*sample)?;
            }
            writer.finalize()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

fn samples(at: Duration) -> usize {
    (at.as_micros() * u128::from(SAMPLE_RATE_HZ) / 1_000_000) as usize
}

fn time(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / u64::from(SAMPLE_RATE_HZ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: [u8; 160] = [0x90; 160];
    const QUIET: [u8; 160] = [0xFF; 160];

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_is_played_in_real_time() {
        let mut ear = Ear::default();
        for _ in 0..50 {
            ear.media(&LOUD, ms(100));
        }
        ear.mark("end".into());
        assert_eq!(ear.first_audible(ms(0), ms(500)), Some(ms(100)));
        assert_eq!(ear.audible(ms(0), ms(600)), ms(500));
        assert_eq!(ear.reached(ms(1_099)), None);
        assert_eq!(ear.reached(ms(1_100)).as_deref(), Some("end"));
        assert_eq!(ear.last_audible(ms(0), ms(5_000)), Some(ms(1_100)));
    }

    #[test]
    fn a_clear_silences_and_returns_marks_at_once() {
        let mut ear = Ear::default();
        for _ in 0..50 {
            ear.media(&LOUD, ms(0));
        }
        ear.mark("end".into());
        ear.clear(ms(300));
        assert_eq!(ear.reached(ms(300)).as_deref(), Some("end"));
        assert_eq!(ear.last_audible(ms(0), ms(2_000)), Some(ms(300)));
        ear.media(&LOUD, ms(400));
        assert_eq!(ear.first_audible(ms(300), ms(1_000)), Some(ms(400)));
    }

    #[test]
    fn silence_is_not_audible() {
        let mut ear = Ear::default();
        ear.media(&QUIET, ms(0));
        ear.media(&LOUD, ms(0));
        assert_eq!(ear.first_audible(ms(0), ms(100)), Some(ms(20)));
        assert_eq!(ear.first_audible(ms(40), ms(100)), None);
    }
}
