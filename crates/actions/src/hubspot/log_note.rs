//! `hubspot.log_note`.

use super::{
    api::HubSpotApi,
    records::{self, Subject},
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct LogNote(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The contact, company or deal that it is about: "Anil", "the Acme deal".
    #[serde(alias = "contact", alias = "deal", alias = "company", alias = "to")]
    about: String,
    /// The note, as the user wants it said.
    #[serde(alias = "note", alias = "body")]
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    about: Subject,
    text: String,
}

/// A plain text as the HTML that notes are.
fn html(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.lines().map(str::trim).collect::<Vec<_>>().join("<br>")
}

#[async_trait::async_trait]
impl Task for LogNote {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "log_note";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::HubSpot
    }

    fn description(&self) -> String {
        "Logs a note on a contact, company or deal in the user's HubSpot.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let text = needed(&arguments.text, "note")?;
        let said = needed(&arguments.about, "contact, company or deal")?;
        let api = HubSpotApi::new(&self.0, speaker)?;
        let about = records::named(&api, &said).await?;
        let question = format!(
            "Shall I log the note “{text}” on {} in HubSpot?",
            about.label()
        );
        Ok(Settled::asked(Plan { about, text }, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = HubSpotApi::new(&self.0, speaker)?;
        let now = (self.0.services.now)();
        let body = json!({
            "properties": {
                "hs_timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "hs_note_body": html(&plan.text),
            },
            "associations": [{
                "to": { "id": plan.about.id() },
                "types": [{
                    "associationCategory": "HUBSPOT_DEFINED",
                    "associationTypeId": plan.about.note_association(),
                }],
            }],
        });
        let made = api.create("notes", &body).await?;
        let about = plan.about.label();
        let spoken = format!("The note on {about} is logged.");
        Ok(json!({ "spoken": spoken, "id": made.id, "about": about }))
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn nothing_that_is_said_is_markup() {
        assert_eq!(html("a < b & <b>\n c"), "a &lt; b &amp; &lt;b&gt;<br>c");
    }
}
