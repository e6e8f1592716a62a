//! Actions whose arguments are Rust types.

use crate::{Action, ActionError, ActionName, Prepared, Provider, Speaker, ToolKind, ToolOutcome};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{fmt, sync::OnceLock};

/// What was asked for, with names and times settled.
#[derive(Debug)]
pub(crate) struct Settled<T> {
    /// What [`Task::act`] gets.
    pub(crate) arguments: T,
    /// What the user is asked first; none for what only looks.
    pub(crate) question: Option<String>,
}

impl<T> Settled<T> {
    /// Nobody is asked.
    pub(crate) fn unasked(arguments: T) -> Self {
        Self {
            arguments,
            question: None,
        }
    }

    /// The user is asked this first.
    pub(crate) fn asked(arguments: T, question: String) -> Self {
        Self {
            arguments,
            question: Some(question),
        }
    }
}

/// An action with types; [`Typed`] makes an [`Action`] of it.
#[async_trait::async_trait]
pub(crate) trait Task: Send + Sync + fmt::Debug {
    /// As the model gives them.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// As they are run.
    type Settled: Serialize + DeserializeOwned + Send;
    /// The second half of the name: `create`.
    const VERB: &'static str;
    /// Whether it changes something.
    const KIND: ToolKind;
    /// Where it acts.
    fn provider(&self) -> Provider;
    /// One sentence for the model.
    fn description(&self) -> String;
    /// See [`Action::prepare`].
    async fn settle(
        &self,
        speaker: &Speaker,
        arguments: Self::Arguments,
    ) -> Result<Settled<Self::Settled>, ActionError>;
    /// See [`Action::run`].
    async fn act(&self, speaker: &Speaker, settled: Self::Settled) -> Result<Value, ActionError>;
}

/// An action made of a [`Task`].
#[derive(Debug)]
pub(crate) struct Typed<T> {
    name: ActionName,
    description: String,
    /// Made once: every turn of a conversation offers it.
    parameters: OnceLock<Value>,
    task: T,
}

impl<T: Task> Typed<T> {
    pub(crate) fn new(task: T) -> Self {
        Self {
            name: ActionName::new(format!("{}.{}", task.provider(), T::VERB)),
            description: task.description(),
            parameters: OnceLock::new(),
            task,
        }
    }

    async fn settled(&self, speaker: &Speaker, arguments: Value) -> Result<Prepared, ActionError> {
        let arguments = serde_json::from_value(arguments)
            .map_err(|error| ActionError::BadArguments(format!("{}: {error}.", self.name)))?;
        let settled = self.task.settle(speaker, arguments).await?;
        let arguments = serde_json::to_value(settled.arguments)
            .map_err(|error| ActionError::BadArguments(error.to_string()))?;
        Ok(Prepared::Ready {
            arguments,
            question: settled.question,
        })
    }
}

#[async_trait::async_trait]
impl<T: Task> Action for Typed<T> {
    fn name(&self) -> &ActionName {
        &self.name
    }
    fn description(&self) -> &str {
        &self.description
    }
    fn parameters(&self) -> Value {
        let schema = self.parameters.get_or_init(schema::<T::Arguments>);
        schema.clone()
    }
    fn kind(&self) -> ToolKind {
        T::KIND
    }
    async fn prepare(&self, speaker: &Speaker, arguments: Value) -> Prepared {
        match self.settled(speaker, arguments).await {
            Ok(prepared) => prepared,
            Err(error) => Prepared::Refused(error.into()),
        }
    }
    async fn run(&self, speaker: &Speaker, arguments: Value) -> ToolOutcome {
        let settled = match serde_json::from_value(arguments) {
            Ok(settled) => settled,
            Err(error) => return ActionError::BadArguments(error.to_string()).into(),
        };
        match self.task.act(speaker, settled).await {
            Ok(result) => ToolOutcome::succeeded(result),
            Err(error) => error.into(),
        }
    }
}

/// JSON schema of a type, in one piece: not every model's API follows references.
fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("title");
        fields.remove("description");
        fields
            .entry("properties")
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    schema
}

/// A text that must not be empty, without the space around it; else it is asked for.
pub(crate) fn needed(text: &str, what: &str) -> Result<String, ActionError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ActionError::Ask(format!("What is the {what}?")));
    }
    Ok(text.to_owned())
}
