//! Scenarios as they are shown.

use crate::{clock::rfc3339, error::ApiError};
use casp_conversation::{Assistant, Confirm, Mode};
use casp_store::scenarios::Scenario;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A custom scenario.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScenarioView {
    /// Its number among your scenarios.
    #[schema(example = 1)]
    id: i64,
    /// Its id, for every place that takes a scenario or an assistant.
    #[schema(example = "custom_1_1640995200")]
    scenario_id: String,
    #[serde(flatten)]
    assistant: AssistantView,
    /// RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    created_at: String,
    /// RFC 3339.
    #[schema(example = "2024-01-15T10:30:00Z")]
    updated_at: String,
}

/// What the agent needs to run a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssistantView {
    /// Its name.
    #[schema(example = "Front desk")]
    name: String,
    /// Who it is.
    #[schema(example = "You are a friendly sales representative…")]
    persona: String,
    /// What it is to do.
    #[schema(example = "Your goal is to understand…")]
    prompt: String,
    /// Its first words; empty when it lets the user speak first.
    #[schema(example = "Hello, I am an AI assistant. What are you looking for?")]
    greeting: String,
    /// Its voice; empty for the provider's own.
    #[schema(example = "aggressive_male")]
    voice_type: String,
    /// 0–2; null leaves it to the provider.
    #[schema(example = 0.7)]
    temperature: Option<f32>,
    /// BCP 47.
    #[schema(example = "en-US")]
    language: String,
    /// IANA.
    #[schema(example = "UTC")]
    timezone: String,
    /// `cascade` or `realtime`.
    #[schema(value_type = String, example = "cascade")]
    mode: Mode,
    /// Actions it may use.
    #[schema(example = json!(["call.hang_up"]))]
    allowed_actions: Vec<String>,
    /// Of these, the ones that a speaker nobody has verified may use.
    #[schema(example = json!(["call.hang_up"]))]
    public_actions: Vec<String>,
    /// Which actions the user confirms first: `writes`, `never` or `always`.
    #[schema(value_type = String, example = "writes")]
    confirm: Confirm,
    /// The longest conversation, in seconds.
    #[schema(example = 1800)]
    max_duration_s: u64,
    /// Keys to press before the conversation.
    menu: Option<MenuView>,
    /// Whom it may put callers through to.
    #[schema(example = json!({"sales": "+15551230001"}))]
    transfer_to: BTreeMap<String, String>,
    /// Whether its telephone calls are recorded, after the caller was told so.
    #[schema(example = false)]
    record: bool,
    /// What the caller is told before; empty for the usual words.
    #[schema(example = "")]
    record_announcement: String,
}

/// Keys to press, each of which leads to another assistant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MenuView {
    /// What the caller hears.
    #[schema(example = "For sales press 1, for support press 2.")]
    sentence: String,
    /// Key → assistant.
    #[schema(example = json!({"1": "sales", "2": "support"}))]
    choices: BTreeMap<String, String>,
}

impl AssistantView {
    pub(super) fn of(assistant: Assistant) -> Self {
        Self {
            name: assistant.name,
            persona: assistant.persona,
            prompt: assistant.prompt,
            greeting: assistant.greeting,
            voice_type: assistant.voice_type,
            temperature: assistant.temperature,
            language: assistant.language,
            timezone: assistant.timezone,
            mode: assistant.mode,
            allowed_actions: assistant.allowed_actions,
            public_actions: assistant.public_actions,
            confirm: assistant.confirm,
            max_duration_s: assistant.max_duration.as_secs(),
            menu: assistant.menu.map(|menu| MenuView {
                sentence: menu.sentence,
                choices: menu.choices,
            }),
            transfer_to: assistant.transfer_to,
            record: assistant.record,
            record_announcement: assistant.record_announcement,
        }
    }
}

impl ScenarioView {
    pub(super) fn of(scenario: Scenario) -> Result<Self, ApiError> {
        let mut assistant = casp_assistants::of_scenario(&scenario)?;
        if let Some(name) = scenario.name {
            assistant.name = name;
        }
        Ok(Self {
            id: scenario.id,
            scenario_id: scenario.scenario_id,
            assistant: AssistantView::of(assistant),
            created_at: rfc3339(scenario.created_at_ms),
            updated_at: rfc3339(scenario.updated_at_ms),
        })
    }
}
