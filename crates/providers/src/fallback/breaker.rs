//! Leaves a provider alone for a while after it failed several times in a row. Time is an argument.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Failures in a row that make a provider count as down.
const FAILURES: u32 = 3;
/// How long it is left alone then; afterwards one more failure leaves it alone again.
const REST: Duration = Duration::from_secs(10);

/// What is known of one provider's health.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Health>);

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Whether the provider should be left alone.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.health().rests_until.is_some_and(|until| now < until)
    }

    /// Whether it counts as down: it failed, and nothing went well since.
    pub(crate) fn is_down(&self) -> bool {
        self.health().failures >= FAILURES
    }

    /// It answered.
    pub(crate) fn succeeded(&self) {
        *self.health() = Health::default();
    }

    /// It did not.
    pub(crate) fn failed(&self, now: Instant) {
        let mut health = self.health();
        health.failures = health.failures.saturating_add(1);
        if health.failures >= FAILURES {
            health.rests_until = Some(now + REST);
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, REST};
    use tokio::time::Instant;

    #[test]
    fn three_failures_in_a_row_open_it_and_one_success_closes_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.failed(now);
        breaker.failed(now);
        breaker.succeeded();
        breaker.failed(now);
        breaker.failed(now);
        assert!(!breaker.is_open(now) && !breaker.is_down());
        breaker.failed(now);
        assert!(breaker.is_open(now) && breaker.is_down());
        breaker.succeeded();
        assert!(!breaker.is_open(now) && !breaker.is_down());
    }

    #[test]
    fn after_its_rest_it_is_tried_and_one_more_failure_is_enough() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        (0..3).for_each(|_| breaker.failed(now));
        let later = now + REST;
        assert!(!breaker.is_open(later));
        assert!(breaker.is_down(), "nothing went well yet");
        breaker.failed(later);
        assert!(breaker.is_open(later));
    }
}
