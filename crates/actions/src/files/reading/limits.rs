//! How far a file is read.

use std::time::{Duration, Instant};

/// The longest text that is passed on, in characters: a summary needs no more, and models read it at a price.
pub(super) const LONGEST_TEXT: usize = 24_000;
/// As much text is taken from a file, in bytes, before it is tidied and cut.
const ENOUGH: usize = 4 * LONGEST_TEXT;

/// The bounds of one reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    deadline: Instant,
}

impl Limits {
    /// From now on.
    pub(super) fn within(patience: Duration) -> Self {
        Self {
            deadline: Instant::now() + patience,
        }
    }

    /// Whether time is up.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether nothing more is read: there is enough, or time is up.
    pub(super) fn is_enough(&self, length: usize) -> bool {
        length >= ENOUGH || self.is_late()
    }
}
