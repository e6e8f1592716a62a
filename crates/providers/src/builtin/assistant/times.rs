//! Where in a wish times are told, and how long something is to last.

use super::{
    lengths::{length, number},
    tokens::Tokens,
};
use crate::spoken_numbers::ORDINALS;
use std::ops::Range;

/// Words that tell nothing but times.
const TELLING: &[&str] = &[
    "today",
    "tomorrow",
    "tonight",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mondays",
    "fridays",
    "weekend",
    "morning",
    "afternoon",
    "evening",
    "noon",
    "midday",
    "midnight",
    "oclock",
    "o'clock",
    "eod",
];
const MONTHS: &[&str] = &[
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Months that are other words as well.
const DOUBTFUL_MONTHS: &[&str] = &["march", "may"];
/// They belong to a time when one is beside them.
const JOINTS: &[&str] = &[
    "at", "on", "in", "this", "next", "last", "coming", "the", "for", "from", "until", "till",
    "to", "by", "about", "around", "after", "before", "between", "past", "and", "of", "a", "an",
    "half", "quarter", "day", "first", "thing", "early", "late", "end", "oh",
];
/// Before them a time begins, and none of them belongs to it.
const LEADS: &[&str] = &[
    "at", "on", "for", "by", "to", "and", "of", "about", "around", "the", "last",
];
/// A number behind one of them is an hour.
const BEFORE_HOUR: &[&str] = &[
    "at", "by", "around", "from", "between", "until", "till", "after", "before", "past",
];
const UNITS: &[&str] = &[
    "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months",
];
fn is_ordinal(word: &str) -> bool {
    ORDINALS.contains(&word) || matches!(word, "twentieth" | "thirtieth")
}

/// Whether this names a month.
pub(super) fn is_month(word: &str) -> bool {
    MONTHS.contains(&word) || DOUBTFUL_MONTHS.contains(&word)
}

/// What a word may be of a time.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Telling,
    Number,
    Joint,
    Other,
}

/// The times that are told in a wish.
#[derive(Debug, Default)]
pub(super) struct Times {
    spans: Vec<Range<usize>>,
    length: Option<(Range<usize>, u32)>,
}

impl Times {
    pub(super) fn of(tokens: &Tokens<'_>) -> Self {
        let length = length(tokens);
        let is_length = |at: usize| length.as_ref().is_some_and(|(span, _)| span.contains(&at));
        let kind = |at: usize| {
            if is_length(at) {
                Kind::Other
            } else {
                kind(tokens, at)
            }
        };
        let mut spans = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let begin = at;
            while at < tokens.len() && kind(at) != Kind::Other {
                at += 1;
            }
            let run = begin..at;
            if run.clone().any(|at| is_anchor(tokens, at, kind(at))) {
                spans.push(trimmed(tokens, run, kind));
            }
            at += 1;
        }
        Self { spans, length }
    }

    /// Whether a word belongs to a time, or to a length.
    pub(super) fn covers(&self, at: usize) -> bool {
        let mut spans = self
            .spans
            .iter()
            .chain(self.length.iter().map(|(span, _)| span));
        spans.any(|span| span.contains(&at))
    }

    /// All times from a place on, put together: "tomorrow at 6 PM".
    pub(super) fn told(&self, tokens: &Tokens<'_>, from: usize) -> Option<String> {
        let spans = self.spans.iter().filter(|span| span.start >= from);
        let told: Vec<String> = spans.map(|span| tokens.written(span.clone())).collect();
        (!told.is_empty()).then(|| told.join(" "))
    }

    /// How long it is to last.
    pub(super) fn minutes(&self) -> Option<u32> {
        self.length.as_ref().map(|(_, minutes)| *minutes)
    }
}

/// `9:30`, `6pm`, `10:30am`, `2-4pm`, `2026-06-05`, `5th`.
fn is_written_time(word: &str) -> bool {
    let begin = word.trim_end_matches("pm").trim_end_matches("am");
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, ':' | '-');
    let is_figures =
        begin.starts_with(|c: char| c.is_ascii_digit()) && begin.chars().all(is_figure);
    let is_ordinal = ["st", "nd", "rd", "th"].iter().any(|end| {
        word.strip_suffix(end)
            .is_some_and(|day| day.parse::<u8>().is_ok())
    });
    is_figures && (begin.len() < word.len() || begin.contains([':', '-'])) || is_ordinal
}

/// Whether a word may be an hour: `6`, `10:30`, `six`, `6pm`.
pub(super) fn is_hour(word: &str) -> bool {
    number(word).is_some_and(|hour| hour <= 59)
        || is_written_time(word)
        || matches!(word, "half" | "quarter")
}

