//! What a speaker said lately, until it has been transcribed.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Rate of all that is heard.
pub(super) const SAMPLE_RATE_HZ: u32 = 16_000;
/// The longest turn: a minute. Of a longer one the beginning is lost.
const MAX_SAMPLES: usize = 60 * SAMPLE_RATE_HZ as usize;
/// Kept before a voice is noticed: a word's soft beginning.
const LEAD: Duration = Duration::from_millis(300);
/// Samples of the lead, with room for what comes before the voice is noticed.
const QUIET_SAMPLES: usize = SAMPLE_RATE_HZ as usize;

/// A ring of samples, each with its place in time.
#[derive(Debug, Default)]
pub(super) struct Recording {
    samples: VecDeque<i16>,
    /// Samples heard since the start.
    end: u64,
    /// When the last of them was heard.
    end_at: Option<Instant>,
    /// A turn is being gathered: nothing of it is forgotten.
    is_wanted: bool,
}

impl Recording {
    /// More was heard, until `at`.
    pub(super) fn push(&mut self, pcm: &[i16], at: Instant) {
        self.samples.extend(pcm);
        self.end += pcm.len() as u64;
        self.end_at = Some(at);
        let keep = if self.is_wanted {
            MAX_SAMPLES
        } else {
            QUIET_SAMPLES
        };
        let excess = self.samples.len().saturating_sub(keep);
        self.samples.drain(..excess);
    }

    /// A voice is heard: keeps all from now on.
    pub(super) fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Nobody asks for it any more.
    pub(super) fn release(&mut self) {
        self.is_wanted = false;
        let excess = self.samples.len().saturating_sub(QUIET_SAMPLES);
        self.samples.drain(..excess);
        self.samples.shrink_to(2 * QUIET_SAMPLES);
    }

    /// When a sample, counted from the start, was heard.
    pub(super) fn time_of(&self, position: u64) -> Option<Instant> {
        let ago = self.end.saturating_sub(position);
        self.end_at?.checked_sub(Duration::from_micros(
            ago * 1_000_000 / u64::from(SAMPLE_RATE_HZ),
        ))
    }

    /// What was heard from a little before `since` until now.
    pub(super) fn since(&self, since: Instant) -> Vec<i16> {
        let Some(end_at) = self.end_at else {
            return Vec::new();
        };
        let time = end_at.saturating_duration_since(since) + LEAD;
        let wanted = time.as_micros() * u128::from(SAMPLE_RATE_HZ) / 1_000_000;
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let skip = self.samples.len().saturating_sub(wanted);
        self.samples.iter().skip(skip).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = SAMPLE_RATE_HZ as usize;

    fn numbered(from: usize, count: usize) -> Vec<i16> {
        (from..from + count).map(|n| (n / 16) as i16).collect()
    }

    #[test]
    fn gives_what_was_said_with_a_little_before() {
        let start = Instant::now();
        let mut recording = Recording::default();
        recording.push(&numbered(0, SECOND), start + Duration::from_secs(1));
        recording.want();
        recording.push(&numbered(SECOND, SECOND), start + Duration::from_secs(2));
        let pcm = recording.since(start + Duration::from_millis(1_500));
        assert_eq!(pcm.len(), SECOND * 800 / 1_000);
        assert_eq!(pcm[0], 1_200, "milliseconds since the start");
        assert_eq!(
            recording.time_of(SECOND as u64),
            Some(start + Duration::from_secs(1))
        );
    }

    #[test]
    fn forgets_in_silence_and_keeps_a_turn_up_to_a_minute() {
        let now = Instant::now();
        let mut recording = Recording::default();
        for _ in 0..10 {
            recording.push(&numbered(0, SECOND), now);
        }
        assert_eq!(recording.samples.len(), SECOND);
        recording.want();
        for _ in 0..70 {
            recording.push(&numbered(0, SECOND), now);
        }
        assert_eq!(recording.samples.len(), 60 * SECOND);
        recording.release();
        assert_eq!(recording.samples.len(), SECOND);
        assert!(recording.samples.capacity() <= 2 * SECOND + 1);
    }
}
