//! A caller is never left alone: the watch over whether an agent is there.
//!
//! No agent after a moment: the caller hears ringing. None after a second: one is dispatched again, with backoff.
//! None after ten: an apology, and the call ends. The same when an agent is lost in mid-call.

use std::time::{Duration, Instant};

/// Ringing begins so long after the caller has come (or the agent has gone).
pub(super) const RING_AFTER: Duration = Duration::from_millis(500);
/// The first repeated dispatch; each further one waits twice as long.
const DISPATCH_AFTER: Duration = Duration::from_secs(1);
/// Then we give up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The caller hears ringing from now on.
    Ring,
    /// Ask for an agent again.
    Dispatch,
    /// Apologise and end the call.
    GiveUp,
}

/// See the module's description.
#[derive(Debug)]
pub(crate) enum AgentWatch {
    /// An agent is there, or none is wanted.
    Content,
    /// None is there.
    Alone {
        /// Since when.
        since: Instant,
        /// The caller hears ringing.
        is_ringing: bool,
        /// When to ask again.
        dispatch_at: Instant,
        /// The wait after that.
        backoff: Duration,
    },
    /// The call ends.
    GivenUp,
}

impl AgentWatch {
    /// The caller has come and nobody is there yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self::Alone {
            since: now,
            is_ringing: false,
            dispatch_at: now + DISPATCH_AFTER,
            backoff: 2 * DISPATCH_AFTER,
        }
    }

    /// An agent is there, or none is wanted any more. False when it is too late.
    pub(crate) fn settle(&mut self) -> bool {
        let is_in_time = !matches!(self, Self::GivenUp);
        if is_in_time {
            *self = Self::Content;
        }
        is_in_time
    }

    /// The agent has gone.
    pub(crate) fn lost(&mut self, now: Instant) {
        if matches!(self, Self::Content) {
            *self = Self::new(now);
        }
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let Self::Alone {
            since,
            is_ringing,
            dispatch_at,
            ..
        } = self
        else {
            return None;
        };
        let next = (*dispatch_at).min(*since + GIVE_UP_AFTER);
        Some(if *is_ringing {
            next
        } else {
            next.min(*since + RING_AFTER)
        })
    }

    /// The next step that is due.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Step> {
        let Self::Alone {
            since,
            is_ringing,
            dispatch_at,
            backoff,
        } = self
        else {
            return None;
        };
        if now >= *since + GIVE_UP_AFTER {
            *self = Self::GivenUp;
            return Some(Step::GiveUp);
        }
        if now >= *dispatch_at {
            *dispatch_at = now + *backoff;
            *backoff *= 2;
            return Some(Step::Dispatch);
        }
        if !*is_ringing && now >= *since + RING_AFTER {
            *is_ringing = true;
            return Some(Step::Ring);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All steps of a watch that nobody settles, in milliseconds from its start.
    fn steps(watch: &mut AgentWatch, start: Instant) -> Vec<(u128, Step)> {
        let mut steps = Vec::new();
        while let Some(now) = watch.deadline() {
            while let Some(step) = watch.poll(now) {
                steps.push(((now - start).as_millis(), step));
            }
        }
        steps
    }

    #[test]
    fn ringing_then_dispatches_with_backoff_then_the_end() {
        let start = Instant::now();
        let mut watch = AgentWatch::new(start);
        assert_eq!(
            steps(&mut watch, start),
            [
                (500, Step::Ring),
                (1_000, Step::Dispatch),
                (3_000, Step::Dispatch),
                (7_000, Step::Dispatch),
                (10_000, Step::GiveUp)
            ]
        );
        assert!(!watch.settle(), "an agent that comes now is too late");
    }

    #[test]
    fn an_agent_that_comes_in_time_ends_it() {
        let start = Instant::now();
        let mut watch = AgentWatch::new(start);
        assert_eq!(
            watch.poll(start + Duration::from_millis(600)),
            Some(Step::Ring)
        );
        assert!(watch.settle());
        assert_eq!(watch.deadline(), None);
    }

    #[test]
    fn an_agent_that_is_lost_is_waited_for_anew() {
        let start = Instant::now();
        let mut watch = AgentWatch::new(start);
        watch.settle();
        let later = start + Duration::from_mins(1);
        watch.lost(later);
        assert_eq!(watch.deadline(), Some(later + RING_AFTER));
        let still = later + Duration::from_millis(100);
        watch.lost(still);
        assert_eq!(watch.deadline(), Some(later + RING_AFTER), "once is enough");
    }
}
