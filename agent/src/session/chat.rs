//! Typed turns, and how many of them are taken.

use super::inbox::Report;
use casp_room::TextReader;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// LiveKit's topic of chat messages.
pub(super) const TOPIC: &str = "lk.chat";
/// Longest typed turn.
pub(super) const MAX_BYTES: usize = 16 * 1_024;
/// A message that takes longer is not a message.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Each typed turn starts the model; so many a while are enough for people.
const MAX_TURNS: usize = 10;
const WHILE: Duration = Duration::from_secs(10);

/// Bounds the typed turns of a conversation.
#[derive(Debug, Default)]
pub(super) struct Pace {
    taken: VecDeque<Instant>,
}

impl Pace {
    /// Whether another turn is taken now.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        self.taken
            .retain(|at| now.saturating_duration_since(*at) < WHILE);
        let is_admitted = self.taken.len() < MAX_TURNS;
        if is_admitted {
            self.taken.push_back(now);
        }
        is_admitted
    }
}

/// Reads a message and reports it.
pub(super) async fn read(reader: TextReader, reports: mpsc::Sender<Report>) {
    let identity = reader.participant().to_owned();
    let read = tokio::time::timeout(TIMEOUT, reader.read_all(MAX_BYTES)).await;
    if let Ok(Ok(text)) = read
        && !text.trim().is_empty()
    {
        // Without a loop there is nobody to answer.
        let _ = reports.send(Report::Typed { identity, text }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_what_people_type() {
        let now = Instant::now();
        let mut pace = Pace::default();
        assert_eq!((0..100).filter(|_| pace.admits(now)).count(), MAX_TURNS);
        assert!(pace.admits(now + WHILE));
    }
}
