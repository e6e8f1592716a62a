//! Wishes about the calendar.

use super::Intent;
use crate::builtin::assistant::words::Words;

const CALENDAR: &[&str] = &["calendar", "agenda", "schedule", "appointment", "event"];
const EVENT: &[&str] = &[
    "meeting",
    "appointment",
    "event",
    "call",
    "lunch",
    "dinner",
    "breakfast",
    "reminder",
    "session",
    "review",
    "one on one",
    "stand up",
    "standup",
];
const DAY: &[&str] = &[
    "today",
    "tomorrow",
    "tonight",
    "this week",
    "next week",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "morning",
    "afternoon",
    "evening",
    "noon",
];
const CREATE: &[&str] = &[
    "create",
    "schedule",
    "book",
    "add",
    "set up",
    "arrange",
    "plan",
    "make",
    "put",
    "new meeting",
    "new event",
    "remind me",
    "set a",
    "invite",
    "block",
];

/// Whether the calendar or an event is spoken of.
pub(super) fn is_about_events(words: &Words) -> bool {
    words.has(CALENDAR) || words.has(EVENT)
}

pub(super) fn wish(words: &Words) -> Option<Intent> {
    change(words).or_else(|| look(words))
}

fn change(words: &Words) -> Option<Intent> {
    let has_event = words.has(EVENT);
    let is_about_events = has_event || words.has(CALENDAR);
    let moves = words.has(&[
        "move",
        "postpone",
        "push",
        "shift",
        "delay",
        "bring forward",
        "bring",
    ]);
    let asks = asks(words);
    let shifts = is_about_events && words.says(&["later", "earlier", "sooner"]);
    if shifts && words.begins_with(&["make"])
        || words.has(&["reschedule"])
        || moves && (is_about_events || words.has_clock_time() || words.has_to_time())
    {
        return Some(Intent::MoveEvent);
    }
    let cancels = words.has(&[
        "cancel", "can some", "delete", "remove", "call off", "drop", "scrap",
    ]);
    if cancels && is_about_events || words.begins_with(&["cancel"]) {
        return Some(Intent::CancelEvent);
    }
    // "none of my three pm meeting to four": the verb was lost.
    if has_event && words.has(&["my"]) && words.has_to_time() && words.has_clock_time() {
        return Some(Intent::MoveEvent);
    }
    let creates = words.begins_with(CREATE)
        || words.has(&[
            "create",
            "book a",
            "set up",
            "schedule a",
            "schedule an",
            "arrange",
        ]);
    let has_time = words.has(DAY) || words.has_clock_time();
    let creates_event = has_event
        || words.has_clock_time()
        || words.has(&["with"])
        || words.begins_with(&["remind me", "block"]) && has_time;
    if creates && !asks && creates_event || words.has(&["put", "add"]) && words.has(&["calendar"]) {
        return Some(Intent::CreateEvent);
    }
    None
}

fn asks(words: &Words) -> bool {
    words.has(&[
        "what",
        "when",
        "which",
        "do i have",
        "have any",
        "have i",
        "is there",
        "are there",
        "any",
        "show",
        "list",
        "read",
        "check",
        "tell me",
        "how many",
        "am i",
        "look at",
        "look up",
        "give me",
    ]) || words.has(&["next"]) && !words.has(DAY) && !words.has_clock_time()
}

fn look(words: &Words) -> Option<Intent> {
    let is_free = words.has(&[
        "free time",
        "free slot",
        "have time",
        "have any time",
        "a gap",
    ]) || words.says(&["free", "busy", "available"])
        && (words.has(&["i", "my"]) || words.has(DAY) || words.has_clock_time());
    if is_free {
        return Some(Intent::FreeTime);
    }
    let is_noun = words.has(&[
        "my schedule",
        "schedule for",
        "the schedule",
        "my calendar",
        "my agenda",
    ]);
    let is_day = words.has(&["what is next", "what is up next", "whats next", "my day"])
        || words.has(&[
            "what do i have",
            "what have i got",
            "do i have anything",
            "what is on",
            "happening",
            "going on",
        ]) && words.has(DAY)
        || words.has(&["when do i meet", "do i meet"]);
    let asks_for_events = asks(words)
        && words.has(&[
            "meeting",
            "appointment",
            "event",
            "calls",
            "call with",
            "review",
        ]);
    (words.has(CALENDAR) || is_noun || asks_for_events || is_day).then_some(Intent::Agenda)
}
