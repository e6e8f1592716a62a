//! Messages in Slack and Teams.

use super::{
    mail::recipient,
    question::{SEARCH, WHAT, WHERE, WHO},
    texts::{order, said, topic},
};
use crate::builtin::assistant::tokens::Tokens;
use serde_json::{Value, json};

const APPS: &[&str] = &["slack", "teams"];

/// Whether a channel is meant and not a person.
pub(super) fn is_in_channel(text: &str) -> bool {
    Tokens::of(order(text)).position(&["channel"]).is_some()
}

/// The channel that is named: "in the design channel", "#general".
fn channel(tokens: &Tokens<'_>) -> Option<String> {
    let hash = (0..tokens.len()).find(|at| tokens.plain(*at).starts_with('#'));
    if let Some(at) = hash {
        return Some(tokens.written(at..=at));
    }
    let end = tokens.position(&["channel"])?;
    let is_lead = |at: usize| {
        tokens.is(
            at,
            &[
                "the", "in", "to", "of", "my", "our", "from", "teams", "slack",
            ],
        )
    };
    let start = (0..end)
        .rev()
        .find(|at| is_lead(*at))
        .map_or(0, |lead| lead + 1);
    let name = tokens.written(start..end);
    (!name.is_empty()).then_some(name)
}

/// What follows the name of the app: "tell Ritika on Slack I'm late".
fn behind_app(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let app = tokens.position(APPS)?;
    let is_link = |at: usize| tokens.is(at, &["on", "in", "via", "over"]);
    if app == 0 || !is_link(app - 1) || tokens.is(app + 1, &["to", "channel", "chat"]) {
        return None;
    }
    let words = tokens.written(app + 1..tokens.len());
    (!words.is_empty()).then(|| super::texts::capitalised(&words))
}

pub(super) fn sending(text: &str, place: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(order(text));
    let to = channel(&tokens)
        .or_else(|| recipient(text))
        .or_else(|| place_of(&tokens));
    let words = said(text)
        .or_else(|| behind_app(text))
        .or_else(|| topic(text));
    Ok(json!({ place: to.ok_or(WHO)?, "text": words.ok_or(WHAT)? }))
}

/// "Post in general on Slack", "Slack Priya Nair".
fn place_of(tokens: &Tokens<'_>) -> Option<String> {
    let is_app = |at: usize| tokens.is(at, APPS) || tokens.is(at, &["microsoft"]);
    let start = (0..tokens.len())
        .find(|at| tokens.is(*at, &["in", "on", "with", "from"]) && !is_app(at + 1))?;
    let is_end = |at: &usize| is_app(*at) || tokens.is(*at, &["on", "in", "from", "say", "said"]);
    let end = (start + 1..tokens.len())
        .find(is_end)
        .unwrap_or(tokens.len());
    tokens.phrase(start + 1, end)
}

pub(super) fn reading(text: &str, place: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let whose = || {
        // "What did Priya say on Slack?"
        let start = tokens.position(&["did"])? + 1;
        let end = tokens.find(&["say", "write", "post", "send"], start)?;
        tokens.phrase(start, end)
    };
    let from = channel(&tokens)
        .or_else(whose)
        .or_else(|| place_of(&tokens));
    Ok(json!({ place: from.ok_or(WHERE)? }))
}

pub(super) fn search(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let start = tokens.position(&["for", "about"]).map(|at| at + 1);
    // "Search Slack for updates on Project Phoenix": what they are about is what is sought.
    let is_kind = |at: usize| {
        tokens.is(
            at,
            &["updates", "messages", "news", "anything", "everything"],
        )
    };
    let start = start.map(|at| {
        if is_kind(at) && tokens.is(at + 1, &["on", "about", "from", "with", "in"]) {
            at + 2
        } else {
            at
        }
    });
    let is_end = |at: &usize| tokens.is(*at, &["on", "in"]) && tokens.is(at + 1, APPS);
    let end = (0..tokens.len()).find(is_end).unwrap_or(tokens.len());
    let words = tokens.phrase(start.ok_or(SEARCH)?, end).ok_or(SEARCH)?;
    Ok(json!({ "words": words }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_channels_are_told_apart() {
        for (text, place, words) in [
            (
                "Send a Slack message to Priya saying I will join late",
                "Priya",
                "I will join late",
            ),
            (
                "post in the general channel on Slack saying we won",
                "general",
                "We won",
            ),
            ("post to #general on slack: we won", "#general", "We won"),
            ("tell Ritika on Slack I'm late", "Ritika", "I'm late"),
            (
                "Slack Priya Nair that I will join late",
                "Priya Nair",
                "I will join late",
            ),
        ] {
            let expected = json!({ "to": place, "text": words });
            assert_eq!(sending(text, "to"), Ok(expected), "{text}");
        }
    }

    #[test]
    fn who_or_where_is_read() {
        for (text, place) in [
            ("what did Priya Nair say on Slack", "Priya Nair"),
            ("read the last messages in general on Slack", "general"),
            ("show me the design channel in Teams", "design"),
            ("read my Teams chat with Anil", "Anil"),
            ("what's new in #general on Slack", "#general"),
        ] {
            assert_eq!(
                reading(text, "place"),
                Ok(json!({ "place": place })),
                "{text}"
            );
        }
        for (text, words) in [
            (
                "Search Slack for updates on Project Phoenix",
                "Project Phoenix",
            ),
            ("find messages about phoenix on Slack", "phoenix"),
        ] {
            assert_eq!(search(text), Ok(json!({ "words": words })), "{text}");
        }
    }
}
