//! The clock that all parts of the rig share.

use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

/// Turns instants into seconds of CLOCK_MONOTONIC, which Python's `time.monotonic` gives too.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    origin_s: f64,
}

impl Clock {
    /// Looks at both clocks once.
    pub fn new() -> Self {
        let now = clock_gettime(ClockId::Monotonic);
        let origin = Instant::now();
        Self {
            origin,
            origin_s: now.tv_sec as f64 + now.tv_nsec as f64 / 1e9,
        }
    }

    /// Seconds at `at`, to the microsecond.
    pub fn seconds(&self, at: Instant) -> f64 {
        let seconds = self.origin_s + between(self.origin, at);
        (seconds * 1e6).round() / 1e6
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Seconds from one instant to another; negative when `to` is before `from`.
pub fn between(from: Instant, to: Instant) -> f64 {
    if to >= from {
        (to - from).as_secs_f64()
    } else {
        -(from - to).as_secs_f64()
    }
}
