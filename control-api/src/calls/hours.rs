//! Calling hours: when an account's calls may ring, by the clock of whoever is called.

use casp_store::StoreError;
use jiff::{
    Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Countries and their time zones.
const ZONES: &str = include_str!("zones.txt");
/// Parts of the United States with area codes of their own, far from the others' time.
const ALASKA: &str = "907";
const HAWAII: &str = "808";
const ALASKAN_ZONES: [&str; 7] = [
    "America/Adak",
    "America/Anchorage",
    "America/Juneau",
    "America/Metlakatla",
    "America/Nome",
    "America/Sitka",
    "America/Yakutat",
];
const HAWAIIAN_ZONE: &str = "Pacific/Honolulu";

/// When calls may be placed.
///
/// In a country with several time zones it must be so in all of them: a number does not tell where its owner is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "08:00", "until": "21:00", "days": ["mon", "tue", "wed", "thu", "fri"], "timezone": "callee"}))]
pub(crate) struct CallingHours {
    /// The first minute, `HH:MM`.
    #[schema(value_type = String, example = "08:00")]
    from: Minute,
    /// The first minute after, `HH:MM`.
    #[schema(value_type = String, example = "21:00")]
    until: Minute,
    /// Days of the week; all of them when left out.
    #[serde(default = "Day::all")]
    days: Vec<Day>,
    /// `callee`: the time where the called number is from. Or an IANA name, for all calls.
    #[serde(default = "callee")]
    #[schema(example = "callee")]
    timezone: String,
}

fn callee() -> String {
    "callee".to_owned()
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn all() -> Vec<Self> {
        vec![
            Self::Mon,
            Self::Tue,
            Self::Wed,
            Self::Thu,
            Self::Fri,
            Self::Sat,
            Self::Sun,
        ]
    }

    fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// A minute of the day; `24:00` is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Minute(u16);

impl TryFrom<String> for Minute {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let two = |digits: &str| -> Option<u16> {
            let is_plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| digits.parse().ok())?
        };
        text.split_once(':')
            .and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)))
            .filter(|(hours, minutes)| *minutes < 60 && hours * 60 + minutes <= 24 * 60)
            .map(|(hours, minutes)| Self(hours * 60 + minutes))
            .ok_or("a time of day is HH:MM, 00:00 to 24:00")
    }
}

impl From<Minute> for String {
    fn from(minute: Minute) -> Self {
        format!("{:02}:{:02}", minute.0 / 60, minute.0 % 60)
    }
}

impl CallingHours {
    /// Of the store's text, which the API wrote.
    pub(super) fn from_stored(value: serde_json::Value) -> Result<Self, StoreError> {
        serde_json::from_value(value)
            .map_err(|_| StoreError::Corrupt("call_settings.calling_hours".into()))
    }

    /// What is wrong with it: a field, and why.
    pub(super) fn problem(&self) -> Option<(&'static str, &'static str)> {
        if self.from >= self.until {
            Some(("until", "it is after `from`, on the same day"))
        } else if self.days.is_empty() {
            Some(("days", "at least one day"))
        } else if self.timezone != callee() && TimeZone::get(&self.timezone).is_err() {
            Some((
                "timezone",
                "`callee`, or an IANA name such as Europe/Berlin",
            ))
        } else {
            None
        }
    }

    /// Whether this number may be called now.
    pub(super) fn allow(&self, to: &str, now: Timestamp) -> bool {
        let zones = if self.timezone == callee() {
            zones_of(to)
        } else {
            vec![self.timezone.clone()]
        };
        zones.iter().all(|zone| {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            let there = now.to_zoned(zone);
            let minute = minute_of(there.time());
            (self.from..self.until).contains(&minute)
                && self.days.contains(&Day::of(there.weekday()))
        })
    }
}

fn minute_of(time: Time) -> Minute {
    let (hour, minute) = (time.hour().unsigned_abs(), time.minute().unsigned_abs());
    Minute(u16::from(hour) * 60 + u16::from(minute))
}

/// The time zones of a number's country; UTC where the country is not known.
fn zones_of(number: &str) -> Vec<String> {
    let Some(country) = country_of(number) else {
        return vec!["UTC".to_owned()];
    };
    let national = number.strip_prefix("+1").unwrap_or_default();
    let all = ZONES
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(code, _)| *code == country)
        .map(|(_, zone)| zone);
    let zones: Vec<String> = all
        .filter(|zone| match (country.as_str(), national) {
            ("US", n) if n.starts_with(ALASKA) => ALASKAN_ZONES.contains(zone),
            ("US", n) if n.starts_with(HAWAII) => *zone == HAWAIIAN_ZONE,
            ("US", _) => !ALASKAN_ZONES.contains(zone) && *zone != HAWAIIAN_ZONE,
            _ => true,
        })
        .map(str::to_owned)
        .collect();
    if zones.is_empty() {
        vec!["UTC".to_owned()]
    } else {
        zones
    }
}

