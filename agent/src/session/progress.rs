//! How far an utterance is: what was made of it, what was sent of it.

use casp_conversation::{SpokenClause, heard_text};
use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// A character takes about this long to say, where nothing better is known.
const MS_A_CHARACTER: u32 = 65;

/// Shared by the maker of speech, the mouth and the loop. Nothing in it is held over an await.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Sent so far. Written with every frame, hence no lock.
    played_ms: AtomicU32,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    clauses: Vec<Clause>,
    is_complete: bool,
    first_asked_at: Option<Instant>,
    first_audio_at: Option<Instant>,
}

#[derive(Debug)]
struct Clause {
    text: String,
    samples: u64,
    sample_rate_hz: u32,
    is_complete: bool,
}

impl Clause {
    fn duration_ms(&self) -> u32 {
        let made = self.samples * 1_000 / u64::from(self.sample_rate_hz.max(1));
        let made = u32::try_from(made).unwrap_or(u32::MAX);
        if self.is_complete {
            made
        } else {
            let characters = u32::try_from(self.text.chars().count()).unwrap_or(u32::MAX);
            made.max(characters.saturating_mul(MS_A_CHARACTER))
        }
    }
}

impl Progress {
    pub(super) fn set_played(&self, played: Duration) {
        let ms = u32::try_from(played.as_millis()).unwrap_or(u32::MAX);
        self.played_ms.store(ms, Ordering::Relaxed);
    }

    pub(super) fn played_ms(&self) -> u32 {
        self.played_ms.load(Ordering::Relaxed)
    }

    /// A clause is asked for.
    pub(super) fn asked(&self) {
        self.made().first_asked_at.get_or_insert_with(Instant::now);
    }

    /// The sound of a clause begins.
    pub(super) fn begin_clause(&self, text: &str) {
        self.made().clauses.push(Clause {
            text: text.to_owned(),
            samples: 0,
            sample_rate_hz: 0,
            is_complete: false,
        });
    }

    /// More sound of the clause that was begun last; whether it is the very first.
    pub(super) fn made_audio(&self, samples: usize, sample_rate_hz: u32) -> bool {
        let mut made = self.made();
        let is_first = made.first_audio_at.is_none();
        made.first_audio_at.get_or_insert_with(Instant::now);
        if let Some(clause) = made.clauses.last_mut() {
            clause.samples += samples as u64;
            clause.sample_rate_hz = sample_rate_hz;
        }
        is_first
    }

    pub(super) fn end_clause(&self) {
        if let Some(clause) = self.made().clauses.last_mut() {
            clause.is_complete = true;
        }
    }

    /// No more will be made.
    pub(super) fn complete(&self) {
        self.made().is_complete = true;
    }

    /// From the request of the first clause to its first sound.
    pub(super) fn time_to_first_audio(&self) -> Option<Duration> {
        let made = self.made();
        Some(made.first_audio_at? - made.first_asked_at?)
    }

    /// What is left to say; `None` while that is not known.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let made = self.made();
        if !made.is_complete {
            return None;
        }
        let total: u64 = made
            .clauses
            .iter()
            .map(|clause| u64::from(clause.duration_ms()))
            .sum();
        let left = total.saturating_sub(u64::from(self.played_ms()));
        Some(Duration::from_millis(left))
    }

    /// The words of the first `played_ms`.
    pub(super) fn heard(&self, played_ms: u32) -> String {
        let made = self.made();
        let clauses: Vec<_> = made
            .clauses
            .iter()
            .map(|clause| SpokenClause {
                text: clause.text.clone(),
                duration_ms: clause.duration_ms(),
            })
            .collect();
        heard_text(&clauses, played_ms)
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_was_heard_and_what_is_left() {
        let progress = Progress::default();
        progress.begin_clause("Hello there,");
        progress.made_audio(24_000, 24_000);
        progress.end_clause();
        progress.begin_clause("how are you?");
        progress.made_audio(12_000, 24_000);
        assert_eq!(progress.remaining(), None, "more may come");
        progress.set_played(Duration::from_secs(1));
        assert_eq!(progress.heard(progress.played_ms()), "Hello there,");
        progress.end_clause();
        progress.complete();
        assert_eq!(progress.remaining(), Some(Duration::from_millis(500)));
        assert_eq!(progress.heard(1_500), "Hello there, how are you?");
        assert_eq!(progress.heard(0), "");
    }
}
