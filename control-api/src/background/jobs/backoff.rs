//! How long to wait after a failure.

use std::time::Duration;

/// Longer after each failure, and never the same for all: what failed together shall not come back together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    /// After the first failure.
    pub(super) first: Duration,
    /// That many times longer after each further one.
    pub(super) factor: u32,
    /// At most.
    pub(super) longest: Duration,
}

impl Backoff {
    /// After attempt number `attempt` (from 1); `luck`, from 0 to 1, makes it up to a quarter shorter or longer.
    pub(super) fn after(&self, attempt: i64, luck: f64) -> Duration {
        let failures = u32::try_from(attempt - 1).unwrap_or(0).min(30);
        let factor = self.factor.saturating_pow(failures);
        let wait = self.first.saturating_mul(factor).min(self.longest);
        wait.mul_f64(0.75 + luck.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_secs(4),
        factor: 4,
        longest: Duration::from_mins(10),
    };

    #[test]
    fn it_grows_up_to_its_limit() {
        let seconds = |attempt| BACKOFF.after(attempt, 0.5).as_secs();
        assert_eq!(
            [1, 2, 3, 4, 5, 100].map(seconds),
            [4, 16, 64, 256, 600, 600]
        );
    }

    #[test]
    fn it_varies_by_a_quarter() {
        assert_eq!(BACKOFF.after(1, 0.0), Duration::from_secs(3));
        assert_eq!(BACKOFF.after(1, 1.0), Duration::from_secs(5));
    }
}
