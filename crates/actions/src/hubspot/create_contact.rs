//! `hubspot.create_contact`.

use super::{
    api::{HubSpotApi, Record},
    contacts::{self, Contact},
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind, recipients,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Debug)]
pub(super) struct CreateContact(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// First and last name.
    name: String,
    /// E-mail address.
    #[serde(default)]
    email: Option<String>,
    /// Phone number.
    #[serde(default)]
    phone: Option<String>,
    /// Name of the company they work for.
    #[serde(default)]
    company: Option<String>,
    /// What they are there.
    #[serde(default, alias = "title")]
    job_title: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    job_title: Option<String>,
}

fn said(text: Option<String>) -> Option<String> {
    let text = text.map(|text| text.trim().to_owned());
    text.filter(|text| !text.is_empty())
}

impl Plan {
    fn read(arguments: Arguments) -> Result<Self, ActionError> {
        let email = match said(arguments.email) {
            None => None,
            Some(text) => {
                let person = recipients::address(&text)?;
                let asked = format!("“{text}” is no e-mail address. What is it exactly?");
                let person = person.ok_or(ActionError::Ask(asked))?;
                Some(person.email.to_lowercase())
            }
        };
        Ok(Self {
            name: needed(&arguments.name, "name of the contact")?,
            email,
            phone: said(arguments.phone),
            company: said(arguments.company),
            job_title: said(arguments.job_title),
        })
    }

    /// "Anil Rao with anil@example.com and +1 555 0100, CTO at Acme"
    fn spoken(&self) -> String {
        let reached: Vec<String> = self.email.iter().chain(&self.phone).cloned().collect();
        let mut spoken = self.name.clone();
        if !reached.is_empty() {
            spoken = format!("{spoken} with {}", recipients::and_list(&reached));
        }
        match (&self.job_title, &self.company) {
            (Some(title), Some(company)) => format!("{spoken}, {title} at {company}"),
            (Some(other), None) | (None, Some(other)) => format!("{spoken}, {other}"),
            (None, None) => spoken,
        }
    }

    fn properties(&self) -> Value {
        let (first, last) = match self.name.rsplit_once(char::is_whitespace) {
            Some((first, last)) => (first.trim(), Some(last.to_owned())),
            None => (self.name.as_str(), None),
        };
        let all = [
            ("firstname", Some(first.to_owned())),
            ("lastname", last),
            ("email", self.email.clone()),
            ("phone", self.phone.clone()),
            ("company", self.company.clone()),
            ("jobtitle", self.job_title.clone()),
        ];
        let known = all
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        Value::Object(known.collect::<Map<_, _>>())
    }
}

/// That there is such a contact already.
fn exists(email: &str, contact: Option<&Contact>) -> ActionError {
    let who = contact.map(|contact| format!(": {}", contact.name));
    ActionError::BadArguments(format!(
        "There is a contact with {email} in your HubSpot already{}.",
        who.unwrap_or_default()
    ))
}

#[async_trait::async_trait]
impl Task for CreateContact {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "create_contact";
    const KIND: ToolKind = ToolKind::Write;

    fn provider(&self) -> Provider {
        Provider::HubSpot
    }

    fn description(&self) -> String {
        "Creates a contact in the user's HubSpot.".into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let plan = Plan::read(arguments)?;
        let api = HubSpotApi::new(&self.0, speaker)?;
        if let Some(email) = &plan.email {
            let there = contacts::with_email(&api, email).await?;
            if let Some(contact) = there.first() {
                return Err(exists(email, Some(contact)));
            }
        }
        let mut there = contacts::called(&api, &plan.name).await?;
        there.retain(|contact| contact.name.eq_ignore_ascii_case(&plan.name));
        let question = match there.first() {
            Some(contact) => format!(
                "There is {} in your HubSpot already; shall I still create the contact {}?",
                contact.label(),
                plan.spoken()
            ),
            None => format!("Shall I create the HubSpot contact {}?", plan.spoken()),
        };
        Ok(Settled::asked(plan, question))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = HubSpotApi::new(&self.0, speaker)?;
        let body = json!({ "properties": plan.properties() });
        let made = match (api.create("contacts", &body).await, &plan.email) {
            (Err(ActionError::Refused { status: 409, .. }), Some(email)) => {
                return Err(exists(email, None));
            }
            // There was none with this address before, so that one is the one that was made.
            (Err(error @ ActionError::Unknown(_)), Some(email)) => {
                by_email(&api, email).await.ok_or(error)?
            }
            (made, _) => made?,
        };
        let spoken = format!("{} is in your HubSpot contacts now.", plan.name);
        Ok(json!({ "spoken": spoken, "id": made.id, "name": plan.name }))
    }
}

/// By what HubSpot has, not by what its search knows yet.
async fn by_email(api: &HubSpotApi, email: &str) -> Option<Record> {
    let path = ["crm", "v3", "objects", "contacts", email];
    let query = [("idProperty", "email"), ("properties", "email")];
    api.get(&path, &query).await.ok()
}
