//! What is said about the results of tools.

use super::tool_use::{how_to_connect, label};
use crate::ChatMessage;
use serde_json::Value;

/// A tool's answer.
#[derive(Debug)]
pub(super) struct ToolResult {
    /// The tool, as offered (`gmail__unread`).
    name: String,
    /// What it answered; null when that was no JSON.
    answer: Value,
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
                let name = calls.iter().rev().find(|call| call.id == *tool_call_id);
                results.push(ToolResult {
                    name: name.map(|call| call.name.clone()).unwrap_or_default(),
                    answer: serde_json::from_str(content).unwrap_or_default(),
                });
            }
            ChatMessage::System { .. } | ChatMessage::User { .. } => {}
        }
    }
    results
}

/// What to say about them.
pub(super) fn answer(results: &[ToolResult]) -> String {
    results.iter().map(about).collect::<Vec<_>>().join(" ")
}

fn about(result: &ToolResult) -> String {
    let field = |name: &str| result.answer.get(name).and_then(Value::as_str);
    if let Some(connect) = field("connect") {
        let provider = result.name.split("__").next().unwrap_or_default();
        return format!(
            "No {} is connected yet. {}",
            label(provider),
            how_to_connect(connect)
        );
    }
    match field("status") {
        Some("succeeded") => success(&result.name, &result.answer["result"]),
        _ => match field("error") {
            Some(error) => format!("I'm sorry, that didn't work. {}", sentence(error)),
            None => "I'm sorry, that didn't work.".to_owned(),
        },
    }
}

fn success(tool: &str, result: &Value) -> String {
    let (provider, action) = tool.rsplit_once("__").unwrap_or(("", tool));
    let is_drive = matches!(provider, "google-drive" | "onedrive");
    match action {
        "search" if is_drive => list(result, "file", "I found no such file."),
        "agenda" => list(result, "event", "You have nothing on your calendar."),
        "unread" => list(result, "unread message", "You have no unread messages."),
        "search" => list(result, "message", "I found no messages."),
        "find" => list(result, "file", "I found no such file."),
        "recent" => list(result, "file", "I found no file."),
        "summarize" => summary(result),
        "upload" => "Done. The file is saved.".to_owned(),
        "create" => "Done. It is on your calendar.".to_owned(),
        "reschedule" => "Done. I moved it.".to_owned(),
        "cancel" => "Done. I cancelled it.".to_owned(),
        "send" | "send_chat" => "Done. Your message is sent.".to_owned(),
        "hang_up" => "Goodbye.".to_owned(),
        _ => "Done.".to_owned(),
    }
}

/// What a file says in short: the text of others, told as theirs.
fn summary(result: &Value) -> String {
    let name = result["file"]["name"].as_str().unwrap_or("The file");
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
    match start
        .split_once('T')
        .and_then(|(_, time)| time.get(..5)?.parse::<jiff::civil::Time>().ok())
    {
        Some(time) => format!("at {}", time.strftime("%-I:%M %p")),
        None => start.to_owned(),
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
