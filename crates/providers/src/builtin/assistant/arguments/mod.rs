//! What a wish names, as the arguments of its tool: times, people, topics, files.
//!
//! Names and times stay in the user's words: the actions look up what they mean.

mod chats;
mod contacts;
mod events;
mod files;
mod issues;
mod mail;
mod texts;

pub(super) use texts::capitalised;

use super::intent::Intent;
use serde_json::{Value, json};

/// Questions for what is missing.
pub(super) mod question {
    pub(in super::super) const WHO: &str = "Who should get it?";
    pub(in super::super) const WHAT: &str = "What should it say?";
    pub(in super::super) const WHEN: &str = "When should it be?";
    pub(in super::super) const WHICH_EVENT: &str = "Which event do you mean?";
    pub(in super::super) const WHICH_FILE: &str = "What is the file called?";
    pub(in super::super) const NEW_FILE: &str = "What should I call the file?";
    pub(in super::super) const SEARCH: &str = "What should I search for?";
    pub(in super::super) const WHICH_MAIL: &str = "Which message do you mean?";
    pub(in super::super) const WHERE: &str = "In which chat or channel?";
    pub(in super::super) const WHICH_CONTACT: &str = "Which contact do you mean?";
    pub(in super::super) const NEW_CONTACT: &str = "What is the name of the contact?";
    pub(in super::super) const WHICH_ISSUE: &str = "Which issue do you mean?";
    pub(in super::super) const NEW_ISSUE: &str = "What is the title of the issue?";
    pub(in super::super) const WHICH_STATUS: &str = "Which status should it have?";
}

/// How the answer to one of the questions here goes on after the wish it was asked about.
pub(super) fn link_for(asked: &str) -> Option<&'static str> {
    use question::{
        NEW_CONTACT, NEW_FILE, NEW_ISSUE, SEARCH, WHAT, WHEN, WHERE, WHICH_CONTACT, WHICH_EVENT,
        WHICH_FILE, WHICH_ISSUE, WHICH_MAIL, WHICH_STATUS, WHO,
    };
    let asked = asked.trim();
    [
        (WHO, " to "),
        (WHAT, " saying "),
        (WHEN, " to "),
        (WHICH_EVENT, " "),
        (WHICH_FILE, " "),
        (NEW_FILE, " called "),
        (SEARCH, " for "),
        (WHICH_MAIL, " "),
        (WHERE, " in "),
        (WHICH_CONTACT, " about "),
        (NEW_CONTACT, " "),
        (WHICH_ISSUE, " "),
        (NEW_ISSUE, " called "),
        (WHICH_STATUS, " to "),
    ]
    .into_iter()
    .find_map(|(known, link)| asked.ends_with(known).then_some(link))
}

/// The arguments as the user gave them, or the question for what is missing.
pub(super) fn of(intent: Intent, text: &str) -> Result<Value, &'static str> {
    match intent {
        Intent::Agenda => Ok(events::agenda(text)),
        Intent::FreeTime => Ok(events::span(text)),
        Intent::CreateEvent => events::creation(text),
        Intent::MoveEvent => events::moving(text),
        Intent::CancelEvent => events::cancellation(text),
        Intent::Unread => Ok(mail::unread(text)),
        Intent::ReadMail => mail::reading(text),
        Intent::SendMail => mail::sending(text),
        Intent::ReplyToMail => mail::reply(text),
        Intent::SearchMail => mail::search(text),
        Intent::SendTeams if chats::is_in_channel(text) => chats::sending(text, "channel"),
        Intent::SendSlack | Intent::SendTeams => chats::sending(text, "to"),
        Intent::ReadSlack => chats::reading(text, "place"),
        Intent::ReadTeams if chats::is_in_channel(text) => chats::reading(text, "channel"),
        Intent::ReadTeams => chats::reading(text, "with"),
        Intent::SearchSlack => chats::search(text),
        Intent::FindFile => files::finding(text),
        Intent::SearchFiles => files::search(text),
        Intent::SummarizeFile => files::summary(text),
        Intent::UploadFile => files::upload(text),
        Intent::FindContact => contacts::finding(text),
        Intent::CreateContact => contacts::creation(text),
        Intent::LogNote => contacts::note(text),
        Intent::Deals => Ok(contacts::deals(text)),
        Intent::CreateIssue => issues::creation(text),
        Intent::SearchIssues => Ok(issues::search(text)),
        Intent::CommentIssue => issues::comment(text),
        Intent::MoveIssue => issues::transition(text),
        _ => Ok(json!({})),
    }
}

/// Whether a wish about Teams is about a channel of a team.
pub(super) fn is_in_channel(text: &str) -> bool {
    chats::is_in_channel(text)
}
