//! How long something is to last, and numbers as they are spoken.

use super::{times::is_hour, tokens::Tokens};
use crate::spoken_numbers::{ONES, TENS};
use std::ops::Range;

/// `6`, `six`, `twenty-five`.
pub(super) fn number(word: &str) -> Option<u32> {
    let one = |word: &str| ONES.iter().position(|one| *one == word);
    let ten = |word: &str| {
        TENS.iter()
            .position(|ten| *ten == word)
            .map(|at| (at + 2) * 10)
    };
    let number = match word.split_once('-') {
        Some((tens, ones)) => Some(ten(tens)? + one(ones)?),
        None => one(word).or_else(|| ten(word)),
    };
    match number {
        Some(number) => u32::try_from(number).ok(),
        None => word.parse().ok().filter(|_| word.len() <= 4),
    }
}

/// How long: "for an hour", "a 45 minute call", "for an hour and a half". Not "in an hour", which is a time.
pub(super) fn length(tokens: &Tokens<'_>) -> Option<(Range<usize>, u32)> {
    let mut at = 0;
    while at < tokens.len() {
        let begin = at;
        at += 1;
        let Some((minutes, end)) = minutes(tokens, begin) else {
            continue;
        };
        let is_moment = matches!(tokens.before(begin), "in" | "within" | "by" | "next")
            || tokens.is(
                end,
                &[
                    "from", "later", "earlier", "past", "after", "before", "back", "forward",
                ],
            )
            || tokens.is(end, &["to"]) && is_hour(tokens.plain(end + 1));
        if is_moment {
            at = end;
            continue;
        }
        let is_led = matches!(tokens.before(begin), "for" | "of");
        return Some((begin - usize::from(is_led)..end, minutes));
    }
    None
}

/// Minutes that are told at a place, and where that ends.
pub(super) fn minutes(tokens: &Tokens<'_>, at: usize) -> Option<(u32, usize)> {
    let is_hour = |at: usize| tokens.is(at, &["hour", "hours", "hr", "hrs"]);
    let is_minute = |at: usize| tokens.is(at, &["minute", "minutes", "min", "mins"]);
    let is_half = |at: usize| {
        tokens.is(at, &["and"]) && tokens.is(at + 1, &["a"]) && tokens.is(at + 2, &["half"])
    };
    let word = tokens.plain(at);
    if word == "half" && tokens.is(at + 1, &["an", "a"]) && is_hour(at + 2) {
        return Some((30, at + 3));
    }
    if word == "half" && is_hour(at + 1) {
        return Some((30, at + 2));
    }
    if let Some((count, "minute" | "min" | "hour")) = word.split_once('-') {
        let unit = if word.ends_with("hour") { 60 } else { 1 };
        return Some((number(count)? * unit, at + 1));
    }
    if matches!(word, "a" | "an") && is_hour(at + 1) {
        return Some(if is_half(at + 2) {
            (90, at + 5)
        } else {
            (60, at + 2)
        });
    }
    let count = number(word).filter(|count| *count > 0)?;
    if is_minute(at + 1) {
        return Some((count, at + 2));
    }
    if is_half(at + 1) && is_hour(at + 4) {
        return Some((count * 60 + 30, at + 5));
    }
    if !is_hour(at + 1) {
        return None;
    }
    let (more, end) = match number(tokens.plain(at + 3)) {
        Some(more) if tokens.is(at + 2, &["and"]) && is_minute(at + 4) => (more, at + 5),
        _ if is_half(at + 2) => (30, at + 5),
        _ => (0, at + 2),
    };
    Some((count * 60 + more, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_no_times() {
        for (text, expected) in [
            ("a call at 6 for an hour", Some(60)),
            ("a call at 6 for an hour and a half", Some(90)),
            ("a 45 minute call at 6", Some(45)),
            ("a 45-minute call at 6", Some(45)),
            ("two and a half hours with Ann tomorrow", Some(150)),
            ("for two hours and fifteen minutes", Some(135)),
            ("a call for half an hour", Some(30)),
            ("a call in half an hour", None),
            ("a call in twenty minutes", None),
            ("five minutes past noon", None),
        ] {
            assert_eq!(
                length(&Tokens::of(text)).map(|(_, minutes)| minutes),
                expected,
                "{text}"
            );
        }
    }
}
