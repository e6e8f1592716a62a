//! `call.transfer`: the caller is put through to somebody whom the assistant's owner has named, and to nobody else. A
//! stranger could otherwise have expensive numbers dialled at the owner's cost.

use super::call::CallControl;
use crate::{Action, ActionName, Prepared, Speaker, ToolKind, ToolOutcome};
use casp_actions::Failure;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Puts the caller through.
#[derive(Debug)]
pub(super) struct Transfer {
    name: ActionName,
    description: String,
    /// Name → number.
    to: BTreeMap<String, String>,
    call: Arc<dyn CallControl>,
}

impl Transfer {
    pub(super) fn new(to: BTreeMap<String, String>, call: Arc<dyn CallControl>) -> Self {
        let whom = match names(&to) {
            names if names.is_empty() => String::new(),
            names => format!(" Possible: {names}."),
        };
        let description = format!(
            "Puts the caller through to a person on another telephone, and leaves the call.{whom}"
        );
        Self {
            name: ActionName::new("call.transfer"),
            description,
            to,
            call,
        }
    }

    /// Whom a name means, or a number that is one of theirs.
    fn find(&self, wanted: &str) -> Option<(&str, &str)> {
        let wanted = wanted.trim();
        let is_meant = |name: &str, number: &str| {
            name.trim().to_lowercase() == wanted.to_lowercase() || number == wanted
        };
        let found = self.to.iter().find(|(name, number)| is_meant(name, number));
        found.map(|(name, number)| (name.as_str(), number.as_str()))
    }

    fn nobody(&self) -> ToolOutcome {
        let error = match names(&self.to) {
            names if names.is_empty() => "Nobody is set up to be put through to.".to_owned(),
            names => format!("I can put you through to nobody else than: {names}."),
        };
        ToolOutcome {
            failure: Some(Failure::NotFound),
            ..ToolOutcome::failed(error)
        }
    }
}

fn names(to: &BTreeMap<String, String>) -> String {
    to.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[async_trait::async_trait]
impl Action for Transfer {
    fn name(&self) -> &ActionName {
        &self.name
    }
    fn description(&self) -> &str {
        &self.description
    }
    fn parameters(&self) -> Value {
        let mut to = json!({"type": "string", "description": "Who."});
        if !self.to.is_empty() {
            to["enum"] = self.to.keys().cloned().collect();
        }
        json!({"type": "object", "properties": {"to": to}, "required": ["to"], "additionalProperties": false})
    }
    fn kind(&self) -> ToolKind {
        ToolKind::Write
    }
    async fn prepare(&self, _speaker: &Speaker, arguments: Value) -> Prepared {
        match self.find(arguments["to"].as_str().unwrap_or_default()) {
            Some((name, _)) => Prepared::Ready {
                arguments: json!({"to": name}),
                question: Some(format!("Shall I put you through to {name}?")),
            },
            None => Prepared::Refused(self.nobody()),
        }
    }
    async fn run(&self, _speaker: &Speaker, arguments: Value) -> ToolOutcome {
        let Some((name, number)) = self.find(arguments["to"].as_str().unwrap_or_default()) else {
            return self.nobody();
        };
        match self.call.transfer(number).await {
            Ok(()) => ToolOutcome {
                last_words: Some(format!(
                    "One moment, please. I'm putting you through to {name}."
                )),
                ..ToolOutcome::succeeded(json!(format!("The caller is put through to {name}.")))
            },
            Err(error) => ToolOutcome::failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Line;
    use super::*;
    use crate::ToolStatus;

    fn transfer(line: &Arc<Line>) -> Transfer {
        let to = [("Sales", "+15551230001"), ("Front desk", "+15551230002")]
            .map(|(name, number)| (name.to_owned(), number.to_owned()));
        Transfer::new(to.into(), line.clone())
    }

    async fn prepared(transfer: &Transfer, to: Value) -> Prepared {
        let ann = Speaker::stranger("ann");
        transfer.prepare(&ann, json!({ "to": to })).await
    }

    #[tokio::test]
    async fn who_is_named_is_asked_about_and_then_dialled() {
        let line = Arc::new(Line::default());
        let transfer = transfer(&line);
        for to in ["Front desk", " front DESK ", "+15551230002"] {
            assert_eq!(
                prepared(&transfer, json!(to)).await,
                Prepared::Ready {
                    arguments: json!({"to": "Front desk"}),
                    question: Some("Shall I put you through to Front desk?".into()),
                }
            );
        }
        let ann = Speaker::stranger("ann");
        let outcome = transfer.run(&ann, json!({"to": "Front desk"})).await;
        assert_eq!(
            outcome.last_words.as_deref(),
            Some("One moment, please. I'm putting you through to Front desk.")
        );
        assert_eq!(line.done(), ["transfer +15551230002"]);
    }

    #[tokio::test]
    async fn no_other_number_is_ever_dialled() {
        let line = Arc::new(Line::default());
        let transfer = transfer(&line);
        for to in ["+19005550100", "support", "", "+1555123000", "15551230001"] {
            let Prepared::Refused(outcome) = prepared(&transfer, json!(to)).await else {
                panic!("{to}");
            };
            assert_eq!(
                outcome.error.as_deref(),
                Some("I can put you through to nobody else than: Front desk, Sales.")
            );
            // Even if somebody ran it without preparing it.
            let ann = Speaker::stranger("ann");
            let outcome = transfer.run(&ann, json!({ "to": to })).await;
            assert_eq!(outcome.status, ToolStatus::Failed);
        }
        for to in [json!(null), json!(1), json!({})] {
            assert!(matches!(
                prepared(&transfer, to).await,
                Prepared::Refused(_)
            ));
        }
        assert!(line.done().is_empty());
    }

    #[tokio::test]
    async fn why_it_cannot_be_done_is_said() {
        let line = Arc::new(Line::that_is_gone());
        let ann = Speaker::stranger("ann");
        let outcome = transfer(&line).run(&ann, json!({"to": "Sales"})).await;
        assert_eq!(outcome.error.as_deref(), Some("The line is gone."));
        assert_eq!(outcome.last_words, None);
    }

    #[test]
    fn the_model_knows_the_names_and_never_the_numbers() {
        let transfer = transfer(&Arc::default());
        let told = format!("{} {}", transfer.description(), transfer.parameters());
        assert!(
            told.contains("Front desk") && !told.contains("555"),
            "{told}"
        );
    }
}
