//! How often somebody may ask (interface §1). Each process counts for itself.

use crate::{Limits, error::ApiError};
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_mins(1);
/// Keys remembered at once. Beyond them, new keys share [`SHARED`] counts: memory is bounded, and a flood of made-up
/// keys makes the limit stricter for newcomers, never looser for anybody.
const MOST_KEYS: usize = 20_000;
const SHARED: u64 = 1_024;

/// The limits of the interface.
#[derive(Debug)]
pub(crate) struct RateLimits {
    /// `/auth/*` and `/token`, by route and client address, and by route and e-mail attempted.
    pub(crate) auth: RateLimiter,
    /// Calls begun, or scheduled, with a user's access token, by account.
    pub(crate) calls: RateLimiter,
    /// Scenarios made, by account.
    pub(crate) scenarios: RateLimiter,
    /// Guests who join rooms, by client address.
    pub(crate) guest_joins: RateLimiter,
    /// Requests of OpenAI's shape, and uploads to `/whisper/transcribe`, by account.
    pub(crate) chat: RateLimiter,
    /// Codes asked for and tried, by account.
    pub(crate) codes: RateLimiter,
    /// Voice Intelligence transcripts asked for by hand, by account.
    pub(crate) transcripts: RateLimiter,
}

/// Enough for somebody who signs up; each address has narrower limits of its own.
const CODES_PER_MINUTE: u32 = 30;
/// Each is of a whole call, and costs money at Twilio.
const TRANSCRIPTS_PER_MINUTE: u32 = 30;

impl RateLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            auth: RateLimiter::new(limits.auth_per_minute),
            calls: RateLimiter::new(limits.calls_per_minute),
            scenarios: RateLimiter::new(limits.scenarios_per_minute),
            guest_joins: RateLimiter::new(limits.guest_joins_per_minute),
            chat: RateLimiter::new(limits.chats_per_minute),
            codes: RateLimiter::new(CODES_PER_MINUTE),
            transcripts: RateLimiter::new(TRANSCRIPTS_PER_MINUTE),
        }
    }
}

/// At most so many within any minute, for each key.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    per_minute: u32,
    /// Keys are kept as hashes under this process's own secret.
    hasher: RandomState,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// When each key was counted, the oldest first; never more than the limit.
    by_key: HashMap<u64, VecDeque<Instant>>,
    cleaned_at: Option<Instant>,
}

impl RateLimiter {
    /// `per_minute` 0 is no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            hasher: RandomState::new(),
            counts: Mutex::default(),
        }
    }

    /// Counts; 429 when it was too often. A key is whatever tells clients apart: an account, or a route with the
    /// client's [`network`].
    pub(crate) fn count(&self, key: impl Hash) -> Result<(), ApiError> {
        self.count_at(key, Instant::now())
            .map_err(ApiError::TooMany)
    }

    /// The error is the time to wait.
    fn count_at(&self, key: impl Hash, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let key = self.hasher.hash_one(key);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let times = counts.of(key, now);
        while times
            .front()
            .is_some_and(|at| now.duration_since(*at) >= WINDOW)
        {
            times.pop_front();
        }
        match times.front() {
            Some(oldest) if times.len() >= self.per_minute as usize => {
                Err(WINDOW.saturating_sub(now.duration_since(*oldest)))
            }
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

impl Counts {
    fn of(&mut self, key: u64, now: Instant) -> &mut VecDeque<Instant> {
        if self.by_key.len() < MOST_KEYS || self.by_key.contains_key(&key) {
            return self.by_key.entry(key).or_default();
        }
        // Looking through all of them is dear: once a second, however many ask.
        let is_due = |at: Instant| now.duration_since(at) >= Duration::from_secs(1);
        if self.cleaned_at.is_none_or(is_due) {
            self.cleaned_at = Some(now);
            self.by_key.retain(|_, times| {
                times
                    .back()
                    .is_some_and(|at| now.duration_since(*at) < WINDOW)
            });
        }
        let is_full = self.by_key.len() >= MOST_KEYS;
        let key = if is_full { key % SHARED } else { key };
        self.by_key.entry(key).or_default()
    }
}

/// What stands for one client: an address of IPv4, or the /64 of one of IPv6, which is one customer's.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_within_any_minute_for_each_key() {
        let limit = RateLimiter::new(2);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(limit.count_at("here", at(0)).is_ok());
        assert!(limit.count_at("here", at(30)).is_ok());
        assert_eq!(
            limit.count_at("here", at(40)),
            Err(Duration::from_secs(20)),
            "until the first one is a minute old"
        );
        assert!(limit.count_at("there", at(40)).is_ok());
        assert!(limit.count_at("here", at(60)).is_ok());
        assert_eq!(limit.count_at("here", at(61)), Err(Duration::from_secs(29)));
    }

    #[test]
    fn zero_is_no_limit() {
        let limit = RateLimiter::new(0);
        assert!((0..1_000).all(|_| limit.count("here").is_ok()));
    }

    #[test]
    fn a_flood_of_made_up_keys_opens_nothing() {
        let limit = RateLimiter::new(1);
        let now = Instant::now();
        assert!(limit.count_at("victim", now).is_ok());
        let admitted = (0..MOST_KEYS as u64 * 2)
            .filter(|key| limit.count_at(key, now).is_ok())
            .count();
        assert!(admitted < MOST_KEYS + SHARED as usize);
        assert!(
            limit.count_at("victim", now).is_err(),
            "it is not forgotten"
        );
        let later = now + WINDOW;
        assert!(limit.count_at("newcomer", later).is_ok());
        let counts = limit.counts.lock().unwrap();
        assert!(counts.by_key.len() < 10, "old ones are forgotten");
    }

    #[test]
    fn one_network_of_ipv6_is_one_customer() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
