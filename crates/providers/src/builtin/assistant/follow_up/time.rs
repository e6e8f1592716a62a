//! A time that was said otherwise.

use crate::builtin::assistant::{
    times::{is_hour, is_month},
    tokens::Tokens,
};

/// Another time; what was not said of it stays as it was: the day, or the time of day.
pub(super) fn changed(known: &str, said: &str) -> String {
    let (day, clock) = parts(known);
    let (new_day, new_clock) = parts(said);
    let half = half(&clock).filter(|_| half(&new_clock).is_none() && is_hour(last(&new_clock)));
    let new_clock = match half {
        Some(half) => format!("{new_clock} {half}"),
        None => new_clock,
    };
    let day = if new_day.is_empty() { day } else { new_day };
    let clock = if new_clock.is_empty() {
        clock
    } else {
        new_clock
    };
    match (day.as_str(), clock.as_str()) {
        ("", clock) => clock.to_owned(),
        (day, "") => day.to_owned(),
        (day, clock) => format!("{day} at {clock}"),
    }
}

fn last(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

fn half(clock: &str) -> Option<&'static str> {
    let clock = clock.to_lowercase().replace('.', "");
    [("am", "AM"), ("pm", "PM")]
        .into_iter()
        .find_map(|(end, half)| clock.ends_with(end).then_some(half))
}

/// What tells the day, and what the time of day.
fn parts(when: &str) -> (String, String) {
    let tokens = Tokens::of(when);
    let is_clock = |at: usize| {
        let is_month = |at: usize| is_month(tokens.plain(at));
        let (word, before) = (tokens.plain(at), tokens.before(at));
        let is_of_date = is_month(at + 1) || at > 0 && is_month(at - 1) || before == "in";
        let begins_clock =
            is_hour(word) && !is_of_date && !is_ordinal(word) && !word.contains("-0");
        begins_clock
            || matches!(
                word.trim_end_matches('.'),
                "am" | "pm"
                    | "a.m"
                    | "p.m"
                    | "noon"
                    | "midnight"
                    | "midday"
                    | "o'clock"
                    | "past"
                    | "oh"
            )
            || word == "to" && at > 0 && is_hour(before)
    };
    let (mut day, mut clock) = (Vec::new(), Vec::new());
    for at in 0..tokens.len() {
        if is_clock(at) {
            clock.push(at);
        } else if !tokens.is(at, &["at", "on", "by", "around", "a"]) {
            day.push(at);
        }
    }
    (tokens.written(day), tokens.written(clock))
}

fn is_ordinal(word: &str) -> bool {
    ["st", "nd", "rd", "th"]
        .iter()
        .any(|end| word.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_time_keeps_what_was_not_said() {
        for (known, said, expected) in [
            ("tomorrow at 6 PM", "5", "tomorrow at 5 PM"),
            ("tomorrow at 6 PM", "Friday", "Friday at 6 PM"),
            ("tomorrow at 6 PM", "7 AM on Monday", "Monday at 7 AM"),
            ("4", "half past four", "half past four"),
            ("tomorrow", "at 3", "tomorrow at 3"),
            (
                "June 5 at 2",
                "quarter to four",
                "June 5 at quarter to four",
            ),
        ] {
            assert_eq!(changed(known, said), expected, "{known} {said}");
        }
    }
}
