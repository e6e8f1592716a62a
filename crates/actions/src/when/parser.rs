//! From words to what was said.

use super::{
    Day, Part, Said, Unclear, calendar, clock,
    words::{number, words},
};
use jiff::{Span, ToSpan as _, Zoned};

impl Said {
    /// Reads a time. `now` carries the speaker's time zone. Words that are not understood are not passed over: who
    /// says "every Monday" does not mean one Monday.
    pub fn parse(text: &str, now: &Zoned) -> Result<Self, Unclear> {
        let not_understood = || Unclear::NotUnderstood(text.trim().to_owned());
        if let Some(exact) = exact(text.trim(), now) {
            return Ok(Self {
                exact: Some(exact),
                ..Self::default()
            });
        }
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut said = Self::default();
        let mut rest = words.as_slice();
        while !rest.is_empty() {
            rest = said.read(rest, now).ok_or_else(not_understood)?;
        }
        if said == Self::default() {
            return Err(not_understood());
        }
        Ok(said)
    }

    /// Takes what the words begin with; `None` when that is nothing known, or contradicts what was said before.
    fn read<'a, 'w>(&mut self, words: &'a [&'w str], now: &Zoned) -> Option<&'a [&'w str]> {
        if let Some((span, rest)) = from_now(words) {
            return set(&mut self.exact, to_the_minute(now.checked_add(span).ok()?))
                .then_some(rest);
        }
        if let Some((minutes, rest)) = shift(words) {
            return set(&mut self.shift, minutes).then_some(rest);
        }
        if let Some((part, is_today, rest)) = part(words) {
            if is_today {
                self.day.get_or_insert(Day::one(now.date()));
            }
            return set(&mut self.part, part).then_some(rest);
        }
        // A date before the clock, which would take the 5 of "5 June".
        if let Some((day, rest)) = calendar::day(words, now.date()) {
            return set(&mut self.day, day).then_some(rest);
        }
        let (time, rest) = clock::time_of_day(words)?;
        set(&mut self.time, time).then_some(rest)
    }
}

/// Fills an empty place; the same thing said twice is fine.
fn set<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
    if let Some(known) = place {
        return *known == value;
    }
    *place = Some(value);
    true
}

/// RFC 3339, or a date and time as calendars write them.
fn exact(text: &str, now: &Zoned) -> Option<Zoned> {
    if text.len() < 16 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let zone = now.time_zone().clone();
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(stamp.to_zoned(zone));
    }
    text.parse::<jiff::civil::DateTime>()
        .ok()?
        .to_zoned(zone)
        .ok()
}

/// "in two hours", "in half an hour", "in an hour and a half", "20 minutes from now". Days from now are dates.
fn from_now<'a, 'w>(words: &'a [&'w str]) -> Option<(Span, &'a [&'w str])> {
    let (is_marked, words) = match words {
        ["in" | "within", rest @ ..] => (true, rest),
        _ => (false, words),
    };
    let (minutes, rest) = minutes(words)?;
    match rest {
        ["from", "now", rest @ ..] => Some((minutes.minutes(), rest)),
        _ if is_marked => Some((minutes.minutes(), rest)),
        _ => None,
    }
}

/// "Half an hour later", "30 minutes earlier".
fn shift<'a, 'w>(words: &'a [&'w str]) -> Option<(i64, &'a [&'w str])> {
    let (minutes, rest) = minutes(words)?;
    match rest {
        ["later", rest @ ..] => Some((minutes, rest)),
        ["earlier" | "sooner", rest @ ..] => Some((-minutes, rest)),
        _ => None,
    }
}

/// Nobody who says "in twenty minutes" counts seconds.
fn to_the_minute(moment: Zoned) -> Zoned {
    let whole = moment.with().second(0).subsec_nanosecond(0).build();
    whole.unwrap_or(moment)
}

fn minutes<'a, 'w>(words: &'a [&'w str]) -> Option<(i64, &'a [&'w str])> {
    let (minutes, rest) = match words {
        ["half", "a" | "an", "hour", rest @ ..] | ["a" | "an", "half", "hour", rest @ ..] => {
            return Some((30, rest));
        }
        ["quarter", "of", "an", "hour", rest @ ..]
        | ["a", "quarter", "of", "an", "hour", rest @ ..] => return Some((15, rest)),
        ["a" | "an", "hour" | "hr", rest @ ..] => (60, rest),
        [n, "and", "a", "half", "hours", rest @ ..] => {
            return Some((i64::from(number(n)?) * 60 + 30, rest));
        }
        [n, "hour" | "hours" | "hr" | "hrs" | "h", rest @ ..] => (i64::from(number(n)?) * 60, rest),
        ["a", "minute", rest @ ..] => return Some((1, rest)),
        [n, "minute" | "minutes" | "min" | "mins", rest @ ..] => {
            return Some((i64::from(number(n)?), rest));
        }
        _ => return None,
    };
    match rest {
        ["and", "a", "half", rest @ ..] => Some((minutes + 30, rest)),
        ["and", n, "minutes" | "mins", rest @ ..] | [n, "minutes" | "mins", rest @ ..] => {
            Some((minutes + i64::from(number(n)?), rest))
        }
        rest => Some((minutes, rest)),
    }
}

/// A part of the day, and whether it was said to be today's.
fn part<'a, 'w>(words: &'a [&'w str]) -> Option<(Part, bool, &'a [&'w str])> {
    let (is_today, words) = match words {
        ["tonight", rest @ ..] => return Some((Part::Evening, true, rest)),
        ["this", rest @ ..] => (true, rest),
        ["in" | "during" | "early" | "late" | "later", rest @ ..] => (false, rest),
        _ => (false, words),
    };
    let part = match *words.first()? {
        "morning" => Part::Morning,
        "afternoon" => Part::Afternoon,
        "evening" => Part::Evening,
        "night" => Part::Night,
        _ => return None,
    };
    Some((part, is_today, &words[1..]))
}
