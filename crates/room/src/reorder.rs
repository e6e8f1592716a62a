//! Puts the packets of one RTP stream in order. Sans-IO: time comes in as an argument.
//!
//! The window is small on purpose: each packet that waits is delay in a conversation, and what comes later than that
//! is better concealed.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// So many packets wait at most for one that is missing, and so long.
const PACKETS: usize = 3;
const PATIENCE: Duration = Duration::from_millis(60);
/// A jump of more than a minute is another stream with numbers of its own.
const MAX_JUMP: u64 = 3000;

/// The window.
pub(crate) struct Reorder<T> {
    next: Option<u64>,
    /// By number, ascending.
    held: VecDeque<(u64, Instant, T)>,
}

impl<T> Default for Reorder<T> {
    fn default() -> Self {
        Self {
            next: None,
            held: VecDeque::with_capacity(PACKETS + 1),
        }
    }
}

impl<T> Reorder<T> {
    /// Takes a packet; [`Self::pop`] then gives what is due. One that comes twice or too late is dropped.
    pub(crate) fn push(&mut self, number: u64, now: Instant, packet: T) {
        match self.next {
            Some(next) if number.abs_diff(next) > MAX_JUMP => {
                self.held.clear();
                self.next = Some(number);
            }
            Some(next) if number < next => return,
            Some(_) => {}
            None => self.next = Some(number),
        }
        let place = self.held.partition_point(|(held, ..)| *held < number);
        if self
            .held
            .get(place)
            .is_none_or(|(held, ..)| *held != number)
        {
            self.held.insert(place, (number, now, packet));
        }
    }

    /// The next packet that is due, with its number.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(u64, T)> {
        let (number, came, _) = self.held.front()?;
        let is_next = self.next == Some(*number);
        if is_next || self.held.len() > PACKETS || *came + PATIENCE <= now {
            let (number, _, packet) = self.held.pop_front()?;
            self.next = Some(number + 1);
            return Some((number, packet));
        }
        None
    }

    /// When [`Self::pop`] gives something without another packet.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.held.front().map(|(_, came, _)| *came + PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(reorder: &mut Reorder<()>, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| reorder.pop(now))
            .map(|(number, ())| number)
            .collect()
    }

    #[test]
    fn packets_that_overtook_are_put_in_order() {
        let (mut reorder, now) = (Reorder::default(), Instant::now());
        let mut got = Vec::new();
        for number in [10, 12, 11, 13, 16, 15, 14] {
            reorder.push(number, now, ());
            got.extend(drain(&mut reorder, now));
        }
        assert_eq!(got, [10, 11, 12, 13, 14, 15, 16]);
        assert!(reorder.deadline().is_none());
    }

    #[test]
    fn a_lost_packet_is_waited_for_three_packets_long() {
        let (mut reorder, now) = (Reorder::default(), Instant::now());
        let mut got = Vec::new();
        for number in [1, 3, 4, 5] {
            reorder.push(number, now, ());
            got.extend(drain(&mut reorder, now));
        }
        assert_eq!(got, [1]);
        reorder.push(6, now, ());
        assert_eq!(drain(&mut reorder, now), [3, 4, 5, 6]);
        reorder.push(2, now, ());
        assert!(drain(&mut reorder, now).is_empty(), "too late");
    }

    #[test]
    fn a_lost_packet_is_waited_for_60_ms() {
        let (mut reorder, start) = (Reorder::default(), Instant::now());
        reorder.push(1, start, ());
        reorder.push(3, start, ());
        assert_eq!(drain(&mut reorder, start), [1]);
        assert_eq!(reorder.deadline(), Some(start + PATIENCE));
        assert!(drain(&mut reorder, start + PATIENCE / 2).is_empty());
        assert_eq!(drain(&mut reorder, start + PATIENCE), [3]);
    }

    #[test]
    fn another_numbering_begins_anew_at_once() {
        let (mut reorder, now) = (Reorder::default(), Instant::now());
        for number in [70_000, 5, 6] {
            reorder.push(number, now, ());
            assert_eq!(drain(&mut reorder, now), [number]);
        }
    }

    proptest! {
        #[test]
        fn nothing_comes_twice_or_out_of_order(numbers in prop::collection::vec(0u64..200, 0..300)) {
            let (mut reorder, now) = (Reorder::default(), Instant::now());
            let mut last = None;
            for number in numbers {
                reorder.push(number, now, ());
                for got in drain(&mut reorder, now) {
                    prop_assert!(Some(got) > last);
                    last = Some(got);
                }
                prop_assert!(reorder.held.len() <= PACKETS);
            }
        }
    }
}
