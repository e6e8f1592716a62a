//! The end that waits: everything that was said is played before the socket is closed.

use super::Live;
use crate::call::{
    ending::{Ending, MARK, MARK_PATIENCE},
    outbox::Outgoing,
};
use std::time::{Duration, Instant};

/// From `call.hang_up` to the end at the latest, however much is still to be played.
pub(super) const HANG_UP_WITHIN: Duration = Duration::from_secs(20);

/// How the call will end, when everything has been played.
pub(super) struct Farewell {
    ending: Ending,
    is_marked: bool,
    by: Instant,
}

impl Farewell {
    /// At the latest.
    pub(super) const fn deadline(&self) -> Instant {
        self.by
    }

    /// What it will be.
    pub(super) const fn ending(&self) -> Ending {
        self.ending
    }
}

impl Live {
    /// The call ends when what is being said has been played, `within` this time at the latest.
    pub(super) fn begin_farewell(&mut self, ending: Ending, within: Duration, now: Instant) {
        let by = now + within + MARK_PATIENCE;
        self.farewell.get_or_insert(Farewell {
            ending,
            is_marked: false,
            by,
        });
    }

    /// When all has been said a mark is sent; when it comes back all has been heard.
    pub(super) fn say_farewell(&mut self, now: Instant) -> Option<Ending> {
        let is_said = self.prompt.is_none() && self.speech.is_finished() && self.outbox.is_empty();
        let farewell = self.farewell.as_mut()?;
        if now >= farewell.by {
            return Some(farewell.ending);
        }
        if is_said && !farewell.is_marked {
            farewell.is_marked = true;
            farewell.by = farewell
                .by
                .min(self.speech.far_end().max(now) + MARK_PATIENCE);
            self.outbox.other(Outgoing::Mark(MARK.to_owned()));
        }
        None
    }

    /// The call's ending, if this mark is the one it waits for.
    pub(super) fn is_farewell(&self, mark: &str) -> Option<Ending> {
        let farewell = self.farewell.as_ref()?;
        (farewell.is_marked && mark == MARK).then_some(farewell.ending)
    }
}
