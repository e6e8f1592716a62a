//! Digits pressed on a telephone: gathered, then told as one turn.

use std::time::{Duration, Instant};

/// After this long without another digit they are complete.
const PAUSE: Duration = Duration::from_millis(1_500);
/// More are not gathered at once.
const MAX_DIGITS: usize = 32;

/// Digits on their way.
#[derive(Debug, Default)]
pub(super) struct Digits {
    pressed: String,
    complete_at: Option<Instant>,
}

impl Digits {
    /// A digit was pressed; `#` completes them at once.
    pub(super) fn press(&mut self, digit: char, now: Instant) {
        if digit.is_ascii_digit() || "*#ABCD".contains(digit) {
            if self.pressed.len() < MAX_DIGITS {
                self.pressed.push(digit);
            }
            let wait = if digit == '#' { Duration::ZERO } else { PAUSE };
            self.complete_at = Some(now + wait);
        }
    }

    /// When they are complete.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.complete_at
    }

    /// The turn, if they are complete.
    pub(super) fn take(&mut self, now: Instant) -> Option<String> {
        self.complete_at.take_if(|at| *at <= now)?;
        let digits = std::mem::take(&mut self.pressed);
        let spaced: Vec<_> = digits.chars().map(String::from).collect();
        Some(format!("(I pressed {} on my telephone.)", spaced.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_one_turn() {
        let now = Instant::now();
        let mut digits = Digits::default();
        digits.press('4', now);
        digits.press('2', now + Duration::from_millis(600));
        digits.press('x', now + Duration::from_millis(700));
        assert_eq!(digits.take(now + PAUSE), None);
        let complete_at = now + Duration::from_millis(600) + PAUSE;
        assert_eq!(digits.next_deadline(), Some(complete_at));
        assert_eq!(
            digits.take(complete_at).as_deref(),
            Some("(I pressed 4 2 on my telephone.)")
        );
        assert_eq!(digits.next_deadline(), None);
    }

    #[test]
    fn a_hash_completes_them() {
        let now = Instant::now();
        let mut digits = Digits::default();
        digits.press('1', now);
        digits.press('#', now);
        assert!(digits.take(now).is_some());
    }

    #[test]
    fn they_are_bounded() {
        let now = Instant::now();
        let mut digits = Digits::default();
        for _ in 0..1_000 {
            digits.press('7', now);
        }
        assert_eq!(digits.pressed.len(), MAX_DIGITS);
    }
}
