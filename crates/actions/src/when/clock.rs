//! Times of day: "6 PM", "half past three", "three thirty", "between 2 and 4", "noon".

use super::{ClockTime, TimeOfDay, words::number};
use jiff::civil::Time;

type Rest<'a, 'w> = &'a [&'w str];

/// The time of day that the words begin with.
pub(super) fn time_of_day<'a, 'w>(words: Rest<'a, 'w>) -> Option<(TimeOfDay, Rest<'a, 'w>)> {
    match words {
        ["from" | "between", rest @ ..] => {
            // Not "5 to 7", which is five minutes before seven.
            let (from, rest) = plain(rest).map(with_half).or_else(|| clock_time(rest))?;
            let ["to" | "and" | "until" | "till", rest @ ..] = rest else {
                return None;
            };
            let (to, rest) = clock_time(rest)?;
            Some((between(from, to), rest))
        }
        ["after", rest @ ..] => clock_time(rest).map(|(time, rest)| (TimeOfDay::After(time), rest)),
        ["before" | "until" | "till", rest @ ..] => {
            clock_time(rest).map(|(time, rest)| (TimeOfDay::Before(time), rest))
        }
        words => {
            let (from, rest) = clock_time(words)?;
            if let ["to" | "until" | "till", to @ ..] = rest
                && let Some((to, rest)) = clock_time(to)
            {
                return Some((between(from, to), rest));
            }
            Some((TimeOfDay::At(from), rest))
        }
    }
}

/// "2 to 4 PM" is both in the afternoon; "11 to 1 PM" is not.
fn between(from: ClockTime, to: ClockTime) -> TimeOfDay {
    let from = match (from.is_certain, to.is_certain) {
        (false, true) => {
            let later = from.other_half();
            let fits = |time: ClockTime| time.time < to.time;
            ClockTime {
                is_certain: true,
                ..if fits(later) { later } else { from }
            }
        }
        _ => from,
    };
    TimeOfDay::Between(from, to)
}

impl ClockTime {
    fn certain(hour: i8, minute: i8) -> Option<Self> {
        Some(Self {
            time: Time::new(hour, minute, 0, 0).ok()?,
            is_certain: true,
        })
    }

    fn open(hour: i8, minute: i8) -> Option<Self> {
        // From 13 on, and 0, it is said once a day.
        Some(Self {
            time: Time::new(hour, minute, 0, 0).ok()?,
            is_certain: !(1..=12).contains(&hour),
        })
    }

    /// The same on the other half of the clock.
    pub(super) fn other_half(self) -> Self {
        let hour = (self.time.hour() + 12) % 24;
        Self {
            time: self.time.with().hour(hour).build().unwrap_or(self.time),
            ..self
        }
    }
}

fn clock_time<'a, 'w>(words: Rest<'a, 'w>) -> Option<(ClockTime, Rest<'a, 'w>)> {
    let (time, rest) = match words {
        ["noon" | "midday" | "lunch" | "lunchtime", rest @ ..] => {
            return Some((ClockTime::certain(12, 0)?, rest));
        }
        ["midnight", rest @ ..] => return Some((ClockTime::certain(0, 0)?, rest)),
        ["end", "of", "day", rest @ ..]
        | ["close", "of", "business", rest @ ..]
        | ["eod" | "cob", rest @ ..] => {
            return Some((ClockTime::certain(17, 0)?, rest));
        }
        ["1th", "thing", rest @ ..] => {
            return Some((ClockTime::certain(9, 0)?, rest));
        }
        ["half", "past", rest @ ..] => past(30, rest)?,
        ["quarter", "past" | "after", rest @ ..]
        | ["a", "quarter", "past" | "after", rest @ ..] => past(15, rest)?,
        ["quarter", "to" | "of", rest @ ..] | ["a", "quarter", "to" | "of", rest @ ..] => {
            past(-15, rest)?
        }
        [
            n @ ("5" | "10" | "20" | "25"),
            "minutes",
            "past" | "after",
            rest @ ..,
        ]
        | [n @ ("5" | "10" | "20" | "25"), "past", rest @ ..] => past(n.parse().ok()?, rest)?,
        [n @ ("5" | "10" | "20" | "25"), "minutes", "to", rest @ ..]
        | [n @ ("5" | "10" | "20" | "25"), "to", rest @ ..] => past(-n.parse::<i8>().ok()?, rest)?,
        words => plain(words)?,
    };
    Some(with_half((time, rest)))
}

/// So many minutes past (or, less than nothing, to) an hour.
fn past<'a, 'w>(minutes: i8, words: Rest<'a, 'w>) -> Option<(ClockTime, Rest<'a, 'w>)> {
    let (&hour, rest) = words.split_first()?;
    let hour: i8 = match hour {
        "noon" => 12,
        "midnight" => 0,
        hour => hour.parse().ok().filter(|hour| (0..24).contains(hour))?,
    };
    let minute = minutes.rem_euclid(60);
    let hour_before = if hour == 1 { 12 } else { (hour + 23) % 24 };
    Some((
        ClockTime::open(if minutes < 0 { hour_before } else { hour }, minute)?,
        rest,
    ))
}

/// `6`, `18:30`, `6 30`, `6 0 5` ("six oh five")
fn plain<'a, 'w>(words: Rest<'a, 'w>) -> Option<(ClockTime, Rest<'a, 'w>)> {
    let (&first, rest) = words.split_first()?;
    if let Some((hour, minute)) = first.split_once([':', '.']) {
        let is_whole = minute.len() == 2 && hour.len() <= 2;
        let hour_number: i8 = hour.parse().ok()?;
        let time = ClockTime::open(hour_number, minute.parse().ok()?).filter(|_| is_whole)?;
        // "06:30" is written by those who count to 24.
        return Some((
            ClockTime {
                is_certain: time.is_certain || hour.starts_with('0'),
                ..time
            },
            rest,
        ));
    }
    if first.len() == 4 && first.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((
            ClockTime::certain(first[..2].parse().ok()?, first[2..].parse().ok()?)?,
            rest,
        ));
    }
    let hour = i8::try_from(number(first)?).ok()?;
    match rest {
        ["oh" | "o" | "0", minute, rest @ ..] if matches!(minute.parse::<i8>(), Ok(1..=9)) => {
            Some((ClockTime::open(hour, minute.parse().ok()?)?, rest))
        }
        [minute, rest @ ..] if minute.len() == 2 && matches!(minute.parse::<i8>(), Ok(10..=59)) => {
            Some((ClockTime::open(hour, minute.parse().ok()?)?, rest))
        }
        rest => Some((ClockTime::open(hour, 0)?, rest)),
    }
}

/// "am", "PM" behind it.
fn with_half<'a, 'w>((time, rest): (ClockTime, Rest<'a, 'w>)) -> (ClockTime, Rest<'a, 'w>) {
    let (is_afternoon, rest) = match rest {
        ["am", rest @ ..] | ["a", "m", rest @ ..] => (false, rest),
        ["pm", rest @ ..] | ["p", "m", rest @ ..] => (true, rest),
        rest => return (time, rest),
    };
    let is_in_afternoon = time.time.hour() >= 12;
    let time = if is_in_afternoon == is_afternoon {
        time
    } else {
        time.other_half()
    };
    (
        ClockTime {
            is_certain: true,
            ..time
        },
        rest,
    )
}
