//! Assistants: what the agent needs to run a conversation (interface §3).

mod builtin;
mod menu;
mod overrides;
pub mod rules;

pub use menu::Menu;
pub use overrides::OverrideError;

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// What the agent needs to run a conversation: who it is, how it sounds, what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assistant {
    /// Unique name (`default`, `sales`, `custom_1_1640995200`).
    pub name: String,
    /// Who it is ("You are a friendly …").
    #[serde(default)]
    pub persona: String,
    /// What it is to do.
    pub prompt: String,
    /// Its first words; empty when it lets the user speak first.
    #[serde(default)]
    pub greeting: String,
    /// CASP's name of the voice (`concerned_female`); empty for the provider's default.
    #[serde(default)]
    pub voice_type: String,
    /// 0–2; none leaves it to the provider.
    #[serde(default)]
    pub temperature: Option<f32>,
    /// BCP 47.
    #[serde(default = "english")]
    pub language: String,
    /// IANA name (`Europe/Berlin`).
    #[serde(default = "utc")]
    pub timezone: String,
    /// Actions it may use: names (`gmail.send`), a provider's whole (`gmail.*`) or everything (`*`).
    #[serde(default)]
    pub allowed_actions: Vec<String>,
    /// Which actions the user confirms first.
    #[serde(default)]
    pub confirm: Confirm,
    /// The longest conversation, in whole seconds when serialised.
    #[serde(
        default = "half_an_hour",
        rename = "max_duration_s",
        with = "whole_seconds"
    )]
    pub max_duration: Duration,
    /// Of the allowed actions, those that a speaker nobody has verified may use; the same patterns.
    #[serde(default)]
    pub public_actions: Vec<String>,
    /// How speech is made.
    #[serde(default)]
    pub mode: Mode,
    /// Whether it is heard or read.
    #[serde(default)]
    pub modality: Modality,
    /// Keys to press before the conversation, for those who call by telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<Menu>,
    /// Whom it may put callers through to: name → number (E.164). Nobody else is ever dialled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transfer_to: BTreeMap<String, String>,
    /// Records its telephone calls, once the caller has been told so.
    #[serde(default)]
    pub record: bool,
    /// What the caller is told before; empty for the usual words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub record_announcement: String,
}

/// What a caller is told before a recording begins, where the assistant has no words of its own.
const RECORD_ANNOUNCEMENT: &str = "This call is recorded, so that we can serve you better.";

/// Which actions the user confirms before they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// Those that change something.
    #[default]
    Writes,
    /// None.
    Never,
    /// All.
    Always,
}

/// How speech is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Speech to text, language model, text to speech.
    #[default]
    Cascade,
    /// One speech-to-speech model.
    Realtime,
}

/// Whether the assistant is heard or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Heard: short answers, no markup.
    #[default]
    Voice,
    /// Read.
    Text,
}

impl Assistant {
    /// Whether it may use an action (`gmail.send`).
    pub fn allows(&self, action: &str) -> bool {
        self.allowed_actions
            .iter()
            .any(|pattern| covers(pattern, action))
    }

    /// What a caller must have heard before the recording begins; `None` when nothing is recorded.
    pub fn recording_announcement(&self) -> Option<&str> {
        let words = match self.record_announcement.trim() {
            "" => RECORD_ANNOUNCEMENT,
            words => words,
        };
        self.record.then_some(words)
    }

    /// Whether a speaker nobody has verified may use an action through it.
    pub fn allows_public(&self, action: &str) -> bool {
        self.allows(action)
            && self
                .public_actions
                .iter()
                .any(|pattern| covers(pattern, action))
    }
}

/// Whether a pattern (`gmail.send`, `gmail.*`, `*`) covers a name, or a narrower pattern.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(provider) if provider.ends_with('.') => name.starts_with(provider),
        _ => pattern == name,
    }
}

fn english() -> String {
    "en-US".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

fn half_an_hour() -> Duration {
    Duration::from_mins(30)
}

mod whole_seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(
        value: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::{Assistant, covers};

    #[test]
    fn a_recording_is_announced_in_its_own_words_or_the_usual_ones() {
        let mut assistant = Assistant::builtin("default").unwrap().clone();
        assert_eq!(assistant.recording_announcement(), None);
        assistant.record = true;
        assert_eq!(
            assistant.recording_announcement(),
            Some("This call is recorded, so that we can serve you better.")
        );
        assistant.record_announcement = " We record. ".into();
        assert_eq!(assistant.recording_announcement(), Some("We record."));
    }

    #[test]
    fn a_pattern_covers_its_own_provider_only() {
        for (pattern, name, expected) in [
            ("gmail.send", "gmail.send", true),
            ("gmail.send", "gmail.read", false),
            ("gmail.*", "gmail.send", true),
            ("gmail.*", "gmailx.send", false),
            ("google-calendar.*", "google-drive.find", false),
            ("*", "jira.search", true),
            ("g*", "gmail.send", false),
            ("", "gmail.send", false),
        ] {
            assert_eq!(covers(pattern, name), expected, "{pattern} {name}");
        }
    }
}
