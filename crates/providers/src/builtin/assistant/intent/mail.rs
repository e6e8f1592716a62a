//! Wishes about mail.

use super::Intent;
use crate::builtin::assistant::words::Words;

const MAIL: &[&str] = &["email", "inbox", "gmail", "outlook"];
const SAYS: &[&str] = &["saying", "that", "about", "tell", "telling", "say"];

/// Mail to be written. Before calendars: "send a mail about the meeting".
pub(super) fn writing(words: &Words) -> Option<Intent> {
    let reads = words.has(&[
        "read", "check", "search", "find", "unread", "any", "show", "list", "from",
    ]);
    let has_mail = words.has(MAIL);
    let answers = words.begins_with(&["reply", "answer", "respond", "write back"])
        || words.has(&["reply to", "respond to", "write back to"]);
    if answers && (has_mail || words.has(&["message", "to", "saying", "that"])) {
        return Some(Intent::ReplyToMail);
    }
    let sends = words.has(&["send", "write", "compose", "forward", "draft", "shoot"]);
    // "she and an outlook email to the boss about …": the verb was lost.
    let goes_to = has_mail && words.has(&["to"]) && words.has(&["about", "saying"]);
    let verb_email = words.begins_with(&["email"]) && words.len() >= 2 && !reads;
    // "Write to Ramesh that …", "tell Ramesh that …", "let Ramesh know …"
    let tells = words.begins_with(&["write"]) && words.has(SAYS)
        || words.begins_with(&["drop"]) && words.has(&["a line", "a note"])
        || words.begins_with(&["tell", "inform"])
            && words.has(&["that", "saying"])
            && !words.has(&["tell me", "tell us"])
        || words.begins_with(&["let"]) && words.has(&["know"]) && !words.has(&["let me"]);
    let is_question = words.begins_with(&["what", "which", "who", "did", "do i", "have i"]);
    ((sends && (has_mail || words.has(&["message"]))) && !words.has(&["unread"]) && !is_question
        || (goes_to && !reads)
        || verb_email
        || tells)
        .then_some(Intent::SendMail)
}

/// Mail to be looked at.
pub(super) fn reading(words: &Words) -> Option<Intent> {
    const TOPIC: &[&str] = &[
        "conversation",
        "thread",
        "email",
        "message",
        "inbox",
        "gmail",
        "outlook",
    ];
    let is_new = words.has(&["unread", "new"]);
    let searches = words.has(&["search", "find", "look for", "look up"]);
    let is_list = words.says(&[
        "mails",
        "emails",
        "messages",
        "conversations",
        "threads",
        "any",
    ]);
    let reads = words.has(&["read", "open", "what does", "what did"]) && !searches && !is_new;
    let narrows = words.has(&["from", "with", "about", "for"]);
    let is_one = words.has(&["last", "latest", "newest"]);
    if reads && words.has(TOPIC) && !is_list && (narrows || is_one) {
        return Some(Intent::ReadMail);
    }
    if words.has(TOPIC)
        && !is_new
        && (searches || (narrows && words.has(&["conversation", "thread", "email"])))
    {
        return Some(Intent::SearchMail);
    }
    if words.has(&["did", "has"]) && words.has(&["write", "written", "email"]) && words.has(&["me"])
    {
        return Some(Intent::SearchMail);
    }
    (words.has(MAIL) || words.has(&["unread", "new message", "my message", "any message"]))
        .then_some(Intent::Unread)
}
