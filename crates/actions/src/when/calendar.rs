//! Days: "tomorrow", "next Friday", "the 5th", "June 5", "next week".

use super::{
    Day,
    words::{number, ordinal},
};
use jiff::{
    ToSpan as _,
    civil::{Date, Weekday},
};

type Rest<'a, 'w> = &'a [&'w str];

impl Day {
    pub(super) fn one(date: Date) -> Self {
        Self {
            first: date,
            last: date,
            or: None,
        }
    }

    fn several(first: Date, days: i64) -> Option<Self> {
        Some(Self {
            first,
            last: plus(first, days - 1)?,
            or: None,
        })
    }

    pub(super) fn is_one(self) -> bool {
        self.first == self.last
    }
}

/// The day that the words begin with, as somebody says it on `today`.
pub(super) fn day<'a, 'w>(words: Rest<'a, 'w>, today: Date) -> Option<(Day, Rest<'a, 'w>)> {
    near(words, today)
        .or_else(|| weekday(words, today))
        .or_else(|| span(words, today))
        .or_else(|| counted(words, today))
        .or_else(|| date(words, today))
}

fn plus(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

/// The Monday of a date's week.
fn monday(date: Date) -> Option<Date> {
    plus(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

fn near<'a, 'w>(words: Rest<'a, 'w>, today: Date) -> Option<(Day, Rest<'a, 'w>)> {
    let (days, rest) = match words {
        ["today", rest @ ..] => (0, rest),
        ["day", "after", "tomorrow", rest @ ..] => (2, rest),
        ["tomorrow", rest @ ..] => (1, rest),
        ["day", "before", "yesterday", rest @ ..] => (-2, rest),
        ["yesterday", rest @ ..] => (-1, rest),
        _ => return None,
    };
    Some((Day::one(plus(today, days)?), rest))
}

/// "Friday" is the coming one, today included; "next Friday" that of the next week. Said on Monday to Thursday, many
/// mean this week's by it, so that one is kept as the other reading.
fn weekday<'a, 'w>(words: Rest<'a, 'w>, today: Date) -> Option<(Day, Rest<'a, 'w>)> {
    let (which, named, rest) = match words {
        [
            which @ ("next" | "this" | "coming" | "last"),
            name,
            rest @ ..,
        ] => (*which, named(name)?, rest),
        [name, "next", "week", rest @ ..] => ("next week", named(name)?, rest),
        [name, "week", rest @ ..] => ("a week later", named(name)?, rest),
        [name, rest @ ..] => ("coming", named(name)?, rest),
        [] => return None,
    };
    let ahead = i64::from(today.weekday().until(named));
    let coming = plus(today, ahead)?;
    let in_next_week = plus(monday(today)?, 7 + i64::from(named.to_monday_zero_offset()))?;
    let day = match which {
        "a week later" => Day::one(plus(coming, 7)?),
        "last" => Day::one(plus(
            today,
            -i64::from(today.weekday().since(named)).rem_euclid(7) - if ahead == 0 { 7 } else { 0 },
        )?),
        "next" if in_next_week == plus(coming, 7)? && ahead > 0 => Day {
            or: Some(coming),
            ..Day::one(in_next_week)
        },
        "next" | "next week" => Day::one(in_next_week),
        _ => Day::one(coming),
    };
    Some((day, rest))
}

fn span<'a, 'w>(words: Rest<'a, 'w>, today: Date) -> Option<(Day, Rest<'a, 'w>)> {
    let this_monday = monday(today)?;
    let first_of_month = today.first_of_month();
    let month = |first: Date| {
        Some(Day {
            first,
            last: first.last_of_month(),
            or: None,
        })
    };
    let (day, rest) = match words {
        ["this", "week", rest @ ..] => (
            Day {
                first: today,
                last: plus(this_monday, 6)?,
                or: None,
            },
            rest,
        ),
        ["week", "after", "next", rest @ ..] => (Day::several(plus(this_monday, 14)?, 7)?, rest),
        ["next", "week", rest @ ..] => (Day::several(plus(this_monday, 7)?, 7)?, rest),
        ["last", "week", rest @ ..] => (Day::several(plus(this_monday, -7)?, 7)?, rest),
        ["next", "weekend", rest @ ..] => (Day::several(plus(this_monday, 12)?, 2)?, rest),
        ["this", "weekend", rest @ ..] | ["weekend", rest @ ..] => {
            (Day::several(plus(this_monday, 5)?, 2)?, rest)
        }
        ["this", "month", rest @ ..] => (
            Day {
                first: today,
                last: today.last_of_month(),
                or: None,
            },
            rest,
        ),
        ["next", "month", rest @ ..] => (month(first_of_month.checked_add(1.month()).ok()?)?, rest),
        ["next", n, "days", rest @ ..] => (
            Day::several(today, i64::from(number(n)?).clamp(1, 366))?,
            rest,
        ),
        _ => return None,
    };
    Some((day, rest))
}

/// "in three days", "two weeks from now", "a week from Monday"
fn counted<'a, 'w>(words: Rest<'a, 'w>, today: Date) -> Option<(Day, Rest<'a, 'w>)> {
    let (is_marked, words) = match words {
        ["in", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (count, unit, rest) = match words {
        ["a", unit, rest @ ..] => (1, *unit, rest),
        [n, unit, rest @ ..] => (number(n)?, *unit, rest),
        _ => return None,
    };
    let count = i64::from(count);
    let span = match unit {
        "day" | "days" => count.days(),
        "week" | "weeks" => (count * 7).days(),
        "month" | "months" => count.months(),
        _ => return None,
    };
    let (begin, rest) = match rest {
        ["from", "now", rest @ ..] => (today, rest),
        ["from", rest @ ..] => {
            let (from, rest) = day(rest, today)?;
            (from.first, rest)
        }
        rest if is_marked => (today, rest),
        _ => return None,
    };
    Some((Day::one(begin.checked_add(span).ok()?), rest))
}

/// "June 5", "5th of June 2027", "the 5th", "2026-06-05"
fn date<'a, 'w>(words: Rest<'a, 'w>, today: Date) -> Option<(Day, Rest<'a, 'w>)> {
    let one = |date: Date, rest| Some((Day::one(date), rest));
    let in_month = |month: i8, day: u32, rest: Rest<'a, 'w>| {
        let day = i8::try_from(day).ok()?;
        match rest {
            [year, rest @ ..] if year.len() == 4 && year.starts_with("20") => {
                one(Date::new(year.parse().ok()?, month, day).ok()?, rest)
            }
            rest => one(
                coming(today, |year| Date::new(year, month, day).ok())?,
                rest,
            ),
        }
    };
    let day_number = |word: &str| ordinal(word).or_else(|| number(word));
    match words {
        [iso, rest @ ..] if iso.len() == 10 && iso.as_bytes()[4] == b'-' => {
            one(iso.parse().ok()?, rest)
        }
        [day, "of", month, rest @ ..] if named_month(month).is_some() => {
            in_month(named_month(month)?, day_number(day)?, rest)
        }
        [day, month, rest @ ..] if named_month(month).is_some() => {
            in_month(named_month(month)?, day_number(day)?, rest)
        }
        [month, day, rest @ ..] if named_month(month).is_some() => {
            in_month(named_month(month)?, day_number(day)?, rest)
        }
        [day, rest @ ..] if rest.first() != Some(&"thing") => {
            let day = i8::try_from(ordinal(day)?).ok()?;
            let this_month = Date::new(today.year(), today.month(), day)
                .ok()
                .filter(|date| *date >= today);
            let date = this_month.or_else(|| {
                (1..=12).find_map(|ahead| {
                    today
                        .first_of_month()
                        .checked_add(ahead.months())
                        .ok()?
                        .with()
                        .day(day)
                        .build()
                        .ok()
                })
            });
            one(date?, rest)
        }
        // "First thing tomorrow" is no date.
        _ => None,
    }
}

/// This year's, or the next one's that is there (29 February).
fn coming(today: Date, in_year: impl Fn(i16) -> Option<Date>) -> Option<Date> {
    (0..=8)
        .filter_map(|ahead| in_year(today.year() + ahead))
        .find(|date| *date >= today)
}

fn named(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" | "tues" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" | "thur" | "thurs" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

fn named_month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let found = MONTHS.iter().position(|month| {
        *month == word || (word.len() >= 3 && word.len() <= 4 && month.starts_with(word))
    });
    found.and_then(|index| i8::try_from(index + 1).ok())
}
