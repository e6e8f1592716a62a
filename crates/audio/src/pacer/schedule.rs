//! When frames are due, and the RTP time of each.

use std::time::{Duration, Instant};

/// Time between two frames.
pub(super) const FRAME: Duration = Duration::from_millis(20);

/// An absolute grid of 20 ms, laid anew after every pause; RTP time follows the clock throughout.
#[derive(Debug)]
pub(super) struct Schedule {
    clock_rate_hz: u32,
    /// Due time and RTP timestamp of the very first frame.
    origin: Option<(Instant, u32)>,
    first_timestamp: u32,
    /// None while nothing is to be sent.
    next_due: Option<Instant>,
    /// Due time of the latest frame given out.
    last_due: Option<Instant>,
    /// Whether the next frame follows a gap.
    is_after_gap: bool,
}

impl Schedule {
    pub(super) fn new(clock_rate_hz: u32, first_timestamp: u32) -> Self {
        Self {
            clock_rate_hz,
            origin: None,
            first_timestamp,
            next_due: None,
            last_due: None,
            is_after_gap: true,
        }
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.next_due
    }

    /// Begins to run: the next frame is due now, or a frame after the last one.
    pub(super) fn start(&mut self, now: Instant) {
        if self.next_due.is_none() {
            let earliest = self.last_due.map_or(now, |last| last + FRAME);
            self.next_due = Some(earliest.max(now));
            self.is_after_gap |= earliest < now;
        }
    }

    /// Stops running.
    pub(super) fn stop(&mut self) {
        self.next_due = None;
    }

    /// Gives up what was missed: the next frame is due now.
    pub(super) fn re_anchor(&mut self, now: Instant) {
        self.next_due = Some(now);
        self.is_after_gap = true;
    }

    /// Takes the next place: its due time, its RTP timestamp, and whether it follows a gap.
    pub(super) fn advance(&mut self) -> Option<(Instant, u32, bool)> {
        let due = self.next_due?;
        let (origin, first) = *self.origin.get_or_insert((due, self.first_timestamp));
        let ticks = (due - origin).as_nanos() * u128::from(self.clock_rate_hz) / 1_000_000_000;
        // RTP time wraps (RFC 3550, 5.1).
        let timestamp = first.wrapping_add(ticks as u32);
        self.last_due = Some(due);
        self.next_due = Some(due + FRAME);
        Some((due, timestamp, std::mem::take(&mut self.is_after_gap)))
    }
}
