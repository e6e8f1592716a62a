//! What the user wants.

use super::{manners, words::Words};

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Greeting,
    HowAreYou,
    Thanks,
    Goodbye,
    Yes,
    No,
    Repeat,
    Help,
    WhoAreYou,
    Joke,
    Weather,
    Time,
    Date,
    Agenda,
    CreateEvent,
    MoveEvent,
    CancelEvent,
    Unread,
    SendMail,
    SearchMail,
    SendSlack,
    SendTeams,
    FindFile,
    SearchFiles,
    RecentFiles,
    SummarizeFile,
    UploadFile,
    /// Nothing was said.
    Silence,
    Unknown,
}

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
];
const MAIL: &[&str] = &["email", "inbox", "gmail", "outlook"];
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
    "invite",
];

/// Finds out what the user wants. The first rule that fits decides; the more telling ones come first.
pub(super) fn recognise(words: &Words) -> Intent {
    if words.is_empty() {
        return Intent::Silence;
    }
    manners::about_the_talk(words)
        .or_else(|| clock(words))
        .or_else(|| chat_message(words))
        .or_else(|| mail_sending(words))
        .or_else(|| calendar(words))
        .or_else(|| mail_reading(words))
        .or_else(|| file(words))
        .or_else(|| manners::small_talk(words))
        .unwrap_or(Intent::Unknown)
}

fn clock(words: &Words) -> Option<Intent> {
    if words.has(CALENDAR) || words.has(EVENT) {
        return None;
    }
    if words.has(&[
        "what time",
        "time is it",
        "the time",
        "current time",
        "how late",
    ]) && !words.has(&["first time", "last time"])
    {
        return Some(Intent::Time);
    }
    let asks = words.has(&["what", "which", "tell me", "when"]);
    (asks
        && words.has(&[
            "day is it",
            "the date",
            "date is",
            "what date",
            "what day",
            "which day",
            "the day",
            "is today",
        ]))
    .then_some(Intent::Date)
}

fn chat_message(words: &Words) -> Option<Intent> {
    if words.has(&["slack"]) {
        return Some(Intent::SendSlack);
    }
    let about_teams = words.has(&[
        "microsoft teams",
        "on teams",
        "in teams",
        "via teams",
        "teams message",
        "teams chat",
        "team message",
    ]);
    (about_teams && words.has(&["message", "chat", "send", "write", "tell", "post"]))
        .then_some(Intent::SendTeams)
}

fn mail_sending(words: &Words) -> Option<Intent> {
    let reads = words.has(&[
        "read", "check", "search", "find", "unread", "any", "show", "list", "from",
    ]);
    let sends = words.has(&["send", "write", "compose", "reply", "forward", "draft"]);
    let has_mail = words.has(MAIL);
    // "she and an outlook email to the boss about …": the verb was lost.
    let goes_to = has_mail && words.has(&["to"]) && words.has(&["about", "saying"]);
    let verb_email = words.begins_with(&["email"]) && words.len() >= 2 && !reads;
    ((sends && (has_mail || words.has(&["message"]))) && !words.has(&["unread"])
        || (goes_to && !reads)
        || verb_email)
        .then_some(Intent::SendMail)
}

fn calendar(words: &Words) -> Option<Intent> {
    let has_event = words.has(EVENT);
    let has_calendar = words.has(CALENDAR);
    let moves = words.has(&[
        "move",
        "postpone",
        "push back",
        "shift",
        "delay",
        "bring forward",
    ]);
    if words.has(&["reschedule"])
        || (moves && (has_event || has_calendar || words.has_clock_time()))
    {
        return Some(Intent::MoveEvent);
    }
    let cancels = words.has(&["cancel", "can some", "delete", "remove", "call off", "drop"]);
    if (cancels && (has_event || has_calendar)) || words.begins_with(&["cancel"]) {
        return Some(Intent::CancelEvent);
    }
    // "none of my three pm meeting to four": the verb was lost.
    if has_event && words.has(&["my"]) && words.has_to_time() && words.has_clock_time() {
        return Some(Intent::MoveEvent);
    }
    let asks = words.has(&[
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
        "next",
        "am i",
        "look at",
        "look up",
        "give me",
    ]);
    let creates = words.begins_with(CREATE)
        || words.has(&[
            "create",
            "book a",
            "set up",
            "schedule a",
            "schedule an",
            "arrange",
        ]);
    let has_time = words.has(DAY) || words.has_clock_time() || words.has(&["with"]);
    let is_noun = words.has(&[
        "my schedule",
        "schedule for",
        "the schedule",
        "my calendar",
        "my agenda",
    ]);
    if creates
        && !asks
        && (has_event || words.has_clock_time() || (has_time && words.has(&["with"])))
    {
        return Some(Intent::CreateEvent);
    }
    if words.has(&["put", "add"]) && words.has(&["calendar"]) {
        return Some(Intent::CreateEvent);
    }
    let is_free = words.has(&[
        "am i free",
        "am i busy",
        "i free",
        "what is next",
        "what is up next",
        "whats next",
        "my day",
    ]);
    let asks_for_events = asks && words.has(&["meeting", "appointment", "event", "calls"]);
    (has_calendar || is_noun || asks_for_events || is_free).then_some(Intent::Agenda)
}

fn mail_reading(words: &Words) -> Option<Intent> {
    const TOPIC: &[&str] = &[
        "conversation",
        "thread",
        "email",
        "message",
        "inbox",
        "gmail",
        "outlook",
    ];
    let searches = words.has(&["search", "find", "look for", "look up"]);
    let narrows = words.has(&["from", "with", "about", "for"]);
    if words.has(TOPIC)
        && !words.has(&["unread", "new"])
        && (searches || (narrows && words.has(&["conversation", "thread", "email"])))
    {
        return Some(Intent::SearchMail);
    }
    (words.has(MAIL) || words.has(&["unread", "new message", "my message", "any message"]))
        .then_some(Intent::Unread)
}

fn file(words: &Words) -> Option<Intent> {
    const FILE: &[&str] = &[
        "file",
        "document",
        "presentation",
        "spreadsheet",
        "folder",
        "slides",
        "drive",
        "onedrive",
        "report",
        "budget",
        "pdf",
    ];
    if words.has(&["summarize", "summarise", "sum up", "summary"]) {
        return Some(Intent::SummarizeFile);
    }
    if words.has(FILE) && words.has(&["upload", "save"]) {
        return Some(Intent::UploadFile);
    }
    if words.has(FILE) && words.has(&["recent", "recently", "last files", "opened last"]) {
        return Some(Intent::RecentFiles);
    }
    if words.has(&["search"]) && words.has(&["for"]) && words.has(&["drive", "onedrive"]) {
        return Some(Intent::SearchFiles);
    }
    let searches = words.has(&[
        "find", "search", "look for", "where is", "open", "show", "get", "locate", "need",
    ]);
    (searches && words.has(FILE) || words.begins_with(&["find", "search"]) && words.len() >= 3)
        .then_some(Intent::FindFile)
}
