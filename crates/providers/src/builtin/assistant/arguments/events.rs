//! Events: what they are called, when they are, who takes part.

use super::{
    question::{WHEN, WHICH_EVENT},
    texts::{address_end, called, capitalised},
};
use crate::builtin::assistant::{
    lengths,
    times::{self, Times},
    tokens::Tokens,
};
use serde_json::{Value, json};

/// Events at which one meets those they are "with".
const MEETINGS: &[&str] = &[
    "meeting",
    "meetings",
    "call",
    "session",
    "appointment",
    "sync",
    "review",
    "stand-up",
    "standup",
    "interview",
    "minutes",
    "hour",
    "hours",
    "chat",
];
const NEW: &[&str] = &[
    "create", "schedule", "book", "add", "set", "arrange", "plan", "make", "put", "remind",
    "invite", "block", "new",
];
/// Words after which no more people are named.
const AFTER_PEOPLE: &[&str] = &[
    "about",
    "for",
    "on",
    "at",
    "called",
    "titled",
    "named",
    "in",
    "to",
    "regarding",
    "from",
];

pub(super) fn agenda(text: &str) -> Value {
    let tokens = Tokens::of(text);
    let when = Times::of(&tokens).told(&tokens, 0);
    let is_next = tokens.position(&["next", "first"]).is_some();
    // "When is my call with Anil?"
    let is_sought = tokens.position(&["when", "when's", "with"]).is_some();
    let usual = if is_next || is_sought {
        "the next 7 days"
    } else {
        "today"
    };
    json!({ "when": when.unwrap_or_else(|| usual.to_owned()) })
}

pub(super) fn span(text: &str) -> Value {
    let tokens = Tokens::of(text);
    match Times::of(&tokens).told(&tokens, 0) {
        Some(when) => json!({ "when": when }),
        None => json!({}),
    }
}

pub(super) fn creation(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let times = Times::of(&tokens);
    let mut arguments = json!({
        "title": title(&tokens, &times),
        "when": times.told(&tokens, 0).ok_or(WHEN)?,
    });
    if let Some(minutes) = times.minutes() {
        arguments["duration_minutes"] = minutes.into();
    }
    if let Some(people) = attendees(&tokens, &times) {
        arguments["attendees"] = people.into();
    }
    Ok(arguments)
}

/// What a new event is called: what is said of it beside its time.
fn title(tokens: &Tokens<'_>, times: &Times) -> String {
    let verb = tokens.position(NEW);
    let mut start = verb.map_or(0, |at| at + 1);
    if tokens.is(start, &["me"]) && tokens.is(start + 1, &["to", "of", "about"]) {
        start += 2;
    }
    let invites = verb.is_some_and(|verb| tokens.is(verb, &["invite"]));
    if invites {
        start = tokens
            .find(&["to", "for"], start)
            .map_or(tokens.len(), |to| to + 1);
    }
    // Neither who is invited beside it nor an address that is spoken out is in the title.
    let ends_title = |at: &usize| {
        tokens.is(*at, &["and"]) && tokens.is(at + 1, &["invite"])
            || tokens.is(*at, &["with"]) && address_end(tokens, at + 1) > at + 1
    };
    let end = (start..tokens.len())
        .find(ends_title)
        .unwrap_or(tokens.len());
    let is_calendar = |at: usize| {
        let is_of_it = tokens.is(at, &["calendar", "agenda"])
            || tokens.is(at, &["on", "to", "in", "my", "the"]) && tokens.is(at + 1, &["calendar"])
            || tokens.is(at, &["on", "to", "in"]) && tokens.is(at + 2, &["calendar"]);
        is_of_it || tokens.is(at, &["google", "outlook"])
    };
    if let Some(name) = called(
        tokens,
        &[
            "on", "at", "for", "tomorrow", "today", "next", "with", "in", "from", "and",
        ],
    ) {
        return capitalised(&name);
    }
    let is_said = |at: &usize| {
        let leads_to_time = tokens.is(*at, &["for", "on", "at", "by"]) && times.covers(at + 1);
        let is_time = times.covers(*at) || leads_to_time;
        !is_time && !is_calendar(*at) && !tokens.is(*at, &["please"])
    };
    let left: Vec<usize> = (start..end).filter(is_said).collect();
    let words = match left.first() {
        // "Book half an hour with Ramesh"
        Some(first) if tokens.is(*first, &["with"]) => {
            let people = tokens.phrase_of(&left);
            people.map(|people| format!("Meeting with {people}"))
        }
        _ => tokens.phrase_of(&left),
    };
    words.map_or_else(|| "Meeting".to_owned(), |words| capitalised(&words))
}

