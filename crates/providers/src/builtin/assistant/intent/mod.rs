//! What the user wants.

mod calendar;
mod calls;
mod chats;
mod contacts;
mod files;
mod issues;
mod mail;

pub(super) use issues::MOVING;

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
    Transfer,
    PressKeys,
    Agenda,
    FreeTime,
    CreateEvent,
    MoveEvent,
    CancelEvent,
    Unread,
    ReadMail,
    SendMail,
    ReplyToMail,
    SearchMail,
    SendSlack,
    ReadSlack,
    SearchSlack,
    SendTeams,
    ReadTeams,
    FindFile,
    SearchFiles,
    RecentFiles,
    SummarizeFile,
    UploadFile,
    FindContact,
    CreateContact,
    LogNote,
    Deals,
    CreateIssue,
    SearchIssues,
    CommentIssue,
    MoveIssue,
    /// Nothing was said.
    Silence,
    Unknown,
}

/// Finds out what the user wants. The first rule that fits decides; the more telling ones come first.
pub(super) fn recognise(words: &Words) -> Intent {
    if words.is_empty() {
        return Intent::Silence;
    }
    manners::about_the_talk(words)
        .or_else(|| clock(words))
        .or_else(|| calls::wish(words))
        .or_else(|| chats::wish(words))
        .or_else(|| contacts::wish(words))
        .or_else(|| issues::wish(words))
        .or_else(|| mail::writing(words))
        .or_else(|| calendar::wish(words))
        .or_else(|| mail::reading(words))
        .or_else(|| files::wish(words))
        .or_else(|| manners::small_talk(words))
        .unwrap_or(Intent::Unknown)
}

fn clock(words: &Words) -> Option<Intent> {
    if calendar::is_about_events(words) {
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
