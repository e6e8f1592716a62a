//! `find`: files by name.

use super::{desk::DriveDesk, name::SpokenName, view::found};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// As many as are told.
const MOST: usize = 10;
/// As many as are looked at: some providers find more than names.
const CANDIDATES: usize = 50;

/// Finds files by name.
#[derive(Debug)]
pub(super) struct Find(pub(super) DriveDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The name or a part of it.
    name: String,
}

/// What is looked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    name: String,
}

#[async_trait::async_trait]
impl Task for Find {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "find";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Finds files in the user's {} by name.", self.0.label())
    }
    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let name = needed(&arguments.name, "name of the file")?;
        Ok(Settled::unasked(Plan { name }))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let drive = self.0.drive(speaker)?;
        let name = SpokenName::read(&plan.name);
        let mut files = if name.words.is_empty() {
            drive.recent(MOST).await?
        } else {
            let mut files = drive.find(&name.words, CANDIDATES).await?;
            files.retain(|file| name.fits(&file.name));
            files
        };
        files.truncate(if name.is_newest { 1 } else { MOST });
        let none = match name.words.as_str() {
            "" => self.0.none(),
            words => self.0.none_called(words),
        };
        Ok(found(&files, "I found", &none, self.0.zone()))
    }
}
