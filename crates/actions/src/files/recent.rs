//! `recent`: the files that were used last.

use super::{desk::DriveDesk, view::found};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// As many as are told when nobody says.
const USUAL: u32 = 5;
/// The most.
const MOST: u32 = 20;

/// Lists the files that were used last.
#[derive(Debug)]
pub(super) struct Recent(pub(super) DriveDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// How many; 5 when not said.
    #[serde(default)]
    limit: Option<u32>,
}

/// How many are listed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    limit: u32,
}

#[async_trait::async_trait]
impl Task for Recent {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "recent";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!(
            "Lists the files in the user's {} that were opened or changed last.",
            self.0.label()
        )
    }
    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { limit }))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let limit = plan.limit as usize;
        let mut files = self.0.drive(speaker)?.recent(limit).await?;
        files.truncate(limit);
        Ok(found(&files, "Your last", &self.0.none(), self.0.zone()))
    }
}
