//! `call.send_dtmf`: presses keys of the telephone, for whoever listens at the other end.

use super::call::{CallControl, Keys};
use crate::{Action, ActionName, Prepared, Speaker, ToolKind, ToolOutcome};
use casp_actions::Failure;
use serde_json::{Value, json};
use std::sync::Arc;

/// Presses keys.
#[derive(Debug)]
pub(super) struct SendDtmf {
    name: ActionName,
    call: Arc<dyn CallControl>,
}

impl SendDtmf {
    pub(super) fn new(call: Arc<dyn CallControl>) -> Self {
        Self {
            name: ActionName::new("call.send_dtmf"),
            call,
        }
    }
}

fn keys(arguments: &Value) -> Result<Keys, ToolOutcome> {
    let keys = arguments["digits"].as_str().and_then(Keys::parse);
    keys.ok_or_else(|| ToolOutcome {
        failure: Some(Failure::Arguments),
        ..ToolOutcome::failed(
            "digits must be 1 to 32 of 0-9, *, #, A-D, and w for half a second's wait.",
        )
    })
}

#[async_trait::async_trait]
impl Action for SendDtmf {
    fn name(&self) -> &ActionName {
        &self.name
    }
    fn description(&self) -> &'static str {
        "Presses keys on the telephone, as for an automatic menu at the other end."
    }
    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"digits": {
                "type": "string", "pattern": "^[0-9*#A-Dw]{1,32}$",
                "description": "The keys; w waits for half a second.",
            }},
            "required": ["digits"],
            "additionalProperties": false,
        })
    }
    fn kind(&self) -> ToolKind {
        ToolKind::Write
    }
    async fn prepare(&self, speaker: &Speaker, arguments: Value) -> Prepared {
        let keys = match keys(&arguments) {
            Ok(keys) => keys,
            Err(outcome) => return Prepared::Refused(outcome),
        };
        // An automatic menu that says "press one" cannot be asked, and hears nothing but what it asked for itself.
        let is_heard_by_others = !self.call.is_heard_only_by(&speaker.identity);
        Prepared::Ready {
            arguments: json!({"digits": keys.as_str()}),
            question: is_heard_by_others
                .then(|| format!("Shall I press {} on the telephone?", keys.spoken())),
        }
    }
    async fn run(&self, _speaker: &Speaker, arguments: Value) -> ToolOutcome {
        let keys = match keys(&arguments) {
            Ok(keys) => keys,
            Err(outcome) => return outcome,
        };
        match self.call.send_dtmf(&keys).await {
            // Without the keys, which are in no transcript.
            Ok(()) => ToolOutcome::succeeded(json!("The keys were pressed.")),
            Err(error) => ToolOutcome::failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Line;
    use super::*;

    async fn question(line: Line, who: &str, digits: Value) -> Prepared {
        let action = SendDtmf::new(Arc::new(line));
        let who = Speaker::stranger(who);
        action.prepare(&who, json!({ "digits": digits })).await
    }

    #[tokio::test]
    async fn who_has_others_hear_them_is_asked_first() {
        let asked = question(Line::default(), "ann", json!("1 2#")).await;
        let expected = Prepared::Ready {
            arguments: json!({"digits": "12#"}),
            question: Some("Shall I press 1 2 pound on the telephone?".into()),
        };
        assert_eq!(asked, expected);
        let unasked = question(Line::heard_only_by("caller-1"), "caller-1", json!("1")).await;
        assert_eq!(unasked, Prepared::unasked(json!({"digits": "1"})));
        let asked = question(Line::heard_only_by("caller-1"), "ann", json!("1")).await;
        assert!(matches!(
            asked,
            Prepared::Ready {
                question: Some(_),
                ..
            }
        ));
    }

    #[tokio::test]
    async fn what_are_no_keys_is_refused() {
        for digits in [json!("one"), json!(""), json!(5), json!(null)] {
            let refused = question(Line::default(), "ann", digits).await;
            assert!(matches!(refused, Prepared::Refused(_)));
        }
    }

    #[tokio::test]
    async fn the_answer_does_not_repeat_them() {
        let line = Arc::new(Line::default());
        let ann = Speaker::stranger("ann");
        let outcome = SendDtmf::new(line.clone())
            .run(&ann, json!({"digits": "4071"}))
            .await;
        assert_eq!(line.done(), ["press 4071"]);
        assert!(!outcome.to_model_text().contains("4071"));
    }
}