/// Who is to come: "a meeting with Ramesh and Anil", "invite Priya".
fn attendees(tokens: &Tokens<'_>, times: &Times) -> Option<String> {
    let invite = tokens.position(&["invite", "inviting"]);
    let start = invite.or_else(|| {
        let with = tokens.position(&["with"])?;
        let meets = (0..with).any(|at| tokens.is(at, MEETINGS));
        // "With the dentist" names nobody.
        let is_name = !tokens.is(
            with + 1,
            &["the", "my", "our", "a", "an", "everyone", "everybody"],
        );
        (meets && is_name).then_some(with)
    })? + 1;
    let end = (start..tokens.len())
        .find(|at| {
            let is_invited = tokens.is(*at, &["and"]) && tokens.is(at + 1, &["invite"]);
            times.covers(*at) || is_invited || tokens.is(*at, AFTER_PEOPLE)
        })
        .unwrap_or(tokens.len());
    // An address has an "at" of its own.
    let end = address_end(tokens, start).max(end);
    tokens.phrase(start, end)
}

pub(super) fn moving(text: &str) -> Result<Value, &'static str> {
    let (event, when) = moved(text);
    Ok(json!({ "event": event.ok_or(WHICH_EVENT)?, "when": when.ok_or(WHEN)? }))
}

/// Which event is to be moved, and to when: "my 3 PM meeting", "4 PM".
fn moved(text: &str) -> (Option<String>, Option<String>) {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&[
            "move",
            "reschedule",
            "postpone",
            "shift",
            "delay",
            "push",
            "bring",
            "make",
            "none",
        ])
        .map_or(0, |at| at + 1);
    if let Some((event_end, when)) = shift(&tokens, start) {
        return (tokens.phrase(start, event_end), Some(when));
    }
    let is_to = |at: &usize| {
        tokens.is(*at, &["to", "two", "until", "till", "for"]) && begins_time(&tokens, at + 1)
    };
    // "Move my call from 3 to 4": of several the last one leads to the new time.
    let to = (start + 1..tokens.len()).rfind(is_to);
    let when = to.and_then(|to| tokens.phrase(to + 1, tokens.len()));
    let when = when.map(|when| when.trim_end_matches(" please").to_owned());
    let mut end = to.unwrap_or(tokens.len());
    while end > start && tokens.is(end - 1, &["forward", "back", "up", "out"]) {
        end -= 1;
    }
    (tokens.phrase(start, end), when)
}

/// "By an hour", "back 30 minutes", "half an hour later": where that begins, and what it says of the time.
fn shift(tokens: &Tokens<'_>, start: usize) -> Option<(usize, String)> {
    let is_way = |at: usize| {
        tokens.is(
            at,
            &["by", "back", "forward", "up", "earlier", "later", "out"],
        )
    };
    let (begin, end) = (start + 1..tokens.len()).find_map(|at| {
        let (_, end) = lengths::minutes(tokens, at)?;
        (is_way(at - 1) || is_way(end)).then_some((at, end))
    })?;
    let is_earlier = (start..tokens.len()).any(|at| tokens.is(at, &["forward", "earlier", "up"]));
    let way = if is_earlier { "earlier" } else { "later" };
    let mut event_end = begin;
    while event_end > start && is_way(event_end - 1) {
        event_end -= 1;
    }
    let first_way = (start..event_end).find(|at| tokens.is(*at, &["back", "forward", "up", "out"]));
    let when = format!("{} {way}", tokens.written(begin..end));
    Some((first_way.unwrap_or(event_end), when))
}

/// Whether a time begins there, after words that lead to one.
fn begins_time(tokens: &Tokens<'_>, at: usize) -> bool {
    let leads = [
        "at", "on", "in", "this", "next", "the", "by", "about", "around", "a", "half", "quarter",
    ];
    let first = (at..tokens.len()).find(|at| !tokens.is(*at, &leads));
    first.is_some_and(|first| {
        let is_time = Times::of(tokens).covers(first) || times::is_hour(tokens.plain(first));
        is_time && !tokens.is(first + 1, &["people"])
    })
}

