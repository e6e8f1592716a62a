//! `hubspot.find_contact`.

use super::{api::HubSpotApi, contacts};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind, choice,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Contacts where no number is said, and the most.
const USUAL: u32 = 5;
const MOST: u32 = 20;

#[derive(Debug)]
pub(super) struct FindContact(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Name, e-mail address, phone number or company of the contact.
    #[serde(alias = "query", alias = "email", alias = "phone")]
    name: String,
    /// How many contacts; 5 unless told, 20 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    name: String,
    limit: u32,
}

#[async_trait::async_trait]
impl Task for FindContact {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "find_contact";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::HubSpot
    }

    fn description(&self) -> String {
        "Finds contacts in the user's HubSpot by name, e-mail address, phone number or company."
            .into()
    }

    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let name = needed(&arguments.name, "name, e-mail address or phone number")?;
        let limit = arguments.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Settled::unasked(Plan { name, limit }))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = HubSpotApi::new(&self.0, speaker)?;
        let found = contacts::called(&api, &plan.name).await?;
        let labels = choice::listed(found.iter().map(contacts::Contact::label), "and");
        let name = plan.name;
        let spoken = match found.len() {
            0 => format!("I found no {name} among your HubSpot contacts."),
            1 => format!("I found {labels}."),
            count => format!("I found {count} contacts for {name}: {labels}."),
        };
        let shown = found.iter().take(plan.limit as usize);
        let contacts: Vec<Value> = shown.map(contacts::Contact::view).collect();
        Ok(json!({ "spoken": spoken, "total": found.len(), "contacts": contacts }))
    }
}
