//! How many conversations a worker holds: exactly as many as it may.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How long a place is kept for a job that was accepted and not yet assigned (the server assigns at once, or
/// gives the job to another worker and says nothing).
const RESERVATION: Duration = Duration::from_secs(10);

/// LiveKit's server offers nothing to workers at or above its `agents.target_load` (0.7 by default). Up to the
/// last free place a worker reports less than that.
const LOAD_OF_ALMOST_FULL: f32 = 0.69;

/// The places of a worker.
#[derive(Debug)]
pub struct Admission {
    limit: usize,
    is_draining: bool,
    places: HashMap<String, Place>,
}

#[derive(Debug)]
enum Place {
    Reserved { until: Instant },
    Taken,
}

impl Admission {
    /// `limit` places, all free.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            is_draining: false,
            places: HashMap::new(),
        }
    }

    /// A job is offered: reserves a place for it. False when there is none.
    pub fn offer(&mut self, job: &str, now: Instant) -> bool {
        self.expire(now);
        if self.places.contains_key(job) {
            return true;
        }
        let has_room = !self.is_full();
        if has_room {
            let until = now + RESERVATION;
            self.places
                .insert(job.to_owned(), Place::Reserved { until });
        }
        has_room
    }

    /// A job is assigned. False when its reservation has expired and the place is gone, or when it runs already.
    pub fn assign(&mut self, job: &str, now: Instant) -> bool {
        if matches!(self.places.get(job), Some(Place::Taken)) || !self.offer(job, now) {
            return false;
        }
        self.places.insert(job.to_owned(), Place::Taken);
        true
    }

    /// A job has ended.
    pub fn release(&mut self, job: &str) {
        self.places.remove(job);
    }

    /// No more jobs are taken.
    pub fn drain(&mut self) {
        self.is_draining = true;
    }

    /// Frees places whose jobs never came; whether there were any.
    pub fn expire(&mut self, now: Instant) -> bool {
        let before = self.places.len();
        self.places
            .retain(|_, place| !matches!(place, Place::Reserved { until } if *until <= now));
        self.places.len() != before
    }

    /// When the next reservation expires.
    pub fn next_expiry(&self) -> Option<Instant> {
        let expiries = self.places.values().filter_map(|place| match place {
            Place::Reserved { until } => Some(*until),
            Place::Taken => None,
        });
        expiries.min()
    }

    /// Whether no job is taken now.
    pub fn is_full(&self) -> bool {
        self.is_draining || self.places.len() >= self.limit
    }

    /// Whether it was told to drain.
    pub fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// Places that are taken or reserved.
    pub fn used(&self) -> usize {
        self.places.len()
    }

    /// Jobs that run.
    pub fn running(&self) -> usize {
        let taken = |place: &&Place| matches!(place, Place::Taken);
        self.places.values().filter(taken).count()
    }

    /// Load for LiveKit's dispatch: jobs over the limit, below its target while there is room.
    pub fn load(&self) -> f32 {
        if self.is_full() {
            1.0
        } else {
            LOAD_OF_ALMOST_FULL * self.used() as f32 / self.limit as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_of_offers_gets_as_many_places_as_there_are() {
        let now = Instant::now();
        let mut admission = Admission::new(7);
        let accepted = (0..200).filter(|job| admission.offer(&job.to_string(), now));
        assert_eq!(accepted.count(), 7);
        assert!(admission.is_full());
    }

    #[test]
    fn a_reservation_that_is_not_used_expires() {
        let now = Instant::now();
        let mut admission = Admission::new(1);
        assert!(admission.offer("a", now));
        assert!(!admission.offer("b", now + Duration::from_millis(9_999)));
        assert_eq!(admission.next_expiry(), Some(now + RESERVATION));
        assert!(admission.offer("b", now + RESERVATION));
        assert!(
            !admission.assign("a", now + RESERVATION),
            "too late, the place is gone"
        );
        assert!(admission.assign("b", now + RESERVATION));
    }

    #[test]
    fn an_assignment_without_an_offer_needs_a_free_place_too() {
        let now = Instant::now();
        let mut admission = Admission::new(1);
        assert!(admission.assign("a", now));
        assert!(!admission.assign("a", now), "it runs already");
        assert!(!admission.assign("b", now));
        admission.release("a");
        assert!(admission.assign("b", now));
    }

    #[test]
    fn load_stays_below_the_servers_target_until_the_last_place_is_taken() {
        let now = Instant::now();
        let mut admission = Admission::new(10);
        assert!(admission.load().abs() < f32::EPSILON);
        for job in 0..10 {
            assert!(admission.load() < 0.7);
            assert!(admission.offer(&job.to_string(), now));
        }
        assert!((admission.load() - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn draining_takes_nothing_and_forgets_nothing() {
        let now = Instant::now();
        let mut admission = Admission::new(10);
        admission.assign("a", now);
        admission.drain();
        assert!(!admission.offer("b", now));
        assert_eq!((admission.running(), admission.used()), (1, 1));
    }

    #[test]
    fn a_worker_without_places_is_full() {
        let admission = Admission::new(0);
        assert!(admission.is_full() && (admission.load() - 1.0).abs() < f32::EPSILON);
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit(
            limit in 0..5_usize,
            steps in prop::collection::vec((0..4_u8, 0..12_u8, 0..4_000_u64), 0..200),
        ) {
            let mut admission = Admission::new(limit);
            let mut now = Instant::now();
            for (what, job, wait) in steps {
                let job = job.to_string();
                match what {
                    0 => _ = admission.offer(&job, now),
                    1 => _ = admission.assign(&job, now),
                    2 => admission.release(&job),
                    _ => now += Duration::from_millis(wait),
                }
                prop_assert!(admission.used() <= limit);
                prop_assert!(admission.running() <= admission.used());
                prop_assert!((0.0..=1.0).contains(&admission.load()));
            }
        }
    }
}
