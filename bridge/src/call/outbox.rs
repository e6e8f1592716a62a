//! What waits to be written to the socket. When the far side does not read, the oldest audio goes: a caller who
//! comes back wants to hear now, not four seconds ago.

use bytes::Bytes;
use casp_twilio::media_streams::Fault;
use std::collections::VecDeque;

/// At most so much audio waits (4 s of 20 ms).
const AUDIO_CAPACITY: usize = 200;
/// At most so many other messages wait; beyond, further ones are dropped.
const OTHER_CAPACITY: usize = 200;

/// A message to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// Audio in the stream's own format.
    Media(Bytes),
    /// A playback mark.
    Mark(String),
    /// Empty the far buffer.
    Clear,
    /// A message that is written already.
    Text(String),
    /// An answer to a bad message.
    Error(Fault),
    /// Is the far side there?
    Ping,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<Outgoing>,
    audio: usize,
    dropped: u64,
}

impl Outbox {
    /// Empty.
    pub(crate) fn new() -> Self {
        Self {
            queue: VecDeque::with_capacity(16),
            audio: 0,
            dropped: 0,
        }
    }

    /// Appends audio; the oldest gives way.
    pub(crate) fn media(&mut self, payload: Bytes) {
        if self.audio == AUDIO_CAPACITY {
            let oldest = self
                .queue
                .iter()
                .position(|item| matches!(item, Outgoing::Media(_)));
            if let Some(oldest) = oldest {
                self.queue.remove(oldest);
                self.audio -= 1;
                self.dropped += 1;
            }
        }
        self.audio += 1;
        self.queue.push_back(Outgoing::Media(payload));
    }

    /// Appends anything else, if there is room.
    pub(crate) fn other(&mut self, item: Outgoing) {
        if self.queue.len() - self.audio < OTHER_CAPACITY {
            self.queue.push_back(item);
        } else {
            self.dropped += 1;
        }
    }

    /// Drops waiting audio and marks, and says so to the far side.
    pub(crate) fn clear(&mut self) {
        self.queue
            .retain(|item| !matches!(item, Outgoing::Media(_) | Outgoing::Mark(_)));
        self.audio = 0;
        self.other(Outgoing::Clear);
    }

    /// The next message.
    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        let item = self.queue.pop_front()?;
        if matches!(item, Outgoing::Media(_)) {
            self.audio -= 1;
        }
        Some(item)
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Messages dropped since the last time this was asked.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(number: u8) -> Bytes {
        Bytes::from(vec![number])
    }

    #[test]
    fn four_seconds_wait_and_the_oldest_goes() {
        let mut outbox = Outbox::new();
        for number in 0..210 {
            outbox.media(media(number));
            if number == 0 {
                outbox.other(Outgoing::Mark("m".into()));
            }
        }
        assert_eq!(outbox.take_dropped(), 10);
        assert_eq!(
            outbox.pop(),
            Some(Outgoing::Mark("m".into())),
            "marks stay, so that they come back"
        );
        assert_eq!(outbox.pop(), Some(Outgoing::Media(media(10))));
        assert_eq!(std::iter::from_fn(|| outbox.pop()).count(), 199);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_clear_takes_audio_and_marks_along() {
        let mut outbox = Outbox::new();
        outbox.media(media(1));
        outbox.other(Outgoing::Mark("m".into()));
        outbox.other(Outgoing::Text("t".into()));
        outbox.clear();
        outbox.media(media(2));
        let left: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        assert_eq!(
            left,
            [
                Outgoing::Text("t".into()),
                Outgoing::Clear,
                Outgoing::Media(media(2))
            ]
        );
    }

    #[test]
    fn other_messages_are_bounded_too() {
        let mut outbox = Outbox::new();
        for _ in 0..1_000 {
            outbox.other(Outgoing::Text("error".into()));
        }
        assert_eq!(outbox.take_dropped(), 800);
    }
}
