//! The messages of a request, read and checked.

use super::request::{Call, Content, Message, Part, Role};
use crate::openai::error::OpenAiError;
use casp_providers::{ChatMessage, ToolCall};

/// Most messages of a request.
const MOST_MESSAGES: usize = 1_000;
/// Most characters of all messages: about 130,000 tokens.
const MOST_CHARACTERS: usize = 512 * 1024;
/// Most calls in one message.
const MOST_CALLS: usize = 128;

/// The conversation that a request brings.
#[derive(Debug, PartialEq)]
pub(super) struct Given {
    /// All of it but the user's last words.
    pub(super) before: Vec<ChatMessage>,
    /// The user's last words, where they are the last message.
    pub(super) words: Option<String>,
}

/// Reads the messages: 400 for what cannot be a conversation.
pub(super) fn read(messages: Vec<Message>) -> Result<Given, OpenAiError> {
    if messages.is_empty() || messages.len() > MOST_MESSAGES {
        let message = format!("There must be 1 to {MOST_MESSAGES} messages.");
        return Err(OpenAiError::invalid("messages", message));
    }
    let mut before: Vec<ChatMessage> = Vec::with_capacity(messages.len());
    let mut open_calls: Vec<String> = Vec::new();
    let mut characters = 0;
    for (n, message) in messages.into_iter().enumerate() {
        let is_tool = message.role == Role::Tool;
        if !is_tool && !open_calls.is_empty() {
            let message = format!(
                "An assistant message with `tool_calls` must be followed by tool messages for each call; {} is \
                 missing.",
                open_calls.join(", ")
            );
            return Err(invalid(n, "role", message));
        }
        let read = one(n, message, &mut open_calls)?;
        characters += length(&read);
        if characters > MOST_CHARACTERS {
            let message =
                format!("The messages are too long: at most {MOST_CHARACTERS} characters in all.");
            return Err(OpenAiError::invalid("messages", message));
        }
        before.push(read);
    }
    if !open_calls.is_empty() {
        let message = "The last message's `tool_calls` are not answered.";
        return Err(OpenAiError::invalid("messages", message));
    }
    let words = match before.last() {
        Some(ChatMessage::User { content }) => Some(content.clone()),
        _ => None,
    };
    if words.is_some() {
        before.pop();
    }
    Ok(Given { before, words })
}

fn one(n: usize, message: Message, open: &mut Vec<String>) -> Result<ChatMessage, OpenAiError> {
    let has_content = message.content.is_some();
    let content = text(n, message.content)?;
    let needs_content = || invalid(n, "content", "this role needs content");
    Ok(match message.role {
        Role::System | Role::Developer if has_content => ChatMessage::System { content },
        Role::User if has_content => ChatMessage::User { content },
        Role::System | Role::Developer | Role::User => return Err(needs_content()),
        Role::Assistant => {
            let tool_calls = calls(n, message.tool_calls.unwrap_or_default())?;
            let refusal = message.refusal.filter(|refusal| !refusal.is_empty());
            if !has_content && tool_calls.is_empty() && refusal.is_none() {
                return Err(needs_content());
            }
            *open = tool_calls.iter().map(|call| call.id.clone()).collect();
            ChatMessage::Assistant {
                content: if has_content {
                    content
                } else {
                    refusal.unwrap_or_default()
                },
                tool_calls,
            }
        }
        Role::Tool => {
            let id = message.tool_call_id.unwrap_or_default();
            let Some(answered) = open.iter().position(|call| *call == id) else {
                let message = "Messages of role `tool` must answer a call of the assistant message before them, by its \
                               `tool_call_id`.";
                return Err(invalid(n, "tool_call_id", message));
            };
            open.remove(answered);
            ChatMessage::Tool {
                tool_call_id: id,
                content,
            }
        }
    })
}

fn text(n: usize, content: Option<Content>) -> Result<String, OpenAiError> {
    let parts = match content {
        None => return Ok(String::new()),
        Some(Content::Text(text)) => return Ok(text),
        Some(Content::Parts(parts)) => parts,
    };
    let mut texts = Vec::with_capacity(parts.len());
    for (at, part) in parts.into_iter().enumerate() {
        let Part {
            r#type,
            text,
            refusal,
        } = part;
        let words = match r#type.as_str() {
            "text" => text,
            "refusal" => refusal,
            other => {
                let other: String = other.chars().take(32).collect();
                let param = format!("messages[{n}].content[{at}].type");
                let message = format!("casp-realtime reads parts of type `text`, not `{other}`.");
                return Err(OpenAiError::unsupported(&param, message));
            }
        };
        texts.push(
            words.ok_or_else(|| {
                invalid(n, &format!("content[{at}].text"), "this part has no text")
            })?,
        );
    }
    Ok(texts.join("\n"))
}

fn calls(n: usize, calls: Vec<Call>) -> Result<Vec<ToolCall>, OpenAiError> {
    if calls.len() > MOST_CALLS {
        let message = format!("at most {MOST_CALLS} calls");
        return Err(invalid(n, "tool_calls", message));
    }
    let calls = calls.into_iter().map(|call| ToolCall {
        id: call.id,
        name: call.function.name,
        arguments: call.function.arguments,
    });
    Ok(calls.collect())
}

fn invalid(n: usize, field: &str, message: impl Into<String>) -> OpenAiError {
    OpenAiError::invalid(&format!("messages[{n}].{field}"), message.into())
}

fn length(message: &ChatMessage) -> usize {
    match message {
        ChatMessage::System { content }
        | ChatMessage::User { content }
        | ChatMessage::Tool { content, .. } => content.len(),
        ChatMessage::Assistant {
            content,
            tool_calls,
        } => {
            let calls = tool_calls.iter();
            content.len() + calls.map(|call| call.arguments.len()).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn given(messages: Value) -> Result<Given, String> {
        let messages = serde_json::from_value(messages).unwrap();
        read(messages).map_err(|error| {
            let detail = error.into_body().error;
            format!("{}: {}", detail.param.unwrap_or_default(), detail.message)
        })
    }

    #[test]
    fn parts_are_one_text_and_developers_instruct() {
        let given = given(json!([
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Good"}, {"type": "text", "text": "morning"}]},
        ]))
        .unwrap();
        assert_eq!(
            given.before,
            [ChatMessage::System {
                content: "Be brief.".into()
            }]
        );
        assert_eq!(given.words.as_deref(), Some("Good\nmorning"));
    }

    #[test]
    fn after_a_tools_answer_there_are_no_new_words() {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let given = given(json!([
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "done"},
        ]))
        .unwrap();
        assert_eq!((given.before.len(), given.words), (3, None));
    }

    #[test]
    fn what_is_no_conversation_is_refused_and_says_where() {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        for (messages, expected) in [
            (json!([]), "messages: There must be"),
            (json!([{"role": "user"}]), "messages[0].content: "),
            (json!([{"role": "assistant"}]), "messages[0].content: "),
            (
                json!([{"role": "tool", "tool_call_id": "x", "content": ""}]),
                "messages[0].tool_call_id: ",
            ),
            (
                json!([{"role": "assistant", "tool_calls": [call]}, {"role": "user", "content": "?"}]),
                "messages[1].role: ",
            ),
            (
                json!([{"role": "assistant", "tool_calls": [call]}]),
                "messages: The last message's",
            ),
            (
                json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
                "messages[0].content[0].type: casp-realtime reads parts of type `text`, not `image_url`.",
            ),
        ] {
            let error = given(messages).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
