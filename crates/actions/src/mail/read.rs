//! `read`: one message, with its text.

use super::{desk::MailDesk, named_message::Wanted, view::MessageView};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Reads one message.
#[derive(Debug)]
pub(super) struct Read(pub(super) MailDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Which message: its id from a list, or in the user's words: the last one from Ramesh.
    message: String,
}

/// Which one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    id: String,
}

#[async_trait::async_trait]
impl Task for Read {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "read";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!("Reads one message in the user's {}.", self.0.label())
    }
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let id = match Wanted::read(&arguments.message)? {
            Wanted::Id(id) => id,
            Wanted::Described(description) => {
                let mailbox = self.0.mailbox(speaker)?;
                description.find(&*mailbox, &self.0.now()).await?.id
            }
        };
        Ok(Settled::unasked(Plan { id }))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let message = self.0.mailbox(speaker)?.read(&plan.id).await?;
        let view = MessageView::whole(&message, &self.0.context.zone);
        Ok(json!({"spoken": "This is the message.", "message": view}))
    }
}