pub(super) fn cancellation(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&["cancel", "delete", "remove", "drop", "scrap", "some", "off"])
        .map_or(0, |at| at + 1);
    let end = tokens.find(&["from"], start).filter(|from| {
        tokens.is(from + 1, &["my", "the"]) && tokens.is(from + 2, &["calendar", "agenda"])
    });
    let event = tokens.phrase(start, end.unwrap_or(tokens.len()));
    // "I can't make the 3 PM meeting, cancel it"
    let before = || {
        let begin = tokens.find(&["the", "my"], 0)?;
        tokens.phrase(begin, start.checked_sub(1)?)
    };
    Ok(json!({ "event": event.or_else(before).ok_or(WHICH_EVENT)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_what_is_said_beside_the_time() {
        for (text, expected) in [
            ("Create a meeting tomorrow at 6 PM", "Meeting"),
            ("schedule a call with John on Friday", "Call with John"),
            ("add tomorrow at noon lunch with Ann", "Lunch with Ann"),
            ("schedule tomorrow", "Meeting"),
            ("put dentist on my calendar tomorrow", "Dentist"),
            (
                "Tomorrow at 3 create a meeting with Anil",
                "Meeting with Anil",
            ),
            ("remind me to call Bob in twenty minutes", "Call Bob"),
            ("invite Ramesh to a review tomorrow at 3", "Review"),
            (
                "create a meeting called Budget review tomorrow at 6",
                "Budget review",
            ),
            (
                "add lunch with Ann to my calendar for Friday at noon",
                "Lunch with Ann",
            ),
            (
                "book 30 minutes with Ramesh tomorrow at 2",
                "Meeting with Ramesh",
            ),
            (
                "book an hour with Ramesh on Monday at 11",
                "Meeting with Ramesh",
            ),
            ("a call with zoe at example dot com at 3", "Call"),
            (
                "set a reminder for Friday at noon to call mum",
                "Reminder to call mum",
            ),
        ] {
            let tokens = Tokens::of(text);
            assert_eq!(title(&tokens, &Times::of(&tokens)), expected, "{text}");
        }
    }

    #[test]
    fn those_one_meets_are_invited() {
        for (text, expected) in [
            ("schedule a call with John on Friday", Some("John")),
            (
                "a meeting with Ramesh and Anil tomorrow at 3",
                Some("Ramesh and Anil"),
            ),
            (
                "set up a meeting tomorrow at 6 and invite Priya Nair",
                Some("Priya Nair"),
            ),
            ("invite Ramesh to a review tomorrow", Some("Ramesh")),
            (
                "a call with ramesh at example dot com at 3",
                Some("ramesh at example dot com"),
            ),
            ("book lunch with Sam on Monday", None),
            ("an appointment with the dentist on Monday", None),
        ] {
            let tokens = Tokens::of(text);
            let people = attendees(&tokens, &Times::of(&tokens));
            assert_eq!(people.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_event_is_moved_from_one_time_to_another() {
        for (text, event, when) in [
            (
                "Move my 3 PM meeting to 4 PM.",
                Some("3 PM meeting"),
                Some("4 PM"),
            ),
            (
                "reschedule my meeting with Anna",
                Some("meeting with Anna"),
                None,
            ),
            (
                "reschedule my meeting with Anna to next Friday",
                Some("meeting with Anna"),
                Some("next Friday"),
            ),
            (
                "move my call with Anil to half past four",
                Some("call with Anil"),
                Some("half past four"),
            ),
            ("move my call from 2 to 4", Some("call from 2"), Some("4")),
            (
                "push my 3 PM meeting back by half an hour",
                Some("3 PM meeting"),
                Some("half an hour later"),
            ),
            (
                "bring the stand-up forward 30 minutes",
                Some("stand-up"),
                Some("30 minutes earlier"),
            ),
            (
                "bring the budget meeting forward to 2",
                Some("budget meeting"),
                Some("2"),
            ),
            (
                "make the budget meeting an hour later",
                Some("budget meeting"),
                Some("an hour later"),
            ),
            ("reschedule", None, None),
        ] {
            let (found, to) = moved(text);
            assert_eq!((found.as_deref(), to.as_deref()), (event, when), "{text}");
        }
        let cancelled = cancellation("Cancel my call with Anil.").unwrap();
        assert_eq!(cancelled, json!({ "event": "call with Anil" }));
        assert_eq!(cancellation("cancel"), Err(WHICH_EVENT));
    }
}
