//! How often guests may join, by address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_mins(1);
/// Addresses remembered at once. When there are more, old windows are forgotten; if none is old, everybody new is
/// let through: the limit is a courtesy to the account, not the guard of its money.
const MOST_ADDRESSES: usize = 10_000;

/// A fixed window of a minute for each address (for each /64 of IPv6, which is one customer's).
#[derive(Debug)]
pub(crate) struct GuestLimit {
    per_minute: u32,
    windows: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Debug)]
struct Window {
    begin: Instant,
    joins: u32,
}

impl GuestLimit {
    /// `per_minute` 0 is no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            windows: Mutex::default(),
        }
    }

    /// Counts a join; the error is the time to wait.
    pub(crate) fn count(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MOST_ADDRESSES {
            windows.retain(|_, window| now.duration_since(window.begin) < WINDOW);
            if windows.len() >= MOST_ADDRESSES {
                return Ok(());
            }
        }
        let window = windows.entry(customer(address)).or_insert(Window {
            begin: now,
            joins: 0,
        });
        let age = now.duration_since(window.begin);
        if age >= WINDOW {
            *window = Window {
                begin: now,
                joins: 0,
            };
        } else if window.joins >= self.per_minute {
            return Err(WINDOW.saturating_sub(age));
        }
        window.joins += 1;
        Ok(())
    }
}

fn customer(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_minute_for_each_address() {
        let limit = GuestLimit::new(2);
        let (here, there) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let now = Instant::now();
        assert!(limit.count(here, now).is_ok());
        assert!(limit.count(here, now).is_ok());
        assert_eq!(
            limit.count(here, now + Duration::from_secs(20)),
            Err(Duration::from_secs(40))
        );
        assert!(limit.count(there, now).is_ok());
        assert!(limit.count(here, now + WINDOW).is_ok());
    }

    #[test]
    fn one_network_of_ipv6_is_one_customer() {
        let limit = GuestLimit::new(1);
        let now = Instant::now();
        assert!(limit.count("2001:db8::1".parse().unwrap(), now).is_ok());
        assert!(limit.count("2001:db8::2".parse().unwrap(), now).is_err());
        assert!(limit.count("2001:db8:0:1::2".parse().unwrap(), now).is_ok());
    }

    #[test]
    fn zero_is_no_limit() {
        let limit = GuestLimit::new(0);
        let now = Instant::now();
        assert!((0..1_000).all(|_| limit.count("10.0.0.1".parse().unwrap(), now).is_ok()));
    }
}
