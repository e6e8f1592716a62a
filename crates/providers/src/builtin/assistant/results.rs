//! What is said about the results of tools.

use super::tool_use::{how_to_connect, label};
use crate::ChatMessage;
use serde_json::Value;

/// A tool's answer.
#[derive(Debug)]
pub(super) struct ToolResult {
    /// The tool, as offered (`gmail__unread`).
    pub(super) name: String,
    /// JSON, as it was called with.
    pub(super) arguments: String,
    /// What it answered; null when that was no JSON.
    answer: Value,
}

impl ToolResult {
    fn field(&self, name: &str) -> Option<&str> {
        self.answer.get(name).and_then(Value::as_str)
    }

    /// Whether the user has not connected the service.
    pub(super) fn is_unconnected(&self) -> bool {
        self.field("connect").is_some()
            && matches!(self.field("reason"), None | Some("not_connected"))
    }
}

/// The results since the user's last words.
pub(super) fn of_this_turn(messages: &[ChatMessage]) -> Vec<ToolResult> {
    let start = messages
        .iter()
        .rposition(|message| matches!(message, ChatMessage::User { .. }))
        .unwrap_or(0);
    let mut calls = Vec::new();
    let mut results = Vec::new();
    for message in &messages[start..] {
        match message {
            ChatMessage::Assistant { tool_calls, .. } => calls.extend(tool_calls),
            ChatMessage::Tool {
                tool_call_id,
                content,
            } => {
                let call = calls.iter().rev().find(|call| call.id == *tool_call_id);
                results.push(ToolResult {
                    name: call.map(|call| call.name.clone()).unwrap_or_default(),
                    arguments: call.map(|call| call.arguments.clone()).unwrap_or_default(),
                    answer: serde_json::from_str(content).unwrap_or_default(),
                });
            }
            ChatMessage::System { .. } | ChatMessage::User { .. } => {}
        }
    }
    results
}

/// What to say about them. Of services that are not connected only the first is spoken of, and only when nothing else
/// did what was wished.
pub(super) fn answer(results: &[ToolResult]) -> String {
    let done = results.iter().filter(|result| !result.is_unconnected());
    let told: Vec<String> = done.map(about).collect();
    match results.first() {
        Some(first) if told.is_empty() => about(first),
        _ => told.join(" "),
    }
}

fn about(result: &ToolResult) -> String {
    if result.is_unconnected() {
        let provider = result.name.split("__").next().unwrap_or_default();
        return format!(
            "No {} is connected yet. {}",
            label(provider),
            how_to_connect(result.field("connect").unwrap_or_default())
        );
    }
    let error = result.field("error").map(sentence);
    match (result.field("status"), result.field("reason"), error) {
        (Some("succeeded"), ..) => success(&result.name, &result.answer["result"]),
        // A question, or a plain word of what there is not.
        (_, Some("unclear" | "not_found"), Some(error)) => error,
        (_, _, Some(error)) => format!("I'm sorry, that didn't work. {error}"),
        (_, _, None) => "I'm sorry, that didn't work.".to_owned(),
    }
}

fn success(tool: &str, result: &Value) -> String {
    let (provider, action) = tool.rsplit_once("__").unwrap_or(("", tool));
    let is_drive = matches!(provider, "google-drive" | "onedrive");
    let spoken = result.get("spoken").and_then(Value::as_str);
    let or_spoken =
        |usual: &str| spoken.map_or_else(|| usual.to_owned(), |said| format!("Done. {said}"));
    match (action, spoken) {
        ("search" | "find" | "recent", _) if is_drive => {
            list(result, "file", spoken.unwrap_or("I found no such file."))
        }
        ("agenda", _) => list(result, "event", "You have nothing on your calendar."),
        ("free_busy", _) => free_time(result),
        ("unread", _) => list(result, "unread message", "You have no unread messages."),
        ("search", _) if matches!(provider, "gmail" | "outlook") => {
            list(result, "message", "I found no messages.")
        }
        ("read", _) => message(&result["message"]),
        ("summarize", _) => summary(result),
        ("upload", _) => "Done. The file is saved.".to_owned(),
        ("create", _) => "Done. It is on your calendar.".to_owned(),
        ("reschedule", _) => "Done. I moved it.".to_owned(),
        ("cancel", _) => "Done. I cancelled it.".to_owned(),
        ("hang_up", _) => "Goodbye.".to_owned(),
        ("history" | "read_chat" | "read_channel" | "search", Some(spoken)) => {
            with_messages(spoken, result)
        }
        ("find_contact" | "deals", Some(spoken)) => sentence(spoken),
        ("send" | "send_chat", _) => or_spoken("Done. Your message is sent."),
        _ => or_spoken("Done."),
    }
}

