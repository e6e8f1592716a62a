//! What a caller hears, on the playback time line.

use crate::clock::between;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until, timeout};

/// Samples beyond this are audible.
const LOUD: u16 = 500;
/// Silence shorter than this between two loud samples is part of the sound.
const SMALLEST_GAP: Duration = Duration::from_millis(10);

/// Hears what is fed to it; the script waits for what it hears.
#[derive(Debug, Default)]
pub struct Ear {
    state: Mutex<Heard>,
    changed: Notify,
}

/// What was heard since the last reset.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard {
    /// Start of the first audible sample.
    pub first: Option<Instant>,
    /// End of the last audible sample (not forgotten by a reset).
    pub until: Option<Instant>,
    /// Silence between audible samples.
    pub gaps: Duration,
    /// The longest of it.
    pub longest_gap: Duration,
}

impl Ear {
    /// Forgets what was heard, but not when it ended.
    pub fn reset(&self) {
        self.change(|heard| {
            *heard = Heard {
                until: heard.until,
                ..Heard::default()
            }
        });
    }

    /// What was heard since the last reset.
    pub fn heard(&self) -> Heard {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `pcm` starts to play at `start`, which may lie in the future.
    pub fn feed(&self, start: Instant, pcm: &[i16], sample_rate_hz: u32) {
        let at = |n: usize| start + Duration::from_secs_f64(n as f64 / f64::from(sample_rate_hz));
        let mut loud = pcm
            .iter()
            .enumerate()
            .filter(|(_, sample)| sample.unsigned_abs() > LOUD);
        let Some((first, _)) = loud.next() else {
            return;
        };
        self.change(|heard| {
            if heard.first.is_none() {
                heard.first = Some(at(first));
                heard.until = Some(at(first).max(heard.until.unwrap_or(start)));
            }
            heard.sound(at(first), at(first + 1));
            for (n, _) in loud {
                heard.sound(at(n), at(n + 1));
            }
        });
    }

    /// What would have played after `at` was thrown away.
    pub fn cut(&self, at: Instant) {
        self.change(|heard| {
            heard.until = heard.until.map(|until| until.min(at));
            heard.first = heard.first.filter(|&first| first <= at);
        });
    }

    /// Waits until something is audible, and returns when that began; `None` after `limit`.
    pub async fn first_sound(&self, limit: Duration) -> Option<Instant> {
        let heard = timeout(limit, async {
            loop {
                let changed = self.changed.notified();
                if let Some(first) = self.heard().first {
                    return first;
                }
                changed.await;
            }
        });
        let mut first = heard.await.ok()?;
        // It may be in the playback buffer still, and be thrown away there.
        while first > Instant::now() {
            sleep_until(first.into()).await;
            first = self.heard().first?;
        }
        Some(first)
    }

    /// Waits until `gap` has been silent, and returns when that began; `None` after `limit`.
    pub async fn silence(&self, gap: Duration, limit: Duration) -> Option<Instant> {
        let began = Instant::now();
        let end = began + limit;
        while Instant::now() < end {
            let until = self
                .heard()
                .until
                .unwrap_or_else(|| began.checked_sub(gap).unwrap_or(began));
            let left = between(Instant::now(), until + gap);
            if left <= 0.0 {
                return Some(until);
            }
            sleep(Duration::from_secs_f64(left.clamp(0.005, 0.1))).await;
        }
        None
    }

    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_waiters();
    }
}

impl Heard {
    /// An audible sample plays.
    fn sound(&mut self, from: Instant, until: Instant) {
        if let Some(before) = self.until {
            let gap = from.saturating_duration_since(before);
            if gap >= SMALLEST_GAP {
                self.gaps += gap;
                self.longest_gap = self.longest_gap.max(gap);
            }
        }
        self.until = self.until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONE: [i16; 160] = [1_000; 160];

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn sound_begins_and_ends_with_its_loud_samples() {
        let (ear, start) = (Ear::default(), Instant::now());
        let mut pcm = [0; 160];
        ear.feed(start, &pcm, 8_000);
        assert!(ear.heard().first.is_none());
        pcm[40..80].fill(501);
        ear.feed(start, &pcm, 8_000);
        let heard = ear.heard();
        assert_eq!(
            (heard.first, heard.until),
            (Some(start + ms(5)), Some(start + ms(10)))
        );
    }

    #[test]
    fn only_silence_inside_speech_is_a_gap() {
        let (ear, start) = (Ear::default(), Instant::now());
        ear.feed(start, &TONE, 8_000);
        ear.reset();
        // A second of silence before the next answer is none.
        ear.feed(start + ms(1_000), &TONE, 8_000);
        ear.feed(start + ms(1_020), &TONE, 8_000);
        assert_eq!(ear.heard().gaps, ms(0));
        ear.feed(start + ms(1_070), &TONE, 8_000);
        ear.feed(start + ms(1_095), &TONE, 8_000);
        let heard = ear.heard();
        assert_eq!(
            (heard.gaps, heard.longest_gap),
            (ms(30), ms(30)),
            "5 ms is too short"
        );
    }

    #[test]
    fn what_is_thrown_away_was_not_heard() {
        let (ear, start) = (Ear::default(), Instant::now());
        ear.feed(start + ms(100), &TONE, 8_000);
        ear.cut(start + ms(110));
        let heard = ear.heard();
        assert_eq!(
            (heard.first, heard.until),
            (Some(start + ms(100)), Some(start + ms(110)))
        );
        ear.cut(start + ms(50));
        assert!(ear.heard().first.is_none());
    }
}
