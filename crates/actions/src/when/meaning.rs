//! What was said, put on the calendar.

use super::{ClockTime, Day, Part, Said, TimeOfDay, Unclear};
use jiff::{
    ToSpan as _, Zoned,
    civil::{Date, Time},
    tz::TimeZone,
};

/// Who says "at three" at one past three means today's three.
const GRACE_MINUTES: i64 = 5;

impl Said {
    /// The moment, to make an event or a reminder: in the future, with day and time.
    pub fn moment(&self, now: &Zoned) -> Result<Zoned, Unclear> {
        if let Some(minutes) = self.shift {
            return not_past(now.saturating_add(minutes.minutes()), now);
        }
        if let Some(exact) = &self.exact {
            return not_past(exact.clone(), now);
        }
        let day = self.day.unwrap_or(Day::one(now.date()));
        if !day.is_one() {
            return Err(Unclear::NeedsDay);
        }
        let Some(clock) = self.begin() else {
            return Err(Unclear::NeedsTime(day.first));
        };
        let zone = now.time_zone();
        let at = |date: Date, time: Time| on(date, time, zone);
        if let Some(other) = day.or {
            return Err(Unclear::Ambiguous(vec![
                at(day.first, clock.time),
                at(other, clock.time),
            ]));
        }
        let likely = at(day.first, clock.time);
        let earliest = now.saturating_sub(GRACE_MINUTES.minutes());
        if likely >= earliest {
            return Ok(likely);
        }
        // Today, and over: the other half of the clock if that was left open, else tomorrow if no day was said.
        let later = at(day.first, clock.other_half().time);
        if !clock.is_certain && later >= earliest {
            return Ok(later);
        }
        if self.day.is_none() {
            return Ok(at(plus(day.first, 1), clock.time));
        }
        Err(Unclear::Past(likely))
    }

    /// From when to when, to look at a calendar: a day or days, a part of a day, an hour from a moment.
    pub fn span(&self, now: &Zoned) -> (Zoned, Zoned) {
        if let Some(exact) = &self.exact {
            return (exact.clone(), exact.saturating_add(1.hour()));
        }
        let zone = now.time_zone();
        let day = self.day.unwrap_or(Day::one(now.date()));
        let midnight = |date: Date| on(date, Time::midnight(), zone);
        let whole = (midnight(day.first), midnight(plus(day.last, 1)));
        let at = |clock: ClockTime| on(day.first, clock.time, zone);
        match (self.time, self.part) {
            (Some(TimeOfDay::Between(from, to)), _) => {
                let (from, mut to) = (self.in_part(from), self.in_part(to));
                if to.time <= from.time {
                    to = to.other_half();
                }
                let end = if to.time <= from.time {
                    on(plus(day.first, 1), to.time, zone)
                } else {
                    at(to)
                };
                (at(from), end)
            }
            (Some(TimeOfDay::After(from)), _) => (at(self.in_part(from)), whole.1),
            (Some(TimeOfDay::Before(to)), _) => (whole.0, at(self.in_part(to))),
            (Some(TimeOfDay::At(time)), _) => {
                let begin = at(self.in_part(time));
                let end = begin.saturating_add(1.hour());
                (begin, end)
            }
            (None, Some(part)) => {
                let (from, to) = part.hours();
                (
                    on(day.first, from, zone),
                    on(
                        if to == Time::midnight() {
                            plus(day.first, 1)
                        } else {
                            day.first
                        },
                        to,
                        zone,
                    ),
                )
            }
            (None, None) => whole,
        }
    }

    /// Where an event that is known moves: what was not said stays as it is. "Move my 3 PM meeting to 4" means 4 PM.
    pub fn moved(&self, event: &Zoned, now: &Zoned) -> Result<Zoned, Unclear> {
        if let Some(minutes) = self.shift {
            return not_past(event.saturating_add(minutes.minutes()), now);
        }
        if let Some(exact) = &self.exact {
            return not_past(exact.clone(), now);
        }
        let day = self.day.unwrap_or(Day::one(event.date()));
        if !day.is_one() {
            return Err(Unclear::NeedsDay);
        }
        let time = match self.begin() {
            Some(clock) if self.is_open() => nearest(clock, event.time()),
            Some(clock) => clock.time,
            None => event.time(),
        };
        if let Some(other) = day.or {
            return Err(Unclear::Ambiguous(vec![
                on(day.first, time, now.time_zone()),
                on(other, time, now.time_zone()),
            ]));
        }
        not_past(on(day.first, time, now.time_zone()), now)
    }