fn kind(tokens: &Tokens<'_>, at: usize) -> Kind {
    let word = tokens.plain(at);
    let word = word.strip_suffix("'s").unwrap_or(word);
    let (before, next) = (tokens.before(at), tokens.plain(at + 1));
    let is_one_on_one = |at: usize| {
        tokens.is(at, &["one"]) && tokens.is(at + 1, &["on"]) && tokens.is(at + 2, &["one"])
    };
    if (at.saturating_sub(2)..=at).any(is_one_on_one) {
        return Kind::Other;
    }
    let is_counted = |word: &str| {
        number(word).is_some() || matches!(word, "next" | "this" | "last" | "a" | "coming" | "of")
    };
    let is_month = |word: &str| MONTHS.contains(&word) || DOUBTFUL_MONTHS.contains(&word);
    let is_telling = TELLING.contains(&word)
        || MONTHS.contains(&word)
        || is_written_time(word)
        || is_day(word) && (is_month(before) || next == "of" && is_month(tokens.plain(at + 2)))
        || DOUBTFUL_MONTHS.contains(&word) && [before, next].into_iter().any(is_day)
        || matches!(word, "am" | "pm" | "a.m" | "p.m") && is_hour(before)
        || word == "half" && before == "a" && at > 1 && tokens.is(at - 2, &["and"])
        || matches!(word, "a" | "p") && next == "m"
        || word == "m" && matches!(before, "a" | "p")
        || word == "now" && before == "from"
        || matches!(word, "later" | "earlier") && UNITS.contains(&before)
        || matches!(word, "half" | "quarter")
            && matches!(next, "past" | "to" | "after" | "of" | "an" | "a" | "hour")
        || matches!(word, "hour" | "hours") && matches!(before, "an" | "half" | "a")
        || UNITS.contains(&word) && is_counted(before)
        || word == "week" && matches!(next, "after" | "from")
        || word == "week" && TELLING.contains(&before)
        || word == "day" && next == "after"
        || word == "thing" && before == "first"
        || word == "night" && (TELLING.contains(&before) || before == "at");
    if is_telling {
        Kind::Telling
    } else if number(word).is_some() || word.len() > 5 && is_day(word) {
        Kind::Number
    } else if JOINTS.contains(&word) {
        Kind::Joint
    } else {
        Kind::Other
    }
}

/// A day of the month: `5`, `5th`, `fifth`, `twenty-first`.
fn is_day(word: &str) -> bool {
    let word = word.rsplit('-').next().unwrap_or(word);
    is_ordinal(word) || number(word).is_some() || is_written_time(word)
}

fn is_anchor(tokens: &Tokens<'_>, at: usize, kind: Kind) -> bool {
    match kind {
        Kind::Telling => true,
        Kind::Number => {
            let is_on_the = at >= 2 && tokens.is(at - 2, &["on"]) && tokens.is(at - 1, &["the"]);
            BEFORE_HOUR.contains(&tokens.before(at)) || is_on_the && is_day(tokens.plain(at))
        }
        Kind::Joint | Kind::Other => false,
    }
}

/// A run of words of time without the words around it that only lead to it or away from it.
fn trimmed(tokens: &Tokens<'_>, run: Range<usize>, kind: impl Fn(usize) -> Kind) -> Range<usize> {
    let (mut begin, mut end) = (run.start, run.end);
    while begin < end && kind(begin) == Kind::Joint {
        let word = tokens.plain(begin);
        let next = tokens.plain(begin + 1);
        let is_article = matches!(word, "a" | "an")
            && !UNITS.contains(&next)
            && !matches!(next, "quarter" | "half");
        if !LEADS.contains(&word) && !is_article
            || word == "last" && kind(begin + 1) == Kind::Telling
        {
            break;
        }
        begin += 1;
    }
    while end > begin && kind(end - 1) == Kind::Joint {
        end -= 1;
    }
    begin..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found() {
        for (text, expected) in [
            ("What's on my calendar today?", Some("today")),
            ("do I have meetings this week", Some("this week")),
            (
                "Create a meeting tomorrow at 6 PM.",
                Some("tomorrow at 6 PM"),
            ),
            (
                "schedule a call on Friday at ten a m with John",
                Some("Friday at ten a m"),
            ),
            ("book lunch at noon on Monday", Some("noon on Monday")),
            (
                "Tomorrow, book a call at half past three",
                Some("Tomorrow half past three"),
            ),
            (
                "remind me in twenty minutes to call Bob",
                Some("in twenty minutes"),
            ),
            (
                "a call the day after tomorrow at noon",
                Some("day after tomorrow at noon"),
            ),
            ("lunch on the twenty-first at 1", Some("twenty-first at 1")),
            (
                "a review on June 5th at quarter to four",
                Some("June 5th at quarter to four"),
            ),
            (
                "book the room a week from Monday at 9 AM",
                Some("a week from Monday at 9 AM"),
            ),
            ("add a one on one with Ann at 3", Some("3")),
            (
                "a meeting from 2 to 4 tomorrow",
                Some("from 2 to 4 tomorrow"),
            ),
            (
                "a call tomorrow at 6 for an hour and a half",
                Some("tomorrow at 6"),
            ),
            (
                "what is on in the next three days",
                Some("in the next three days"),
            ),
            ("what's on next weekend", Some("next weekend")),
            ("May I book a call with two people", None),
            ("what is on my calendar", None),
        ] {
            let tokens = Tokens::of(text);
            assert_eq!(
                Times::of(&tokens).told(&tokens, 0).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