/// ISO 3166 code of a number's country.
fn country_of(number: &str) -> Option<String> {
    let parsed = phonenumber::parse(None, number).ok()?;
    match parsed.country().id() {
        Some(id) => Some(id.as_ref().to_owned()),
        // A number of the North American plan that is nobody's yet.
        None if parsed.country().code() == 1 => Some("US".to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BERLIN: &str = "+493012345678";
    const NEW_YORK: &str = "+12125550123";
    const ANCHORAGE: &str = "+19075550123";

    fn hours(value: serde_json::Value) -> CallingHours {
        CallingHours::from_stored(value).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_clock_is_that_of_whoever_is_called() {
        let hours = hours(json!({"from": "08:00", "until": "21:00"}));
        // Winter time: Berlin is an hour ahead of UTC.
        assert!(!hours.allow(BERLIN, at("2026-01-05T06:59:00Z")));
        assert!(hours.allow(BERLIN, at("2026-01-05T07:00:00Z")));
        assert!(hours.allow(BERLIN, at("2026-01-05T19:59:00Z")));
        assert!(!hours.allow(BERLIN, at("2026-01-05T20:00:00Z")));
        // Summer time: two.
        assert!(hours.allow(BERLIN, at("2026-07-06T06:00:00Z")));
    }

    #[test]
    fn in_a_country_with_several_zones_it_must_be_so_in_all() {
        let hours = hours(json!({"from": "08:00", "until": "21:00"}));
        // 08:00 in New York is 05:00 in California, where the number's owner may have moved.
        assert!(!hours.allow(NEW_YORK, at("2026-01-05T13:00:00Z")));
        assert!(hours.allow(NEW_YORK, at("2026-01-05T16:00:00Z")));
        assert!(hours.allow(NEW_YORK, at("2026-01-06T01:59:00Z")));
        assert!(!hours.allow(NEW_YORK, at("2026-01-06T02:00:00Z")));
        assert!(
            !hours.allow(ANCHORAGE, at("2026-01-05T17:30:00Z")),
            "an hour later than California"
        );
        assert!(hours.allow(ANCHORAGE, at("2026-01-05T18:00:00Z")));
    }

    #[test]
    fn days_are_the_callees_too() {
        let hours = hours(json!({"from": "00:00", "until": "24:00", "days": ["mon"]}));
        // Sunday, 23:30 UTC, is Monday in Berlin.
        assert!(hours.allow(BERLIN, at("2026-01-04T23:30:00Z")));
        assert!(!hours.allow(BERLIN, at("2026-01-05T23:30:00Z")));
    }

    #[test]
    fn an_accounts_own_zone_holds_for_all_numbers() {
        let hours = hours(json!({"from": "09:00", "until": "10:00", "timezone": "Asia/Kolkata"}));
        assert!(hours.allow(BERLIN, at("2026-01-05T03:30:00Z")));
        assert!(!hours.allow(BERLIN, at("2026-01-05T04:30:00Z")));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let problem = |value| hours(value).problem().map(|(field, _)| field);
        assert_eq!(problem(json!({"from": "08:00", "until": "21:00"})), None);
        assert_eq!(
            problem(json!({"from": "21:00", "until": "08:00"})),
            Some("until")
        );
        assert_eq!(
            problem(json!({"from": "08:00", "until": "21:00", "days": []})),
            Some("days")
        );
        assert_eq!(
            problem(json!({"from": "08:00", "until": "21:00", "timezone": "Mars/Base"})),
            Some("timezone")
        );
        for time in ["8:00", "08:60", "24:01", "+8:00", "", "0800", "08:00:00"] {
            assert!(Minute::try_from(time.to_owned()).is_err(), "{time}");
        }
    }

    #[test]
    fn every_zone_of_the_table_exists() {
        for (_, zone) in ZONES
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(' '))
        {
            assert!(TimeZone::get(zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn a_country_that_is_not_known_keeps_utc() {
        assert_eq!(zones_of("+9991234567"), ["UTC"]);
    }
}