    /// Whether an event that begins then is the one that was named: "my 3 PM meeting", "tomorrow's call".
    pub fn fits(&self, event: &Zoned, now: &Zoned) -> bool {
        if let Some(exact) = &self.exact {
            return (exact.timestamp().as_second() - event.timestamp().as_second()).abs() < 60;
        }
        let is_day = self.day.is_none_or(|day| {
            (day.first..=day.last).contains(&event.date())
                || day.or.is_some_and(|other| other == event.date())
        });
        let event = event.with_time_zone(now.time_zone().clone());
        let is_time = match self.time {
            None => true,
            Some(TimeOfDay::At(clock)) => {
                let clock = self.in_part_as_said(clock);
                event.time() == clock.time
                    || (self.is_open() && event.time() == clock.other_half().time)
            }
            Some(TimeOfDay::Between(from, to)) => (from.time..=to.time).contains(&event.time()),
            Some(TimeOfDay::After(from)) => event.time() >= from.time,
            Some(TimeOfDay::Before(to)) => event.time() < to.time,
        };
        let is_part = self.time.is_some()
            || self.part.is_none_or(|part| {
                let (from, to) = part.hours();
                event.time() >= from && (to == Time::midnight() || event.time() < to)
            });
        is_day && is_time && is_part
    }

    /// How long it lasts, where "from two to three" said so.
    pub fn minutes(&self) -> Option<i64> {
        let Some(TimeOfDay::Between(from, to)) = self.time else {
            return None;
        };
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        let length = (minutes(to.time) - minutes(from.time)).rem_euclid(24 * 60);
        // "From 11 to 1"
        Some(if length > 12 * 60 && !to.is_certain {
            length - 12 * 60
        } else {
            length
        })
    }

    /// The time of day at which it begins.
    fn begin(&self) -> Option<ClockTime> {
        match self.time? {
            TimeOfDay::At(clock) | TimeOfDay::Between(clock, _) | TimeOfDay::After(clock) => {
                Some(self.in_part(clock))
            }
            TimeOfDay::Before(_) => None,
        }
    }

    /// Neither "PM" nor "in the evening" was said.
    fn is_open(&self) -> bool {
        let is_certain = match self.time {
            Some(
                TimeOfDay::At(clock)
                | TimeOfDay::Between(clock, _)
                | TimeOfDay::After(clock)
                | TimeOfDay::Before(clock),
            ) => clock.is_certain,
            None => true,
        };
        !is_certain && self.part.is_none()
    }

    /// The clock time of that part of the day; with no part, as people mean it in daily life: 1 to 6 is in the
    /// afternoon, 7 to 12 before or at noon.
    fn in_part(&self, clock: ClockTime) -> ClockTime {
        if clock.is_certain {
            return clock;
        }
        let hour = clock.time.hour() % 12;
        let is_afternoon = match self.part {
            Some(Part::Morning) => false,
            Some(Part::Afternoon) => true,
            Some(Part::Evening) => hour != 0,
            Some(Part::Night) => (6..12).contains(&hour),
            None => hour < 7,
        };
        let hour = hour + if is_afternoon { 12 } else { 0 };
        ClockTime {
            time: clock.time.with().hour(hour).build().unwrap_or(clock.time),
            is_certain: self.part.is_some(),
        }
    }

    fn in_part_as_said(&self, clock: ClockTime) -> ClockTime {
        if self.part.is_some() {
            self.in_part(clock)
        } else {
            clock
        }
    }
}

impl Part {
    /// From, to; to midnight is 00:00.
    fn hours(self) -> (Time, Time) {
        match self {
            Self::Morning => (Time::constant(5, 0, 0, 0), Time::constant(12, 0, 0, 0)),
            Self::Afternoon => (Time::constant(12, 0, 0, 0), Time::constant(18, 0, 0, 0)),
            Self::Evening => (Time::constant(17, 0, 0, 0), Time::midnight()),
            Self::Night => (Time::constant(20, 0, 0, 0), Time::midnight()),
        }
    }
}

fn nearest(clock: ClockTime, to: Time) -> Time {
    let minutes = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let distance = |time: Time| (minutes(time) - minutes(to)).abs();
    let other = clock.other_half().time;
    if distance(other) < distance(clock.time) {
        other
    } else {
        clock.time
    }
}

fn not_past(moment: Zoned, now: &Zoned) -> Result<Zoned, Unclear> {
    if moment < now.saturating_sub(GRACE_MINUTES.minutes()) {
        return Err(Unclear::Past(moment));
    }
    Ok(moment)
}

fn plus(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}

/// In that zone. A time that the change to summer time leaves out is said an hour later.
fn on(date: Date, time: Time, zone: &TimeZone) -> Zoned {
    date.to_datetime(time)
        .to_zoned(zone.clone())
        .unwrap_or_else(|_| Zoned::new(jiff::Timestamp::MAX, zone.clone()))
}
