//! Digits pressed on a telephone: gathered, then told as one turn.

use std::time::{Duration, Instant};

/// After this long without another digit they are complete.
const PAUSE: Duration = Duration::from_millis(1_500);
/// More are not gathered at once.
const MAX_DIGITS: usize = 32;

/// What the turn says around the digits.
const BEFORE: &str = "(I pressed ";
const AFTER: &str = " on my telephone.)";

/// The turn as it may be written down: digits are often numbers of cards, or secrets.
pub(super) fn masked(turn: &str) -> String {
    let digits = turn
        .strip_prefix(BEFORE)
        .and_then(|rest| rest.strip_suffix(AFTER));
    match digits {
        Some(_) => format!("{BEFORE}[digits]{AFTER}"),
        None => turn.to_owned(),
    }
}

/// What the agent asks before it presses keys: their names stand between these words.
const ASKED_BEFORE: &str = "Shall I press ";
const ASKED_AFTER: &str = " on the telephone?";

/// What the agent said, as it may be written down: the keys that it would press are digits, too.
pub(super) fn masked_question(said: &str) -> String {
    let Some((before, rest)) = said.split_once(ASKED_BEFORE) else {
        return said.to_owned();
    };
    // Of a question that was interrupted the rest may be missing.
    let after = match rest.split_once(ASKED_AFTER) {
        Some((_, after)) => format!("{ASKED_AFTER}{after}"),
        None => String::new(),
    };
    format!("{before}{ASKED_BEFORE}[digits]{after}")
}

/// The turn that tells of digits.
pub(super) fn turn(digits: &str) -> String {
    let spaced: Vec<_> = digits.chars().map(String::from).collect();
    format!("{BEFORE}{}{AFTER}", spaced.join(" "))
}

/// Digits on their way.
#[derive(Debug, Default)]
pub(super) struct Digits {
    pressed: String,
    /// Who pressed them: a participant's identity.
    by: String,
    complete_at: Option<Instant>,
}

impl Digits {
    /// A digit was pressed; `#` completes them at once.
    pub(super) fn press(&mut self, identity: &str, digit: char, now: Instant) {
        if digit.is_ascii_digit() || "*#ABCD".contains(digit) {
            if self.by != identity {
                // Digits of two people are no number.
                self.pressed.clear();
                identity.clone_into(&mut self.by);
            }
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

    /// Who pressed which, if they are complete.
    pub(super) fn take(&mut self, now: Instant) -> Option<(String, String)> {
        self.complete_at.take_if(|at| *at <= now)?;
        Some((self.by.clone(), std::mem::take(&mut self.pressed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_one_turn() {
        let now = Instant::now();
        let mut digits = Digits::default();
        digits.press("ann", '4', now);
        digits.press("ann", '2', now + Duration::from_millis(600));
        digits.press("ann", 'x', now + Duration::from_millis(700));
        assert_eq!(digits.take(now + PAUSE), None);
        let complete_at = now + Duration::from_millis(600) + PAUSE;
        assert_eq!(digits.next_deadline(), Some(complete_at));
        assert_eq!(digits.take(complete_at), Some(("ann".into(), "42".into())));
        assert_eq!(digits.next_deadline(), None);
    }

    #[test]
    fn a_hash_completes_them() {
        let now = Instant::now();
        let mut digits = Digits::default();
        digits.press("ann", '1', now);
        digits.press("ann", '#', now);
        assert!(digits.take(now).is_some());
    }

    #[test]
    fn digits_of_two_people_are_no_number() {
        let now = Instant::now();
        let mut digits = Digits::default();
        digits.press("ann", '4', now);
        digits.press("bob", '2', now);
        let (identity, text) = digits.take(now + PAUSE).unwrap();
        assert_eq!((identity.as_str(), text.as_str()), ("bob", "2"));
    }

    #[test]
    fn they_are_not_written_down() {
        assert_eq!(turn("42#"), "(I pressed 4 2 # on my telephone.)");
        assert_eq!(
            masked("(I pressed 4 2 # on my telephone.)"),
            "(I pressed [digits] on my telephone.)"
        );
        assert_eq!(masked("I pressed 4"), "I pressed 4");
    }

    #[test]
    fn what_the_agent_asks_about_keys_is_written_down_without_them() {
        for (said, written) in [
            (
                "Sure. Shall I press 4 0 pound on the telephone?",
                "Sure. Shall I press [digits] on the telephone?",
            ),
            ("Shall I press 4 0", "Shall I press [digits]"),
            ("Shall I send it?", "Shall I send it?"),
        ] {
            assert_eq!(masked_question(said), written);
        }
    }

    #[test]
    fn they_are_bounded() {
        let now = Instant::now();
        let mut digits = Digits::default();
        for _ in 0..1_000 {
            digits.press("ann", '7', now);
        }
        assert_eq!(digits.pressed.len(), MAX_DIGITS);
    }
}
