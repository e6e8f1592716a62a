//! What a tool answers.

use crate::Failure;
use serde::Serialize;
use serde_json::Value;

/// How a call of a tool ended (interface §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// Done.
    Succeeded,
    /// Not done; the outcome says why.
    Failed,
    /// Not done yet: the user has to agree first.
    NeedsConfirmation,
}

impl ToolStatus {
    /// As on the wire: `succeeded`, `failed`, `needs_confirmation`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::NeedsConfirmation => "needs_confirmation",
        }
    }
}

impl std::fmt::Display for ToolStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a tool answers. Serialised it is what the model reads:
/// `{"status":"failed","error":"No Google Calendar is connected.","reason":"not_connected",
/// "connect":"/v1/oauth/connect/google-calendar"}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolOutcome {
    /// How it ended.
    pub status: ToolStatus,
    /// What it found or did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it failed, for machines; none where nothing failed, or where it does not matter.
    #[serde(rename = "reason", skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Where the missing connection is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<String>,
    /// The conversation ends when this reply has been spoken.
    #[serde(skip)]
    pub ends_conversation: bool,
    /// The reply ends with these words as they are; the model is not asked for any.
    #[serde(skip)]
    pub last_words: Option<String>,
}

impl ToolOutcome {
    /// It worked.
    pub fn succeeded(result: Value) -> Self {
        Self {
            status: ToolStatus::Succeeded,
            result: Some(result),
            error: None,
            failure: None,
            connect: None,
            ends_conversation: false,
            last_words: None,
        }
    }

    /// It did not; `error` says why and what to do.
    pub fn failed(error: impl Into<String>) -> Self {
        Self {
            status: ToolStatus::Failed,
            result: None,
            error: Some(error.into()),
            failure: None,
            connect: None,
            ends_conversation: false,
            last_words: None,
        }
    }

    /// It waits for the user's consent; `summary` says to what.
    pub fn needs_confirmation(summary: Value) -> Self {
        Self {
            status: ToolStatus::NeedsConfirmation,
            ..Self::succeeded(summary)
        }
    }

    /// What the model reads: JSON.
    pub fn to_model_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| r#"{"status":"failed"}"#.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_model_reads_only_what_there_is() {
        for (outcome, expected) in [
            (
                ToolOutcome::succeeded(json!([1])),
                r#"{"status":"succeeded","result":[1]}"#,
            ),
            (
                ToolOutcome::failed("No."),
                r#"{"status":"failed","error":"No."}"#,
            ),
            (
                ToolOutcome::needs_confirmation(json!("Send?")),
                r#"{"status":"needs_confirmation","result":"Send?"}"#,
            ),
        ] {
            assert_eq!(outcome.to_model_text(), expected);
        }
    }
}
