//! Issues in Jira.

use super::{
    question::{NEW_ISSUE, WHAT, WHICH_ISSUE, WHICH_STATUS},
    texts::{called, capitalised, order, put, said},
};
use crate::builtin::assistant::{intent::MOVING, tokens::Tokens, words::is_issue_key};
use serde_json::{Value, json};

const KINDS: &[&str] = &["bug", "task", "story", "epic"];

pub(super) fn creation(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let head = Tokens::of(order(text));
    let ends = ["in", "and", "for", "assigned"];
    let named = called(&tokens, &ends);
    let about = || {
        let start = tokens.position(&["about"])? + 1;
        tokens.phrase(start, tokens.len())
    };
    let summary = named
        .or_else(|| said(text))
        .or_else(about)
        .ok_or(NEW_ISSUE)?;
    let mut issue = json!({ "summary": capitalised(&summary) });
    if let Some(kind) = head.position(KINDS) {
        issue["type"] = head.plain(kind).into();
    }
    // What is assigned stands where the title does not.
    let places = if order(text).len() < text.len() {
        &head
    } else {
        &tokens
    };
    if let Some(project) = project(places) {
        issue["project"] = project.into();
    }
    if let Some(who) = assignee(places) {
        issue["assignee"] = who.into();
    }
    Ok(issue)
}

/// "In the web shop project", "in project WEB".
fn project(tokens: &Tokens<'_>) -> Option<String> {
    let is_place = |at: &usize| {
        tokens.is(*at, &["in", "for"]) && !tokens.is(at + 1, &["jira", "progress", "review", "me"])
    };
    let start = (0..tokens.len()).find(is_place)? + 1;
    let end = tokens.find(
        &[
            "about", "called", "titled", "and", "saying", "assigned", "in",
        ],
        start,
    );
    let name = tokens.phrase(start, end.unwrap_or(tokens.len()))?;
    let name = name
        .trim_end_matches(" project")
        .trim_start_matches("project ");
    Some(name.to_owned())
}

/// "Assigned to Anil", "assign it to me".
fn assignee(tokens: &Tokens<'_>) -> Option<String> {
    let assigned = tokens.position(&["assigned", "assign"])?;
    let to = tokens.find(&["to"], assigned)?;
    let end = tokens
        .find(&["in", "and", "about", "called"], to)
        .unwrap_or(tokens.len());
    let who = tokens.written(to + 1..end);
    (!who.is_empty()).then_some(who)
}

pub(super) fn search(text: &str) -> Value {
    let tokens = Tokens::of(text);
    let mut wanted = json!({});
    let key = (0..tokens.len()).find(|at| is_issue_key(&tokens.written(*at..=*at)));
    if let Some(key) = key {
        return json!({ "query": tokens.written(key..=key) });
    }
    if let Some(about) = tokens.position(&["about", "mention"]) {
        let end = tokens
            .find(&["in", "assigned"], about)
            .unwrap_or(tokens.len());
        let words = tokens.phrase(about + 1, end);
        put(&mut wanted, "query", words);
    }
    let is_in = |at: &usize| tokens.is(*at, &["in"]) && tokens.is(at + 1, &["progress", "review"]);
    if let Some(at) = (0..tokens.len()).find(is_in) {
        wanted["status"] = tokens.written(at..at + 2).to_lowercase().into();
    } else if let Some(at) = tokens.position(&["open", "done", "closed"]) {
        let status = if tokens.is(at, &["open"]) {
            "open"
        } else {
            "done"
        };
        wanted["status"] = status.into();
    }
    if let Some(project) = project(&tokens) {
        wanted["project"] = project.into();
    }
    let who = assignee(&tokens).or_else(|| tokens.position(&["my"]).map(|_| "me".to_owned()));
    put(&mut wanted, "assignee", who);
    wanted
}

pub(super) fn comment(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(order(text));
    let comment = tokens.position(&["comment"]).unwrap_or(0);
    let link = tokens.find(&["on", "to"], comment).ok_or(WHICH_ISSUE)?;
    let issue = tokens.phrase(link + 1, tokens.len()).ok_or(WHICH_ISSUE)?;
    Ok(json!({ "issue": issue, "text": said(text).ok_or(WHAT)? }))
}

pub(super) fn transition(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let verb = tokens.position(MOVING).unwrap_or(0);
    let link = (verb + 1..tokens.len())
        .rev()
        .find(|at| tokens.is(*at, &["to", "as", "into"]));
    let issue = tokens
        .phrase(verb + 1, link.unwrap_or(tokens.len()))
        .ok_or(WHICH_ISSUE)?;
    let to = match (link, tokens.plain(verb)) {
        (Some(link), _) => tokens.phrase_of(&(link + 1..tokens.len()).collect::<Vec<_>>()),
        (None, "close" | "resolve" | "finish") => Some("done".to_owned()),
        (None, "start") => Some("in progress".to_owned()),
        (None, "reopen") => Some("reopen issue".to_owned()),
        (None, _) => None,
    };
    Ok(json!({ "issue": issue, "to": to.ok_or(WHICH_STATUS)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_are_made_with_what_is_said() {
        for (text, expected) in [
            (
                "Create a bug in the web shop project saying login fails",
                json!({ "summary": "Login fails", "type": "bug", "project": "web shop" }),
            ),
            (
                "create a Jira issue called Order paper in web shop and assign it to Anil",
                json!({ "summary": "Order paper", "project": "web shop", "assignee": "Anil" }),
            ),
            (
                "file a bug about the login page",
                json!({ "summary": "Login page", "type": "bug" }),
            ),
        ] {
            assert_eq!(creation(text), Ok(expected), "{text}");
        }
        assert_eq!(creation("create a ticket"), Err(NEW_ISSUE));
    }

    #[test]
    fn issues_are_searched_commented_on_and_moved() {
        for (text, expected) in [
            (
                "what are my open issues",
                json!({ "status": "open", "assignee": "me" }),
            ),
            ("what's the status of WEB-12", json!({ "query": "WEB-12" })),
            (
                "find issues about login in web shop",
                json!({ "query": "login", "project": "web shop" }),
            ),
            (
                "which tickets are in progress",
                json!({ "status": "in progress" }),
            ),
        ] {
            assert_eq!(search(text), expected, "{text}");
        }
        assert_eq!(
            comment("comment on WEB-12 saying fixed"),
            Ok(json!({ "issue": "WEB-12", "text": "Fixed" }))
        );
        for (text, issue, to) in [
            ("Move WEB-12 to done", "WEB-12", "done"),
            ("close WEB-12", "WEB-12", "done"),
            ("mark the login bug as done", "login bug", "done"),
            ("set WEB-15 to in review", "WEB-15", "review"),
        ] {
            let expected = json!({ "issue": issue, "to": to });
            assert_eq!(transition(text), Ok(expected), "{text}");
        }
    }
}
