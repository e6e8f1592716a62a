//! `upload`: a file is made.

use super::{MAX_UPLOAD, NewFile, desk::DriveDesk, view::FileView};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest text that is read out whole in the question, in characters.
const READ_OUT: usize = 300;
/// The longest name, in characters.
const LONGEST_NAME: usize = 120;

/// Makes a file.
#[derive(Debug)]
pub(super) struct Upload(pub(super) DriveDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// What the file is to be called.
    name: String,
    /// The text that is to stand in it.
    #[serde(default)]
    text: Option<String>,
    /// For programs, instead of the text: the file's bytes in base64.
    #[serde(default)]
    base64: Option<String>,
}

/// What is made.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    name: String,
    id: Option<String>,
    content: Stuff,
}

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stuff {
    Text(String),
    Base64(String),
}

impl Stuff {
    fn of(arguments: &Arguments) -> Result<Self, ActionError> {
        let content = match (&arguments.text, &arguments.base64) {
            (_, None) => {
                let text = arguments.text.as_deref().unwrap_or_default();
                Self::Text(needed(text, "text of the file")?)
            }
            (None, Some(base64)) => Self::Base64(base64.clone()),
            (Some(_), Some(_)) => {
                let both = "Either text or base64, not both.";
                return Err(ActionError::BadArguments(both.to_owned()));
            }
        };
        if content.bytes()?.len() > MAX_UPLOAD {
            let large = format!(
                "That is too large: I can save files of up to {} megabytes.",
                MAX_UPLOAD / 1_000_000
            );
            return Err(ActionError::BadArguments(large));
        }
        Ok(content)
    }

    fn bytes(&self) -> Result<Bytes, ActionError> {
        Ok(match self {
            Self::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Self::Base64(base64) => STANDARD
                .decode(base64.trim())
                .map_err(|_| ActionError::BadArguments("base64: not base64.".to_owned()))?
                .into(),
        })
    }

    /// As the question names it, so that nothing unheard is saved unnoticed.
    fn spoken(&self) -> Result<String, ActionError> {
        Ok(match self {
            Self::Text(text) => match text.chars().count() {
                ..=READ_OUT => format!("“{text}”"),
                count => {
                    let start: String = text.chars().take(READ_OUT).collect();
                    format!(
                        "a text of {count} characters that begins with “{}”",
                        start.trim_end()
                    )
                }
            },
            Self::Base64(_) => format!("a file of {} bytes", self.bytes()?.len()),
        })
    }
}

/// The name without what drives do not take in one, with the ending of a text where it has none.
fn file_name(said: &str, content: &Stuff) -> String {
    let is_bad = |letter: char| letter.is_control() || "\"*:<>?/\\|".contains(letter);
    let name = said.replace(is_bad, "-");
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let name = name.trim_matches(|letter: char| letter == '.' || letter == '~' || letter == ' ');
    if name.is_empty() {
        return String::new();
    }
    let has_ending = mime_guess::from_path(name).first().is_some();
    match content {
        Stuff::Text(_) if !has_ending => format!("{name}.txt"),
        _ => name.to_owned(),
    }
}

#[async_trait::async_trait]
impl Task for Upload {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "upload";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Saves a text as a file in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let said = needed(&arguments.name, "name of the file")?;
        let content = Stuff::of(&arguments)?;
        let name = needed(&file_name(&said, &content), "name of the file")?;
        let drive = self.0.drive(speaker)?;
        let (is_taken, id) = tokio::try_join!(drive.has(&name), drive.new_id())?;
        if is_taken {
            return Err(ActionError::Ask(format!(
                "There is already a file called “{name}” in your {}. What should I call the new one?",
                self.0.label()
            )));
        }
        let question = format!(
            "Shall I save {} as “{name}” in your {}?",
            content.spoken()?,
            self.0.label()
        );
        Ok(Settled::asked(Plan { name, id, content }, question))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let mime_type = mime_guess::from_path(&plan.name).first_or_octet_stream();
        let file = NewFile {
            mime_type: mime_type.essence_str().to_owned(),
            bytes: plan.content.bytes()?,
            name: plan.name,
            id: plan.id,
        };
        let made = self.0.drive(speaker)?.upload(&file).await?;
        Ok(json!({
            "spoken": format!("Saved as “{}” in your {}.", made.name, self.0.label()),
            "uploaded": FileView::of(&made, self.0.zone()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_drive_takes() {
        let text = Stuff::Text("x".to_owned());
        for (said, expected) in [
            ("notes", "notes.txt"),
            ("Ann's “best” notes.md", "Ann's “best” notes.md"),
            ("a/b: c?.txt", "a-b- c-.txt"),
            ("version 1.5", "version 1.5.txt"),
            (".. ", ""),
        ] {
            assert_eq!(file_name(said, &text), expected, "{said}");
        }
        let bytes = Stuff::Base64(String::new());
        assert_eq!(file_name("data", &bytes), "data");
    }
}
