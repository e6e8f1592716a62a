//! What one session may change about its assistant: the `bearer` of a start message (interface §7).

use super::{
    Assistant, Modality,
    rules::{ACTIONS_LIMIT, GREETING_LIMIT, PROMPT_LIMIT, TEMPERATURES, is_language_tag},
};
use serde_json::Value;

/// Longest voice name or language tag, in characters.
const NAME_LIMIT: usize = 64;

/// Why a session's wishes about its assistant are refused. Says which field and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The whole is not a JSON object.
    #[error("the session's settings must be a JSON object")]
    NotAnObject,
    /// A field has the wrong type or value.
    #[error("{field} must be {expected}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A field is too long.
    #[error("{field} is longer than {limit}")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// The limit, in characters or entries.
        limit: usize,
    },
}

impl Assistant {
    /// This assistant with one session's wishes: `greeting`, `system_prompt`, `voice_type`, `language`,
    /// `temperature`, `modality` (`voice`, `text`), `actions` (a list that may only narrow what is allowed).
    /// Fields that are null or unknown are ignored.
    pub fn with_overrides(&self, wishes: &Value) -> Result<Assistant, OverrideError> {
        let wishes = wishes.as_object().ok_or(OverrideError::NotAnObject)?;
        let text = |field, limit| match wishes.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= limit => Ok(Some(text.clone())),
            Some(Value::String(_)) => Err(OverrideError::TooLong { field, limit }),
            Some(_) => Err(OverrideError::Invalid {
                field,
                expected: "a string",
            }),
        };
        let mut changed = self.clone();
        if let Some(greeting) = text("greeting", GREETING_LIMIT)? {
            changed.greeting = greeting;
        }
        if let Some(prompt) = text("system_prompt", PROMPT_LIMIT)? {
            // The one-shot prompt stands in place of the assistant's own character and task.
            changed.persona.clear();
            changed.prompt = prompt;
        }
        if let Some(voice_type) = text("voice_type", NAME_LIMIT)? {
            changed.voice_type = voice_type;
        }
        if let Some(language) = text("language", NAME_LIMIT)? {
            changed.language = language_tag(language)?;
        }
        if let Some(modality) = text("modality", NAME_LIMIT)? {
            changed.modality = match modality.as_str() {
                "voice" => Modality::Voice,
                "text" => Modality::Text,
                _ => {
                    return Err(OverrideError::Invalid {
                        field: "modality",
                        expected: "voice or text",
                    });
                }
            };
        }
        match wishes.get("temperature") {
            None | Some(Value::Null) => {}
            Some(value) => changed.temperature = Some(temperature(value)?),
        }
        match wishes.get("actions") {
            None | Some(Value::Null) => {}
            Some(value) => {
                let wanted = action_names(value)?;
                changed.allowed_actions = narrowed(&self.allowed_actions, &wanted);
                changed.public_actions = narrowed(&self.public_actions, &wanted);
            }
        }
        Ok(changed)
    }
}

fn language_tag(tag: String) -> Result<String, OverrideError> {
    if is_language_tag(&tag) {
        Ok(tag)
    } else {
        Err(OverrideError::Invalid {
            field: "language",
            expected: "a language tag such as en-US",
        })
    }
}

fn temperature(value: &Value) -> Result<f32, OverrideError> {
    match value.as_f64() {
        Some(number) if TEMPERATURES.contains(&number) => Ok(number as f32),
        _ => Err(OverrideError::Invalid {
            field: "temperature",
            expected: "a number from 0 to 2",
        }),
    }
}

fn action_names(value: &Value) -> Result<Vec<&str>, OverrideError> {
    const WRONG: OverrideError = OverrideError::Invalid {
        field: "actions",
        expected: "a list of action names",
    };
    let list = value.as_array().ok_or(WRONG)?;
    if list.len() > ACTIONS_LIMIT {
        return Err(OverrideError::TooLong {
            field: "actions",
            limit: ACTIONS_LIMIT,
        });
    }
    list.iter().map(|name| name.as_str().ok_or(WRONG)).collect()
}

/// What both lists cover, so that the result is never wider than `allowed`.
fn narrowed(allowed: &[String], wanted: &[&str]) -> Vec<String> {
    let mut both = Vec::new();
    for pattern in allowed {
        for wish in wanted {
            let narrower = if super::covers(pattern, wish) {
                wish
            } else if super::covers(wish, pattern) {
                pattern.as_str()
            } else {
                continue;
            };
            if !both.iter().any(|known| known == narrower) {
                both.push(narrower.to_owned());
            }
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn assistant() -> Assistant {
        Assistant {
            allowed_actions: vec!["gmail.*".into(), "slack.send".into()],
            public_actions: vec!["slack.send".into()],
            ..Assistant::builtin("default").unwrap().clone()
        }
    }

    #[test]
    fn every_field_can_be_set_and_others_stay() {
        let changed = assistant()
            .with_overrides(&json!({
                "greeting": "Hi.", "system_prompt": "Be brief.", "voice_type": "calm_male", "language": "de-DE",
                "temperature": 0.5, "modality": "text", "something_else": [1],
            }))
            .unwrap();
        assert_eq!(changed.greeting, "Hi.");
        assert_eq!(
            (changed.persona.as_str(), changed.prompt.as_str()),
            ("", "Be brief.")
        );
        assert_eq!(changed.voice_type, "calm_male");
        assert_eq!(changed.language, "de-DE");
        assert_eq!(changed.temperature, Some(0.5));
        assert_eq!(changed.modality, Modality::Text);
        assert_eq!(changed.allowed_actions, assistant().allowed_actions);
        assert_eq!(assistant().with_overrides(&json!({})).unwrap(), assistant());
        assert_eq!(
            assistant()
                .with_overrides(&json!({"greeting": null}))
                .unwrap(),
            assistant()
        );
    }

    #[test]
    fn actions_only_narrow() {
        for (wanted, expected) in [
            (json!(["gmail.send"]), vec!["gmail.send"]),
            (json!(["*"]), vec!["gmail.*", "slack.send"]),
            (json!(["slack.*", "jira.search"]), vec!["slack.send"]),
            (json!(["gmail.*", "gmail.*"]), vec!["gmail.*"]),
            (json!([]), vec![]),
        ] {
            let changed = assistant()
                .with_overrides(&json!({ "actions": wanted }))
                .unwrap();
            assert_eq!(changed.allowed_actions, expected, "{wanted}");
        }
        let changed = assistant()
            .with_overrides(&json!({"actions": ["gmail.*"]}))
            .unwrap();
        assert!(changed.public_actions.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_field_named() {
        for (wishes, message) in [
            (json!("x"), "the session's settings must be a JSON object"),
            (json!({"greeting": 1}), "greeting must be a string"),
            (
                json!({"greeting": "x".repeat(1_001)}),
                "greeting is longer than 1000",
            ),
            (
                json!({"language": "english please"}),
                "language must be a language tag such as en-US",
            ),
            (
                json!({"language": ""}),
                "language must be a language tag such as en-US",
            ),
            (
                json!({"temperature": 3}),
                "temperature must be a number from 0 to 2",
            ),
            (
                json!({"temperature": "hot"}),
                "temperature must be a number from 0 to 2",
            ),
            (
                json!({"modality": "smell"}),
                "modality must be voice or text",
            ),
            (
                json!({"actions": "gmail.send"}),
                "actions must be a list of action names",
            ),
            (
                json!({"actions": [1]}),
                "actions must be a list of action names",
            ),
        ] {
            let error = assistant().with_overrides(&wishes).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
