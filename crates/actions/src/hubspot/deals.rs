//! `hubspot.deals`.

use super::{
    api::{HubSpotApi, Record, Search, filter},
    contacts, owners, records,
    stages::Stages,
};
use crate::{
    ActionContext, ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task},
    untrusted::untrusted,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Deals where no number is said, and the most.
const USUAL: u32 = 5;
const MOST: u32 = 20;
/// What is asked for of a deal.
const PROPERTIES: [&str; 6] = [
    "dealname",
    "amount",
    "deal_currency_code",
    "dealstage",
    "closedate",
    "hs_lastmodifieddate",
];

#[derive(Debug)]
pub(super) struct Deals(pub(super) ActionContext);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Words of the deal's name.
    #[serde(default, alias = "query")]
    name: Option<String>,
    /// The contact that the deals are with: name or e-mail address.
    #[serde(default)]
    contact: Option<String>,
    /// The company that the deals are with.
    #[serde(default)]
    company: Option<String>,
    /// Whose deals they are: a name, or "me".
    #[serde(default)]
    owner: Option<String>,
    /// "open", "won", "lost", or the name of a stage ("Contract sent"); open ones where nothing at all is said.
    #[serde(default)]
    stage: Option<String>,
    /// How many deals; 5 unless told, 20 at most.
    #[serde(default)]
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    words: Option<String>,
    filters: Vec<Value>,
    /// What is said of them: "open ", and "with Acme".
    kind: String,
    about: String,
    limit: u32,
}

fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// What is left of "the Acme deal".
fn bare(said: &str) -> String {
    let is_telling = |word: &&str| {
        let word = word.to_lowercase();
        !["the", "a", "my", "our", "deal", "deals", "with"].contains(&word.as_str())
    };
    let words = said.split_whitespace().filter(is_telling);
    words.collect::<Vec<_>>().join(" ")
}

/// What a stage, or a kind of them, means.
struct Condition {
    filters: Vec<Value>,
    /// Before the word: "won ".
    kind: &'static str,
    /// After it: "in the stage Contract sent".
    about: Option<String>,
}

async fn condition(api: &HubSpotApi, said: &str) -> Result<Condition, ActionError> {
    let closed = |is_so: &str| filter("hs_is_closed", "EQ", is_so);
    let won = |is_so: &str| filter("hs_is_closed_won", "EQ", is_so);
    let (filters, kind) = match said.to_lowercase().as_str() {
        "open" => (vec![closed("false")], "open "),
        "closed" => (vec![closed("true")], "closed "),
        "won" | "closed won" => (vec![won("true")], "won "),
        "lost" | "closed lost" => (vec![closed("true"), won("false")], "lost "),
        _ => {
            let (label, ids) = Stages::of(api).await?.named(said)?;
            let is_one = json!({ "propertyName": "dealstage", "operator": "IN", "values": ids });
            return Ok(Condition {
                filters: vec![is_one],
                kind: "",
                about: Some(format!("in the stage {label}")),
            });
        }
    };
    Ok(Condition {
        filters,
        kind,
        about: None,
    })
}

