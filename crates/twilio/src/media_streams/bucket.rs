//! A token bucket whose clock is handed in.

use std::time::{Duration, Instant};

/// Lets through `per_second` units a second on average, and `burst` at once.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    per_second: f64,
    burst: f64,
    level: f64,
    filled_at: Instant,
}

impl TokenBucket {
    /// Full at `now`.
    pub const fn new(per_second: f64, burst: f64, now: Instant) -> Self {
        Self {
            per_second,
            burst,
            level: burst,
            filled_at: now,
        }
    }

    /// Takes `units` if they are there.
    pub fn take(&mut self, units: f64, now: Instant) -> bool {
        self.level = self.level_at(now);
        self.filled_at = self.filled_at.max(now);
        let is_enough = self.level >= units;
        if is_enough {
            self.level -= units;
        }
        is_enough
    }

    /// When `units` will be there, if nothing is taken until then; `now` when they are. A nanosecond is added, so
    /// that rounding never makes it too early.
    pub fn ready_at(&self, units: f64, now: Instant) -> Instant {
        let missing = units - self.level_at(now);
        if missing <= 0.0 {
            return now;
        }
        now + Duration::from_secs_f64(missing / self.per_second) + Duration::from_nanos(1)
    }

    fn level_at(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        elapsed.mul_add(self.per_second, self.level).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(2.0, 3.0, start);
        assert_eq!((0..5).filter(|_| bucket.take(1.0, start)).count(), 3);
        assert_eq!(
            bucket.ready_at(1.0, start),
            start + Duration::from_nanos(500_000_001)
        );
        let later = start + Duration::from_secs(1);
        assert_eq!((0..5).filter(|_| bucket.take(1.0, later)).count(), 2);
        let much_later = start + Duration::from_secs(1000);
        assert_eq!(
            (0..5).filter(|_| bucket.take(1.0, much_later)).count(),
            3,
            "no more than the burst"
        );
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_twice() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut bucket = TokenBucket::new(1.0, 1.0, start);
        assert!(bucket.take(1.0, start));
        assert!(!bucket.take(1.0, start.checked_sub(Duration::from_secs(5)).unwrap()));
        assert!(!bucket.take(1.0, start));
    }
}
