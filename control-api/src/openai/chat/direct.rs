//! A user message that is an order: `{"action": "gmail.send", "to": "…"}` and nothing else.

use casp_conversation::{ActionName, Asked};
use serde_json::Value;

/// The order that these words are, if they are one. Keys may stand without quotes, as people write them:
/// `{action: "gmail.unread"}`.
pub(super) fn order(words: &str) -> Option<Asked> {
    let words = words.trim();
    if !words.starts_with('{') || !words.ends_with('}') || !words.contains("action") {
        return None;
    }
    let read = serde_json::from_str(words).ok();
    let Value::Object(mut fields) = read.or_else(|| json5::from_str(words).ok())? else {
        return None;
    };
    let Some(Value::String(name)) = fields.remove("action") else {
        return None;
    };
    is_action(&name).then(|| Asked::Command {
        tool: ActionName::new(&name).to_tool(),
        arguments: Value::Object(fields),
    })
}

/// `provider.action`: other JSON with an `action` is for the model.
fn is_action(name: &str) -> bool {
    let is_word = |word: &str| {
        let is_fine = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-');
        !word.is_empty() && word.bytes().all(is_fine)
    };
    name.len() <= 64
        && name
            .split_once('.')
            .is_some_and(|(provider, action)| is_word(provider) && is_word(action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_names_an_action_and_its_arguments() {
        let send = Asked::Command {
            tool: "gmail__send".into(),
            arguments: json!({"to": "ramesh", "body": "Approved."}),
        };
        for words in [
            r#"{"action":"gmail.send","to":"ramesh","body":"Approved."}"#,
            " {action: \"gmail.send\", to: 'ramesh', body: \"Approved.\"}\n",
        ] {
            assert_eq!(order(words).as_ref(), Some(&send), "{words}");
        }
    }

    #[test]
    fn other_words_are_for_the_model() {
        for words in [
            r#"Please do {"action":"gmail.send"}"#,
            r#"{"action":"click"}"#,
            r#"{"action":"Gmail.Send"}"#,
            r#"{"action":7}"#,
            r#"{"an action":"gmail.send"}"#,
            r#"[{"action":"gmail.send"}]"#,
            "{action}",
        ] {
            assert_eq!(order(words), None, "{words}");
        }
    }
}