#[async_trait::async_trait]
impl Task for Deals {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "deals";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        Provider::HubSpot
    }

    fn description(&self) -> String {
        "Lists deals in the user's HubSpot with stage and amount: of a contact, company or owner, or by name."
            .into()
    }

    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let api = HubSpotApi::new(&self.0, speaker)?;
        let (mut filters, mut about) = (Vec::new(), Vec::new());
        let words = said(arguments.name.as_deref()).map(bare);
        let words = words.filter(|words| !words.is_empty());
        if let Some(words) = &words {
            about.push(format!("about {words}"));
        }
        if let Some(name) = said(arguments.contact.as_deref()) {
            let contact = contacts::named(&api, name).await?;
            filters.push(filter("associations.contact", "EQ", &contact.id));
            about.push(format!("with {}", contact.label()));
        }
        if let Some(name) = said(arguments.company.as_deref()) {
            let company = records::company(&api, name).await?;
            filters.push(filter("associations.company", "EQ", company.id()));
            about.push(format!("with {}", company.label()));
        }
        if let Some(name) = said(arguments.owner.as_deref()) {
            let owner = owners::named(&api, name).await?;
            filters.push(filter("hubspot_owner_id", "EQ", &owner.id));
            about.push(format!("of {}", owner.name()));
        }
        let wanted = said(arguments.stage.as_deref());
        let is_anything = filters.is_empty() && words.is_none();
        let mut kind = "";
        if let Some(wanted) = wanted.or(is_anything.then_some("open")) {
            let condition = condition(&api, wanted).await?;
            filters.extend(condition.filters);
            kind = condition.kind;
            about.extend(condition.about);
        }
        Ok(Settled::unasked(Plan {
            words,
            filters,
            kind: kind.to_owned(),
            about: about.join(" "),
            limit: arguments.limit.unwrap_or(USUAL).clamp(1, MOST),
        }))
    }

    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let api = HubSpotApi::new(&self.0, speaker)?;
        let search = Search {
            words: plan.words.as_deref(),
            groups: if plan.filters.is_empty() {
                Vec::new()
            } else {
                vec![plan.filters]
            },
            properties: &PROPERTIES,
            newest_by: Some("hs_lastmodifieddate"),
            limit: plan.limit,
        };
        let found = api.search("deals", &search).await?;
        let stages = match Stages::of(&api).await {
            // What they are called is all that is missing then.
            Err(ActionError::MissingScope(_)) => None,
            stages => Some(stages?),
        };
        let labels = stages.as_ref().map(Stages::labels).unwrap_or_default();
        let deals: Vec<Value> = found
            .results
            .iter()
            .map(|deal| view(deal, &labels))
            .collect();
        let (kind, about) = (plan.kind, plan.about);
        let place = format!("{about} in HubSpot");
        let place = place.trim_start();
        let spoken = match (&found.results[..], found.total) {
            ([], _) => format!("I found no {kind}deals {place}."),
            ([deal], 0 | 1) => format!("I found one {kind}deal {place}{}.", told(deal, &labels)),
            ([deal], total) => format!(
                "The newest of {total} {kind}deals {place}{}.",
                told(deal, &labels)
            ),
            (shown, total) if total > shown.len() as u64 => {
                format!("The {} newest of {total} {kind}deals {place}.", shown.len())
            }
            (shown, _) => format!("I found {} {kind}deals {place}.", shown.len()),
        };
        Ok(json!({ "spoken": spoken, "total": found.total, "deals": deals }))
    }
}

/// For JSON and the model.
fn view(deal: &Record, stages: &HashMap<&str, &str>) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let stage = deal.text("dealstage");
    json!({
        "id": deal.id,
        "name": untrusted(deal.text("dealname")),
        "stage": known(stages.get(stage).copied().unwrap_or(stage)),
        "amount": deal.text("amount").parse::<f64>().ok(),
        "currency": known(deal.text("deal_currency_code")),
        "close_date": known(deal.text("closedate").split('T').next().unwrap_or_default()),
    })
}

/// ", 12,000 USD, in the stage Contract sent"
fn told(deal: &Record, stages: &HashMap<&str, &str>) -> String {
    let mut told = String::new();
    if let Ok(amount) = deal.text("amount").parse::<f64>() {
        let sum = format!("{} {}", grouped(amount), deal.text("deal_currency_code"));
        told = format!(", {}", sum.trim());
    }
    match stages.get(deal.text("dealstage")) {
        Some(stage) => format!("{told}, in the stage {stage}"),
        None => told,
    }
}

/// "12,000", "30,500.50"
fn grouped(amount: f64) -> String {
    let text = format!("{amount:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut grouped = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if cents == "00" {
        grouped
    } else {
        format!("{grouped}.{cents}")
    }
}

#[cfg(test)]
mod tests {
    use super::{bare, grouped};

    #[test]
    fn sums_are_told_as_they_are_written() {
        for (amount, expected) in [
            (0.0, "0"),
            (999.0, "999"),
            (12_000.0, "12,000"),
            (30_500.5, "30,500.50"),
            (-1_234_567.0, "-1,234,567"),
        ] {
            assert_eq!(grouped(amount), expected);
        }
    }

    #[test]
    fn a_deal_is_named_by_what_tells_it() {
        assert_eq!(bare("the Acme deal"), "Acme");
        assert_eq!(bare("my deals"), "");
    }
}
