//! Clauses: an answer cut, as it comes, where a voice may begin to speak.

mod boundary;
mod speakable;

#[cfg(test)]
mod tests;

pub use speakable::speakable;

use boundary::{Pace, next_cut};

/// Cuts the text of an answer into clauses while it streams in. The first comes as early as it sounds natural, later
/// ones are whole sentences; markup and emoji are taken off.
#[derive(Debug, Default)]
pub struct ClauseSplitter {
    pending: String,
    has_spoken: bool,
}

impl ClauseSplitter {
    /// For one answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more text and gives the clauses that are complete with it.
    pub fn push(&mut self, text: &str) -> Vec<String> {
        self.pending.push_str(text);
        let mut clauses = Vec::new();
        loop {
            let pace = if self.has_spoken {
                Pace::Sentences
            } else {
                Pace::Early
            };
            let Some(cut) = next_cut(&self.pending, pace) else {
                return clauses;
            };
            let rest = self.pending.split_off(cut);
            let piece = std::mem::replace(&mut self.pending, rest);
            clauses.extend(self.clause(&piece));
        }
    }

    /// The answer, or its part before a pause, is over: what is left. The next clause may be early again.
    pub fn finish(&mut self) -> Vec<String> {
        let piece = std::mem::take(&mut self.pending);
        let rest = self.clause(&piece);
        self.has_spoken = false;
        rest.into_iter().collect()
    }

    fn clause(&mut self, piece: &str) -> Option<String> {
        let clause = speakable(piece);
        // A lone mark is nothing to say.
        let is_spoken = clause.chars().any(char::is_alphanumeric);
        self.has_spoken |= is_spoken;
        is_spoken.then_some(clause)
    }
}
