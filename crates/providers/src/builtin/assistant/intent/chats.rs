//! Wishes about Slack and Teams.

use super::Intent;
use crate::builtin::assistant::words::Words;

const WRITES: &[&str] = &[
    "send", "write", "tell", "post", "message", "say", "let", "ask", "slack", "share", "drop",
    "reply", "answer",
];
const READS: &[&str] = &[
    "read",
    "what",
    "show",
    "check",
    "catch me up",
    "any",
    "anything",
    "latest",
    "last",
    "newest",
    "list",
    "who",
    "did",
];

pub(super) fn wish(words: &Words) -> Option<Intent> {
    let writes = words.begins_with(WRITES);
    let reads = !writes && words.has(READS);
    if words.has(&["slack"]) {
        let searches = words.has(&["search", "find", "look for", "slack for"]);
        return Some(if writes {
            Intent::SendSlack
        } else if searches {
            Intent::SearchSlack
        } else if reads {
            Intent::ReadSlack
        } else {
            Intent::SendSlack
        });
    }
    let about_teams = words.has(&[
        "microsoft teams",
        "on teams",
        "in teams",
        "via teams",
        "from teams",
        "teams message",
        "teams chat",
        "teams channel",
        "team message",
    ]);
    if about_teams && reads {
        return Some(Intent::ReadTeams);
    }
    (about_teams
        && words.has(&[
            "message", "chat", "send", "write", "tell", "post", "let", "say",
        ]))
    .then_some(Intent::SendTeams)
}
