//! Wishes about issues in Jira.

use super::Intent;
use crate::builtin::assistant::words::Words;

const KINDS: &[&str] = &[
    "issue", "issues", "ticket", "tickets", "bug", "bugs", "task", "tasks",
];
/// Kinds of issues that are other things elsewhere.
const KINDS_IN_JIRA: &[&str] = &["story", "stories", "epic", "epics"];
/// What moves an issue to another status.
pub(in crate::builtin::assistant) const MOVING: &[&str] = &[
    "move",
    "set",
    "mark",
    "close",
    "reopen",
    "resolve",
    "put",
    "finish",
    "transition",
    "start",
];

pub(super) fn wish(words: &Words) -> Option<Intent> {
    let is_jira = words.has(&["jira"]) || words.names_an_issue();
    let has_kind = words.says(KINDS) || is_jira && words.says(KINDS_IN_JIRA);
    if !is_jira && !has_kind {
        return None;
    }
    if words.has(&["comment"]) {
        return Some(Intent::CommentIssue);
    }
    let creates = words.begins_with(&[
        "create", "open a", "open an", "file", "raise", "log", "report a", "add", "new", "make a",
        "make an",
    ]);
    if creates && has_kind && !words.names_an_issue() {
        return Some(Intent::CreateIssue);
    }
    if words.begins_with(MOVING) {
        return Some(Intent::MoveIssue);
    }
    let asks = words.has(&[
        "what", "which", "who", "show", "find", "search", "list", "my", "look", "any", "how many",
        "read", "status", "tell me", "get",
    ]);
    (asks || words.has(&["jira"])).then_some(Intent::SearchIssues)
}
