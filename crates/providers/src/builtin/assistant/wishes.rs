//! What the client asked of an answer: a tool's call, a shape, a length.

use super::answer::Answer;
use crate::{ChatOptions, ChatRequest, FinishReason, ResponseFormat, ToolChoice};
use serde_json::{Map, Value, json};

/// The call that the client insists on, before anything was called: with the user's words where the tool takes one text.
pub(super) fn demanded_call(request: &ChatRequest, text: &str) -> Option<Answer> {
    let tool = match &request.options.tool_choice {
        ToolChoice::Auto => return None,
        ToolChoice::Required => request.tools.first()?,
        ToolChoice::Tool(name) => request.tools.iter().find(|tool| tool.name == *name)?,
    };
    let arguments = match only_text(&tool.parameters) {
        Some(name) => json!({name: text}),
        None => json!({}),
    };
    Some(Answer::Call(
        String::new(),
        tool.name.clone(),
        arguments.to_string(),
    ))
}

/// An answer in words, in the shape that was asked for: JSON holds them as its one text. A schema that has no such
/// place is left to whoever checks the answer.
pub(super) fn shaped(options: &ChatOptions, text: String) -> String {
    let place = match &options.format {
        ResponseFormat::Text => return text,
        ResponseFormat::JsonObject => Some("answer"),
        ResponseFormat::JsonSchema { schema, .. } => only_text(schema),
    };
    match place {
        Some(name) => json!({name: text}).to_string(),
        None => text,
    }
}

/// The answer up to where it was to stop, word by word; a word counts as a token.
pub(super) fn cut(request: &ChatRequest, text: &str) -> (Vec<String>, FinishReason) {
    let stop = request.options.stop.iter();
    let end = stop.filter_map(|stop| text.find(stop.as_str())).min();
    let words = text[..end.unwrap_or(text.len())].split_inclusive(' ');
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    let most = request.max_tokens.map_or(usize::MAX, |most| most as usize);
    if words.len() > most {
        words.truncate(most);
        return (words, FinishReason::Length);
    }
    (words, FinishReason::Stop)
}

/// The one property that a schema wants, if it is a text.
pub(super) fn only_text(schema: &Value) -> Option<&str> {
    let properties: &Map<String, Value> = schema["properties"].as_object()?;
    let required = schema["required"].as_array();
    let name = match required.map(Vec::as_slice) {
        Some([only]) => only.as_str()?,
        None | Some([]) if properties.len() == 1 => properties.keys().next()?,
        _ => return None,
    };
    let is_text = properties.get(name)?["type"] == "string";
    is_text.then_some(name)
}