/// The newest message of a mailbox, told as its sender's.
fn message(message: &Value) -> String {
    let field = |name: &str| message.get(name).and_then(words).unwrap_or_default();
    format!(
        "From {}, about {}: {}",
        field("from"),
        field("subject"),
        sentence(field("text"))
    )
}

/// "The 2 newest messages with Ann: Bob: hello; …"
fn with_messages(spoken: &str, result: &Value) -> String {
    let messages = result["messages"].as_array().into_iter().flatten();
    let told: Vec<String> = messages
        .take(3)
        .filter_map(|message| {
            let text = words(message.get("text")?)?;
            let from = message.get("from").and_then(words);
            Some(from.map_or_else(|| text.to_owned(), |from| format!("{from}: {text}")))
        })
        .collect();
    if told.is_empty() {
        sentence(spoken)
    } else {
        format!("{} {}", sentence(spoken), sentence(&told.join("; ")))
    }
}

/// When there is time, and when there is none.
fn free_time(result: &Value) -> String {
    let spans = |name: &str| {
        let spans = result[name].as_array().into_iter().flatten().take(3);
        let span = |span: &Value| {
            let at = |side: &str| span[side].as_str().and_then(clock).unwrap_or_default();
            format!("from {} to {}", at("start"), at("end"))
        };
        spans.map(span).collect::<Vec<_>>().join(", and ")
    };
    let (busy, free) = (spans("busy"), spans("free"));
    match (busy.is_empty(), free.is_empty()) {
        (true, _) => "You are free then.".to_owned(),
        (false, true) => format!("You are busy {busy}."),
        (false, false) => format!("You are busy {busy}. You are free {free}."),
    }
}

/// What a file says in short: the text of others, told as theirs.
fn summary(result: &Value) -> String {
    let name = result["file"]
        .get("name")
        .and_then(words)
        .unwrap_or("The file");
    let summary = result["summary"]["untrusted_text"].as_str();
    format!("{name} says: {}", sentence(summary.unwrap_or_default()))
}

/// How many there are, and the first three. `result` is a list, or an object with one.
fn list(result: &Value, noun: &str, none: &str) -> String {
    let items = match result {
        Value::Array(items) => items.as_slice(),
        Value::Object(fields) => fields
            .values()
            .find_map(Value::as_array)
            .map_or(&[][..], Vec::as_slice),
        _ => &[],
    };
    let names: Vec<String> = items.iter().take(3).filter_map(item).collect();
    let plural = if items.len() == 1 { "" } else { "s" };
    match (items.len(), names.is_empty()) {
        (0, _) => none.to_owned(),
        (count, true) => format!("You have {count} {noun}{plural}."),
        (count, false) if count > names.len() => {
            format!(
                "You have {count} {noun}{plural}. The first are: {}.",
                names.join("; ")
            )
        }
        (count, false) => format!("You have {count} {noun}{plural}: {}.", names.join("; ")),
    }
}

/// An entry in words: a text, or an object with a title and perhaps a sender and a time.
fn item(entry: &Value) -> Option<String> {
    if let Some(text) = entry.as_str() {
        return Some(text.to_owned());
    }
    let any = |names: &[&str]| names.iter().find_map(|name| words(entry.get(name)?));
    let mut item = any(&["title", "summary", "subject", "name"])?.to_owned();
    if let Some(sender) = any(&["from", "sender"]) {
        item = format!("{item}, from {sender}");
    }
    if let Some(start) = any(&["start", "when", "time"]) {
        item = format!("{item}, {}", time_of_day(start));
    }
    Some(item)
}

/// A text, also one that others wrote, which is marked as theirs.
fn words(value: &Value) -> Option<&str> {
    value
        .as_str()
        .or_else(|| value.get("untrusted_text")?.as_str())
}

/// "at 3:00 PM" for an RFC 3339 time, else what there is.
fn time_of_day(start: &str) -> String {
    match clock(start) {
        Some(time) => format!("at {time}"),
        None => start.to_owned(),
    }
}

/// "3:00 PM" of an RFC 3339 time.
fn clock(start: &str) -> Option<String> {
    let (_, time) = start.split_once('T')?;
    let time: jiff::civil::Time = time.get(..5)?.parse().ok()?;
    Some(time.strftime("%-I:%M %p").to_string())
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
