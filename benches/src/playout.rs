//! A client's jitter buffer, modelled: when each packet is heard.

use std::time::{Duration, Instant};

/// How long a packet waits, so that the next may be late.
const DELAY: Duration = Duration::from_millis(40);
/// After so long without sound the buffer starts anew.
const STALE: Duration = Duration::from_millis(100);

/// Places packets on the playback time line by their RTP timestamps. A packet that comes after its
/// time is played at once, and all that follow are that much later, until the next pause: what a
/// listener hears then is a gap.
#[derive(Debug, Default)]
pub struct Playout {
    /// A packet's time of playback, and its timestamp.
    anchor: Option<(Instant, u32)>,
    /// Where what was placed so far ends.
    end: Option<Instant>,
}

impl Playout {
    /// When a packet that came at `arrived` begins to play.
    pub fn place(
        &mut self,
        arrived: Instant,
        rtp_timestamp: u32,
        clock_rate_hz: u32,
        duration: Duration,
    ) -> Instant {
        let is_stale = self.end.is_none_or(|end| end + STALE < arrived);
        let planned = self
            .anchor
            .filter(|_| !is_stale)
            .and_then(|(at, timestamp)| {
                let ticks = rtp_timestamp.wrapping_sub(timestamp).cast_signed();
                let distance = Duration::from_secs_f64(
                    f64::from(ticks.unsigned_abs()) / f64::from(clock_rate_hz),
                );
                let planned = if ticks < 0 {
                    at.checked_sub(distance)?
                } else {
                    at + distance
                };
                // Another clock altogether, say after the track changed.
                (planned <= arrived + Duration::from_secs(1)).then_some(planned)
            });
        let start = planned.map_or(arrived + DELAY, |planned| planned.max(arrived));
        self.anchor = Some((start, rtp_timestamp));
        self.end = self.end.max(Some(start + duration));
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Places packets (arrival ms, timestamp in 8 kHz ticks); gives playback in ms.
    fn played(packets: &[(u64, u32)]) -> Vec<u64> {
        let (mut playout, start) = (Playout::default(), Instant::now());
        packets
            .iter()
            .map(|&(at, timestamp)| {
                let place = playout.place(start + ms(at), timestamp, 8_000, ms(20));
                (place - start).as_millis() as u64
            })
            .collect()
    }

    #[test]
    fn jitter_below_the_delay_is_not_heard() {
        assert_eq!(
            played(&[(0, 0), (55, 160), (56, 320), (60, 480)]),
            [40, 60, 80, 100]
        );
    }

    #[test]
    fn a_packet_after_its_time_is_a_gap_and_delays_the_rest() {
        assert_eq!(played(&[(0, 0), (90, 160), (91, 320)]), [40, 90, 110]);
    }

    #[test]
    fn a_pause_ends_the_delay() {
        assert_eq!(
            played(&[(0, 0), (90, 160), (1_090, 8_160)]),
            [40, 90, 1_130]
        );
    }

    #[test]
    fn timestamps_wrap_and_may_jump() {
        assert_eq!(
            played(&[(0, u32::MAX - 79), (20, 80), (40, 9_000_000)]),
            [40, 60, 80]
        );
    }
}
