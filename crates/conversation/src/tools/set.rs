//! The registry: the actions of one conversation as tools.

use super::{Tools, hang_up::HangUp, no_such_tool};
use crate::{Action, ActionName, Assistant, Modality, Prepared, Speaker, ToolKind, ToolOutcome};
use casp_actions::ActionContext;
use casp_providers::ToolSpec;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a model is told of a tool at a service that is not connected.
const UNCONNECTED: &str = "Not connected yet: call it to learn how.";

/// The actions of one conversation, in the order they were added.
#[derive(Debug, Clone, Default)]
pub struct ToolSet {
    actions: Vec<Arc<dyn Action>>,
    context: Option<ActionContext>,
}

impl ToolSet {
    /// No actions.
    pub fn new() -> Self {
        Self::default()
    }

    /// What an assistant may use of these actions, for a speaker who is known.
    pub fn for_assistant(assistant: &Assistant, actions: Vec<Arc<dyn Action>>) -> Self {
        Self::of(assistant, actions, |name| assistant.allows(name))
    }

    /// What an assistant may use of these actions for a speaker nobody has verified: its public ones.
    pub fn for_stranger(assistant: &Assistant, actions: Vec<Arc<dyn Action>>) -> Self {
        Self::of(assistant, actions, |name| assistant.allows_public(name))
    }

    fn of(
        assistant: &Assistant,
        actions: Vec<Arc<dyn Action>>,
        is_allowed: impl Fn(&str) -> bool,
    ) -> Self {
        let mut set = Self::new();
        for action in actions {
            if is_allowed(action.name().as_str()) {
                set = set.with(action);
            }
        }
        let hang_up = HangUp::new();
        if assistant.modality == Modality::Voice && is_allowed(hang_up.name().as_str()) {
            set = set.with(Arc::new(hang_up));
        }
        set
    }

    /// Adds an action; one of the same name gives way in its place.
    #[must_use]
    pub fn with(mut self, action: Arc<dyn Action>) -> Self {
        match self
            .actions
            .iter_mut()
            .find(|known| known.name() == action.name())
        {
            Some(known) => *known = action,
            None => self.actions.push(action),
        }
        self
    }

    /// Looks up what a speaker has connected, and offers the rest in a few words: the names tell a model what there is,
    /// and calling one tells how it is connected. A tool in full takes four times as many tokens, in every request.
    #[must_use]
    pub fn short_of_connections(mut self, context: ActionContext) -> Self {
        self.context = Some(context);
        self
    }

    fn find(&self, tool: &str) -> Option<&Arc<dyn Action>> {
        let name = ActionName::from_tool(tool);
        self.actions.iter().find(|action| *action.name() == name)
    }
}

#[async_trait::async_trait]
impl Tools for ToolSet {
    async fn specs(&self, speaker: &Speaker) -> Vec<ToolSpec> {
        let unconnected = match &self.context {
            Some(context) => context.unconnected(speaker).await,
            None => Vec::new(),
        };
        let spec = |action: &Arc<dyn Action>| {
            let name = action.name();
            let is_short = unconnected.iter().any(|it| it.name() == name.provider());
            let (description, parameters) = if is_short {
                // OpenAI refuses a request with a schema that has no properties.
                let nothing = json!({"type": "object", "properties": {}});
                (UNCONNECTED.to_owned(), nothing)
            } else {
                (action.description().to_owned(), action.parameters())
            };
            ToolSpec {
                name: name.to_tool(),
                description,
                parameters,
            }
        };
        self.actions.iter().map(spec).collect()
    }

    fn kind(&self, name: &str) -> ToolKind {
        self.find(name)
            .map_or(ToolKind::Write, |action| action.kind())
    }

    async fn prepare(&self, speaker: &Speaker, name: &str, arguments: Value) -> Prepared {
        match self.find(name) {
            Some(action) => action.prepare(speaker, arguments).await,
            None => Prepared::Refused(no_such_tool(name)),
        }
    }

    async fn call(&self, speaker: &Speaker, name: &str, arguments: Value) -> ToolOutcome {
        match self.find(name) {
            Some(action) => action.run(speaker, arguments).await,
            None => no_such_tool(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ToolStatus, tools::unconnected};
    use serde_json::json;

    fn somebody() -> Speaker {
        Speaker::stranger("ann")
    }

    async fn names(set: &ToolSet) -> Vec<String> {
        let specs = set.specs(&somebody()).await;
        specs.into_iter().map(|spec| spec.name).collect()
    }

    fn default_assistant() -> Assistant {
        Assistant::builtin("default").unwrap().clone()
    }

    #[tokio::test]
    async fn an_assistant_has_what_it_allows_and_no_more() {
        let assistant = Assistant {
            allowed_actions: vec!["outlook.*".into(), "call.hang_up".into()],
            ..default_assistant()
        };
        let names = names(&ToolSet::for_assistant(&assistant, unconnected())).await;
        assert_eq!(names, ["outlook__unread", "outlook__send", "call__hang_up"]);
    }

    #[tokio::test]
    async fn a_stranger_may_only_hang_up_and_a_reader_has_no_call() {
        let assistant = default_assistant();
        assert_eq!(
            names(&ToolSet::for_stranger(&assistant, unconnected())).await,
            ["call__hang_up"]
        );
        let text = Assistant {
            modality: Modality::Text,
            ..assistant
        };
        assert!(
            !names(&ToolSet::for_assistant(&text, unconnected()))
                .await
                .contains(&"call__hang_up".to_owned())
        );
    }

    #[tokio::test]
    async fn hanging_up_ends_the_conversation() {
        let outcome = ToolSet::for_assistant(&default_assistant(), unconnected())
            .call(&somebody(), "call__hang_up", json!({}))
            .await;
        assert!(outcome.ends_conversation);
        assert_eq!(outcome.status, ToolStatus::Succeeded);
    }

    #[tokio::test]
    async fn what_is_not_there_is_said() {
        let set = ToolSet::for_assistant(&default_assistant(), unconnected());
        let expected = ToolOutcome::failed("There is no tool nothing__here.");
        let outcome = set.call(&somebody(), "nothing__here", json!({})).await;
        assert_eq!(outcome, expected);
        let prepared = set.prepare(&somebody(), "nothing__here", json!({})).await;
        assert_eq!(prepared, Prepared::Refused(expected));
        assert_eq!(set.kind("nothing__here"), ToolKind::Write);
        assert_eq!(set.kind("google-calendar__agenda"), ToolKind::Read);
        assert_eq!(set.kind("gmail__send"), ToolKind::Write);
    }

    #[tokio::test]
    async fn a_later_action_of_the_same_name_takes_the_place() {
        #[derive(Debug)]
        struct Agenda(ActionName);
        #[async_trait::async_trait]
        impl Action for Agenda {
            fn name(&self) -> &ActionName {
                &self.0
            }
            fn description(&self) -> &'static str {
                "Another."
            }
            fn parameters(&self) -> Value {
                json!({"type": "object"})
            }
            fn kind(&self) -> ToolKind {
                ToolKind::Read
            }
            async fn run(&self, _speaker: &Speaker, _arguments: Value) -> ToolOutcome {
                ToolOutcome::succeeded(json!([]))
            }
        }
        let before = ToolSet::for_assistant(&default_assistant(), unconnected());
        let after = before
            .clone()
            .with(Arc::new(Agenda(ActionName::new("google-calendar.agenda"))));
        assert_eq!(names(&before).await, names(&after).await);
        assert_eq!(after.specs(&somebody()).await[0].description, "Another.");
    }
}
