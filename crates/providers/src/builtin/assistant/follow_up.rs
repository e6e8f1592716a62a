//! Turns that go on with a call: the answer to what was asked about it ("Which Priya do you mean?"), or a correction of
//! what was about to be done ("no, make it 5").

mod choice;
mod patch;
mod time;

use super::{
    intent::{self, Intent},
    tokens::Tokens,
    words::Words,
};
use crate::{ChatMessage, ToolCall};
use serde_json::Value;

/// Words before what somebody wants instead; some of them make a correction of it.
const LEADS: &[&str] = &[
    "no", "nope", "actually", "sorry", "wait", "oh", "i", "meant", "mean", "make", "it", "that",
    "rather", "change", "please", "lets", "let's", "better", "how", "about", "the", "with", "from",
    "use", "take", "um", "uh", "yes", "at", "on",
];
const CORRECTS: &[&str] = &[
    "no", "nope", "actually", "sorry", "meant", "mean", "make", "change", "rather", "instead",
    "better", "wait",
];

/// Where the last call stands.
enum Open {
    /// It was about to be done.
    Held,
    /// It could not be done without an answer to this.
    Asked(String),
}

/// The call that the user's last words lead to, if they go on with the one before: its name and arguments.
pub(super) fn call(messages: &[ChatMessage]) -> Option<(String, String)> {
    let (call, open, said) = last_call(messages)?;
    if said.to_lowercase().contains("do what i asked") {
        return None;
    }
    let rest = Rest::of(said);
    let intent = intent::recognise(&Words::of(said));
    let ends = matches!(
        intent,
        Intent::No | Intent::Goodbye | Intent::Thanks | Intent::Repeat | Intent::Help
    );
    let is_wish = !matches!(intent, Intent::Unknown | Intent::Yes);
    if rest.words.is_empty() || ends || is_wish && !rest.corrects {
        return None;
    }
    let mut arguments: Value = serde_json::from_str(&call.arguments).ok()?;
    let is_patched = match open {
        Open::Held if rest.corrects => patch::correct(&mut arguments, &rest.words, rest.names),
        Open::Held => false,
        Open::Asked(question) => patch::answer(&mut arguments, &question, &rest.words),
    };
    is_patched.then(|| (call.name.clone(), arguments.to_string()))
}

/// The last call of the turn before, how it stands, and what the user says to that.
fn last_call(messages: &[ChatMessage]) -> Option<(&ToolCall, Open, &str)> {
    let is_user = |message: &ChatMessage| matches!(message, ChatMessage::User { .. });
    let end = messages.iter().rposition(is_user)?;
    let ChatMessage::User { content: said } = &messages[end] else {
        return None;
    };
    let start = messages[..end].iter().rposition(is_user)?;
    let turn = &messages[start..end];
    let call = turn.iter().rev().find_map(|message| match message {
        ChatMessage::Assistant { tool_calls, .. } => tool_calls.last(),
        _ => None,
    })?;
    let answer = turn.iter().find_map(|message| match message {
        ChatMessage::Tool {
            tool_call_id,
            content,
        } if *tool_call_id == call.id => serde_json::from_str::<Value>(content).ok(),
        _ => None,
    })?;
    let error = answer["error"].as_str().unwrap_or_default();
    match answer["status"].as_str()? {
        "needs_confirmation" => Some((call, Open::Held, said)),
        "failed" if error.ends_with('?') => Some((call, Open::Asked(error.to_owned()), said)),
        _ => None,
    }
}

/// What is left when the words are gone that only lead to it.
struct Rest {
    words: String,
    /// They are a correction.
    corrects: bool,
    /// They are about somebody: "I meant Priya".
    names: bool,
}

impl Rest {
    fn of(said: &str) -> Self {
        let tokens = Tokens::of(said);
        let start = (0..tokens.len())
            .find(|at| !tokens.is(*at, LEADS))
            .unwrap_or(tokens.len());
        let mut end = tokens.len();
        while end > start && tokens.is(end - 1, &["instead", "please", "rather", "then"]) {
            end -= 1;
        }
        let has = |words: &[&str]| {
            let mut others = (0..start).chain(end..tokens.len());
            others.any(|at| tokens.is(at, words))
        };
        Self {
            words: tokens.written(start..end),
            corrects: has(CORRECTS),
            names: has(&["meant", "mean", "with"]),
        }
    }
}
