//! Which calls of the model are let through.

use casp_providers::{ToolCall, ToolSpec};
use serde_json::{Value, json};

/// Most calls in a reply.
const MAX_CALLS: usize = 16;
/// How often the model may repeat itself before it gets no more tools.
const MAX_REPEATS: usize = 2;

/// Remembers the calls of a reply, so that a model that loops is stopped.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    admitted: Vec<(String, String)>,
    repeats: usize,
    asked: usize,
    ids: Vec<String>,
}

impl Ledger {
    /// Gives a call an id of its own when the model gave it none, or one it had given before in this reply.
    pub(super) fn with_own_id(&mut self, mut call: ToolCall) -> ToolCall {
        if call.id.is_empty() || self.ids.contains(&call.id) {
            call.id = format!("{}_{}", call.name, self.ids.len() + 1);
        }
        self.ids.push(call.id.clone());
        call
    }

    /// Lets a call through and reads its arguments, or says what to tell the model instead.
    pub(super) fn admit(&mut self, call: &ToolCall, offered: &[ToolSpec]) -> Result<Value, String> {
        self.asked += 1;
        if self.asked > MAX_CALLS {
            return Err("That were too many calls. Answer with what you have.".to_owned());
        }
        if !offered.iter().any(|spec| spec.name == call.name) {
            return Err(format!("There is no tool {}.", call.name));
        }
        let Some(arguments) = object(&call.arguments) else {
            let written: String = call.arguments.chars().take(200).collect();
            return Err(format!("The arguments are not a JSON object: {written}"));
        };
        let this = (call.name.clone(), arguments.to_string());
        if self.admitted.contains(&this) {
            self.repeats += 1;
            return Err("You made this very call before. Answer with what it said.".to_owned());
        }
        self.admitted.push(this);
        Ok(arguments)
    }

    /// Whether the model has had its share of calls.
    pub(super) fn is_spent(&self) -> bool {
        self.asked >= MAX_CALLS || self.repeats >= MAX_REPEATS
    }
}

/// A call as the history tells it: several servers refuse a conversation with arguments that are not JSON.
pub(super) fn as_told(call: &ToolCall) -> ToolCall {
    let arguments = object(&call.arguments).unwrap_or_else(|| json!({}));
    ToolCall {
        arguments: arguments.to_string(),
        ..call.clone()
    }
}

/// The arguments; none when they are no JSON object. Models write nothing for no arguments.
fn object(arguments: &str) -> Option<Value> {
    if arguments.trim().is_empty() {
        return Some(json!({}));
    }
    serde_json::from_str(arguments)
        .ok()
        .filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &str) -> ToolCall {
        ToolCall {
            id: "1".into(),
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    fn offered() -> Vec<ToolSpec> {
        vec![ToolSpec {
            name: "look".into(),
            description: String::new(),
            parameters: serde_json::json!({}),
        }]
    }

    #[test]
    fn the_same_call_runs_once_however_it_is_written() {
        let mut ledger = Ledger::default();
        assert_eq!(
            ledger.admit(&call("look", r#"{"a":1,"b":2}"#), &offered()),
            Ok(json!({"a": 1, "b": 2}))
        );
        assert!(
            ledger
                .admit(&call("look", r#"{ "b": 2, "a": 1 }"#), &offered())
                .is_err()
        );
        assert!(!ledger.is_spent());
        assert!(
            ledger
                .admit(&call("look", r#"{"a":1,"b":2}"#), &offered())
                .is_err()
        );
        assert!(ledger.is_spent());
    }

    #[test]
    fn other_arguments_are_another_call() {
        let mut ledger = Ledger::default();
        for number in 0..MAX_CALLS {
            assert_eq!(
                ledger.admit(&call("look", &format!("{{\"n\":{number}}}")), &offered()),
                Ok(json!({"n": number}))
            );
        }
        assert!(ledger.is_spent());
        assert!(
            ledger
                .admit(&call("look", "{\"n\":99}"), &offered())
                .is_err()
        );
    }

    #[test]
    fn every_call_has_an_id_of_its_own() {
        let mut ledger = Ledger::default();
        let ids = ["", "a", "a"].map(|id| {
            let call = ToolCall {
                id: id.into(),
                ..call("look", "{}")
            };
            ledger.with_own_id(call).id
        });
        assert_eq!(ids, ["look_1", "a", "look_3"]);
    }

    #[test]
    fn the_history_holds_json_only() {
        assert_eq!(as_told(&call("look", "{\"a\":")).arguments, "{}");
        assert_eq!(
            as_told(&call("look", "{ \"a\": 1 }")).arguments,
            "{\"a\":1}"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut ledger = Ledger::default();
        assert_eq!(
            ledger.admit(&call("fly", "{}"), &offered()),
            Err("There is no tool fly.".into())
        );
        assert!(ledger.admit(&call("look", "{"), &offered()).is_err());
        assert!(ledger.admit(&call("look", "[1]"), &offered()).is_err());
        assert_eq!(ledger.admit(&call("look", ""), &offered()), Ok(json!({})));
    }
}
