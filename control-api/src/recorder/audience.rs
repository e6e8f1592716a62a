//! Who is in the room, and who of them has heard that it is recorded. Sans-IO.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Whoever came is waited for so long to hear us before the announcement begins.
const HEARING: Duration = Duration::from_secs(1);
/// A recorder that is alone for so long leaves: a page that is loaded anew is back by then.
const DESERTED: Duration = Duration::from_secs(20);

/// What somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    No,
    /// The announcement is being heard.
    Now,
    Yes,
}

/// The people of a room; agents and recorders are none.
#[derive(Debug)]
pub(super) struct Audience {
    people: HashMap<String, Told>,
    /// When the announcement is due.
    due_at: Option<Instant>,
    alone_since: Option<Instant>,
}

impl Audience {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            people: HashMap::new(),
            due_at: None,
            alone_since: Some(now),
        }
    }

    pub(super) fn came(&mut self, identity: &str, now: Instant) {
        if is_person(identity) && !self.people.contains_key(identity) {
            self.people.insert(identity.to_owned(), Told::No);
            self.due_at.get_or_insert(now + HEARING);
            self.alone_since = None;
        }
    }

    pub(super) fn left(&mut self, identity: &str, now: Instant) {
        self.people.remove(identity);
        if self.people.is_empty() {
            self.alone_since.get_or_insert(now);
        }
    }

    /// Whether everybody who could speak has been gone for long.
    pub(super) fn is_deserted(&self, now: Instant) -> bool {
        self.alone_since
            .is_some_and(|since| now.saturating_duration_since(since) >= DESERTED)
    }

    /// Whether the announcement begins now: somebody has not heard it.
    pub(super) fn begins_to_hear(&mut self, now: Instant) -> bool {
        if self.due_at.is_none_or(|at| now < at) {
            return false;
        }
        self.due_at = None;
        for told in self.people.values_mut() {
            if *told == Told::No {
                *told = Told::Now;
            }
        }
        self.people.values().any(|told| *told == Told::Now)
    }

    /// The announcement is over: who was there from its beginning has heard it.
    pub(super) fn has_heard(&mut self) {
        for told in self.people.values_mut() {
            if *told == Told::Now {
                *told = Told::Yes;
            }
        }
    }

    /// Whether their words may be recorded.
    pub(super) fn may_be_recorded(&self, identity: &str) -> bool {
        !is_person(identity) || self.people.get(identity) == Some(&Told::Yes)
    }
}

fn is_person(identity: &str) -> bool {
    !["agent", super::IDENTITY, "EG_"]
        .iter()
        .any(|prefix| identity.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn nobody_is_recorded_before_they_have_heard_so() {
        let start = Instant::now();
        let mut audience = Audience::new(start);
        audience.came("agent", start);
        assert!(
            !audience.begins_to_hear(at(start, 5_000)),
            "an agent needs no telling"
        );
        audience.came("ann", at(start, 5_000));
        assert!(!audience.begins_to_hear(at(start, 5_900)));
        assert!(audience.begins_to_hear(at(start, 6_000)));
        audience.came("ben", at(start, 6_500));
        audience.has_heard();
        assert!(audience.may_be_recorded("ann") && audience.may_be_recorded("agent"));
        assert!(!audience.may_be_recorded("ben"), "came in the middle of it");
        assert!(
            audience.begins_to_hear(at(start, 8_000)),
            "so it is said again"
        );
        assert!(
            audience.may_be_recorded("ann"),
            "who goes on being recorded"
        );
        audience.has_heard();
        assert!(audience.may_be_recorded("ben"));
        assert!(!audience.begins_to_hear(at(start, 60_000)));
    }

    #[test]
    fn who_comes_back_is_told_again() {
        let start = Instant::now();
        let mut audience = Audience::new(start);
        audience.came("ann", start);
        assert!(audience.begins_to_hear(at(start, 1_000)));
        audience.has_heard();
        audience.left("ann", at(start, 3_000));
        audience.came("ann", at(start, 4_000));
        assert!(!audience.may_be_recorded("ann"));
    }

    #[test]
    fn who_is_alone_for_long_leaves() {
        let start = Instant::now();
        let mut audience = Audience::new(start);
        audience.came("ann", start);
        audience.came("agent", start);
        assert!(!audience.is_deserted(at(start, 90_000)));
        audience.left("ann", at(start, 90_000));
        assert!(!audience.is_deserted(at(start, 100_000)));
        assert!(audience.is_deserted(at(start, 110_000)));
    }
}
