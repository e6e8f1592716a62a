//! When the agent says its first word, and which.
//!
//! Not before somebody can hear it: LiveKit's server tells a publisher when the first subscriber's connection carries
//! the track (`TrackSubscribed`). Whoever is there and subscribes to nothing is greeted a little later all the same.

use super::conversation::Conversation;
use crate::turn::Saying;
use casp_conversation::{PastTurn, TurnRole, apology::Apology};
use std::time::{Duration, Instant};

/// How long somebody who is there is waited for to hear us.
const HEARING: Duration = Duration::from_secs(1);

/// Whether the conversation has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// Nobody is there.
    Closed,
    /// Nobody is there yet, but somebody hears us already.
    Heard,
    /// Somebody is there; it opens then at the latest.
    Opening { at: Instant },
    /// It has.
    Open,
}

impl Door {
    /// When the first word is due, if nothing else comes.
    pub(super) fn opens_at(self) -> Option<Instant> {
        match self {
            Self::Opening { at } => Some(at),
            Self::Closed | Self::Heard | Self::Open => None,
        }
    }

    pub(super) fn is_open(self) -> bool {
        self == Self::Open
    }

    /// Somebody is there.
    fn somebody_came(self, now: Instant) -> Self {
        match self {
            Self::Closed => Self::Opening { at: now + HEARING },
            Self::Heard => Self::Opening { at: now },
            Self::Opening { .. } | Self::Open => self,
        }
    }

    /// Somebody hears our track.
    fn was_heard(self, now: Instant) -> Self {
        match self {
            Self::Closed | Self::Heard => Self::Heard,
            Self::Opening { .. } => Self::Opening { at: now },
            Self::Open => self,
        }
    }
}

impl Conversation {
    /// Opens as soon as somebody who is there hears us.
    pub(super) fn expect_hearers(&mut self, now: Instant) {
        if self.people.is_anybody_there() {
            self.door = self.door.somebody_came(now);
        }
    }

    /// Somebody hears us.
    pub(super) fn is_heard(&mut self, now: Instant) {
        self.door = self.door.was_heard(now);
        self.expect_hearers(now);
    }

    pub(super) fn open(&mut self, now: Instant) {
        self.door = Door::Open;
        let opening = self.opening.as_ref().filter(|_| !self.is_spent_up);
        let opening = opening.map(|(text, _)| Saying::Opening(text.clone()));
        let actions = self.machine.open(opening, now);
        self.act(actions);
        self.opening = None;
        self.say_that_all_is_spent(now);
        self.tell_who_can_speak(now);
    }
}

/// What the agent begins with: a greeting, or, where a successor takes over in mid-sentence, an apology.
pub(super) fn words(greeting: &str, language: &str, past: &[PastTurn]) -> Option<String> {
    match past.last() {
        None if greeting.trim().is_empty() => None,
        None => Some(greeting.to_owned()),
        Some(last) if last.role == TurnRole::Assistant => None,
        Some(_) => Some(Apology::Resumed.text(language).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_waits_for_somebody_who_hears_it() {
        let now = Instant::now();
        let door = Door::Closed.somebody_came(now);
        assert_eq!(door.opens_at(), Some(now + HEARING), "at the latest");
        assert_eq!(
            door.somebody_came(now + HEARING),
            door,
            "the second changes nothing"
        );
        let soon = now + Duration::from_millis(40);
        assert_eq!(door.was_heard(soon).opens_at(), Some(soon));
        assert_eq!(
            Door::Closed.was_heard(now).opens_at(),
            None,
            "but nobody is there"
        );
        assert_eq!(Door::Heard.somebody_came(soon).opens_at(), Some(soon));
        assert_eq!(Door::Open.was_heard(now), Door::Open);
    }

    fn turn(role: TurnRole) -> PastTurn {
        PastTurn {
            role,
            text: "…".into(),
        }
    }

    #[test]
    fn a_successor_does_not_greet_again() {
        assert_eq!(words("Hello!", "en", &[]).as_deref(), Some("Hello!"));
        assert_eq!(words(" ", "en", &[]), None);
        let past = [turn(TurnRole::Assistant)];
        assert_eq!(words("Hello!", "en", &past), None);
        let past = [turn(TurnRole::Assistant), turn(TurnRole::User)];
        assert!(words("Hello!", "en", &past).unwrap().contains("sorry"));
    }
}
