//! `summarize`: what is in a file, in short.

use super::{
    Content, File, MAX_CONTENT,
    desk::DriveDesk,
    reading, summary,
    view::{self, FileView},
};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
    untrusted::untrusted,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Says what is in a file.
#[derive(Debug)]
pub(super) struct Summarize(pub(super) DriveDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The file's name or a part of it. Leave it out for the file that was opened last.
    #[serde(default)]
    name: Option<String>,
}

#[async_trait::async_trait]
impl Task for Summarize {
    type Arguments = Arguments;
    type Settled = File;
    const VERB: &'static str = "summarize";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Sums up a file in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<File>, ActionError> {
        let drive = self.0.drive(speaker)?;
        let said = arguments.name.unwrap_or_default();
        let file = self.0.file(drive.as_ref(), &said).await?;
        Ok(Settled::unasked(file))
    }
    async fn act(&self, speaker: &Speaker, file: File) -> Result<Value, ActionError> {
        let name = view::name(&file);
        if file.size.is_some_and(|size| size > MAX_CONTENT as u64) {
            return Err(too_large(&name));
        }
        let content: Content = self.0.drive(speaker)?.content(&file).await?;
        if content.bytes.len() > MAX_CONTENT {
            return Err(too_large(&name));
        }
        let read = reading::text(content, &file.name).await;
        let text = read.map_err(|why| ActionError::Unreadable(why.said_of(&name)))?;
        let summary = summary::of(&text.text, &*self.0.context.services.language_model).await;
        Ok(json!({
            "file": FileView::of(&file, self.0.zone()),
            "summary": untrusted(&summary),
            "is_whole_file": text.is_whole,
        }))
    }
}

fn too_large(name: &str) -> ActionError {
    ActionError::Unreadable(format!(
        "“{name}” is too large for me to read: I read files of up to {} megabytes.",
        MAX_CONTENT / 1024 / 1024
    ))
}
