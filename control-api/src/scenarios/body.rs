//! What clients say of a scenario, and what is wrong with it.

use crate::{
    ControlApi,
    error::{ApiError, FieldError},
};
use casp_conversation::{Assistant, Confirm, Menu, Modality, Mode};
use casp_store::AccountId;
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;

/// Longest name, in characters.
const NAME_LIMIT: usize = 64;
/// First words of a scenario that says nothing about its greeting: whom you talk to is said at once.
const GREETING: &str = "Hello, I am an AI assistant. How can I help you?";
/// What an assistant may do that says nothing about it.
const HANG_UP: &str = "call.hang_up";

/// A scenario. What is left out or null has its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioBody {
    /// A name of your choice, unique among your scenarios; the `scenario_id` serves without one.
    #[schema(max_length = 64, example = "Front desk")]
    name: Option<String>,
    /// Who it is.
    #[schema(
        min_length = 1,
        max_length = 10000,
        example = "You are a friendly sales representative for a tech company…"
    )]
    persona: String,
    /// What it is to do.
    #[schema(
        min_length = 1,
        max_length = 20000,
        example = "Your goal is to understand the customer's needs and provide solutions…"
    )]
    prompt: String,
    /// Its first words; with an empty text it lets the user speak first. By default it says that it is an AI.
    #[schema(
        max_length = 1000,
        example = "Hello, I am an AI assistant. What are you looking for?"
    )]
    greeting: Option<String>,
    /// `<mood>_<male|female>`: moods are aggressive, calm, cheerful, concerned, confident, empathetic, friendly, neutral,
    /// professional, serious. By default the provider's own voice.
    #[schema(example = "aggressive_male")]
    voice_type: Option<String>,
    /// How freely the language model speaks; by default as its provider sees fit.
    #[schema(minimum = 0, maximum = 2, example = 0.7)]
    temperature: Option<f32>,
    /// BCP 47; `en-US` by default.
    #[schema(pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en-US")]
    language: Option<String>,
    /// IANA; `UTC` by default.
    #[schema(example = "Europe/Berlin")]
    timezone: Option<String>,
    /// `cascade` (speech to text, language model, text to speech; the default) or `realtime` (one speech-to-speech model).
    #[schema(value_type = Option<String>, pattern = "^(cascade|realtime)$", example = "cascade")]
    mode: Option<Mode>,
    /// Actions it may use: names (`gmail.send`), a provider's whole (`gmail.*`) or everything (`*`). By default it may hang
    /// up.
    #[schema(max_items = 100, example = json!(["google-calendar.*", "call.hang_up"]))]
    allowed_actions: Option<Vec<String>>,
    /// Of these, the ones that a speaker nobody has verified may use. By default hanging up, where that is allowed.
    #[schema(max_items = 100, example = json!(["call.hang_up"]))]
    public_actions: Option<Vec<String>>,
    /// Which actions the user confirms first: `writes` (the default), `never` or `always`.
    #[schema(value_type = Option<String>, pattern = "^(writes|never|always)$", example = "writes")]
    confirm: Option<Confirm>,
    /// The longest conversation, in seconds; 1800 by default.
    #[schema(minimum = 10, maximum = 7200, example = 1800)]
    max_duration_s: Option<u64>,
    /// Keys to press before the conversation, for those who call by telephone.
    menu: Option<MenuBody>,
    /// Whom it may put callers through to (`call.transfer`): names, and numbers in E.164. Nobody else is ever dialled.
    #[schema(example = json!({"sales": "+15551230001"}))]
    transfer_to: Option<BTreeMap<String, String>>,
    /// Whether its telephone calls are recorded, after the caller was told so; false by default.
    #[schema(example = false)]
    record: Option<bool>,
    /// What the caller is told before the recording begins; the usual words by default.
    #[schema(
        max_length = 1000,
        example = "This call is recorded, so that we can serve you better."
    )]
    record_announcement: Option<String>,
}

/// Keys to press, each of which leads to another assistant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MenuBody {
    /// What the caller hears.
    #[schema(
        min_length = 1,
        max_length = 1000,
        example = "For sales press 1, for support press 2."
    )]
    sentence: String,
    /// Key (`0`–`9`, `*`, `#`) → assistant: a built-in one, or one of your own.
    #[schema(example = json!({"1": "sales", "2": "support"}))]
    choices: BTreeMap<String, String>,
}

/// A scenario that may be stored.
pub(super) struct Checked {
    pub(super) name: Option<String>,
    pub(super) assistant: Assistant,
}

impl ScenarioBody {
    /// 422 with all that is wrong.
    pub(super) async fn checked(
        self,
        api: &ControlApi,
        account: AccountId,
    ) -> Result<Checked, ApiError> {
        let (name, mut errors) = match self.name.as_deref().map(str::trim) {
            None | Some("") => (None, Vec::new()),
            Some(name) => (Some(name.to_owned()), name_errors(name)),
        };
        let assistant = self.assistant();
        errors.extend(assistant.problems().into_iter().map(|problem| {
            let mut loc = vec!["body".to_owned()];
            loc.extend(problem.path);
            FieldError {
                loc,
                msg: problem.message,
            }
        }));
        if errors.is_empty() {
            errors = menu_errors(api, account, assistant.menu.as_ref()).await?;
        }
        if errors.is_empty() {
            Ok(Checked { name, assistant })
        } else {
            Err(ApiError::Invalid(errors))
        }
    }

    fn assistant(self) -> Assistant {
        let hang_up = || vec![HANG_UP.to_owned()];
        let mut assistant = Assistant {
            name: String::new(),
            persona: self.persona,
            prompt: self.prompt,
            greeting: self.greeting.unwrap_or_else(|| GREETING.to_owned()),
            voice_type: self.voice_type.unwrap_or_default(),
            temperature: self.temperature,
            language: self.language.unwrap_or_else(|| "en-US".to_owned()),
            timezone: self.timezone.unwrap_or_else(|| "UTC".to_owned()),
            allowed_actions: self.allowed_actions.unwrap_or_else(hang_up),
            confirm: self.confirm.unwrap_or_default(),
            max_duration: Duration::from_secs(self.max_duration_s.unwrap_or(1_800)),
            public_actions: Vec::new(),
            mode: self.mode.unwrap_or_default(),
            modality: Modality::default(),
            menu: self.menu.map(|menu| Menu {
                sentence: menu.sentence,
                choices: menu.choices,
            }),
            transfer_to: self.transfer_to.unwrap_or_default(),
            record: self.record.unwrap_or_default(),
            record_announcement: self.record_announcement.unwrap_or_default(),
        };
        assistant.public_actions = match self.public_actions {
            Some(patterns) => patterns,
            None if assistant.allows(HANG_UP) => hang_up(),
            None => Vec::new(),
        };
        assistant
    }
}

fn name_errors(name: &str) -> Vec<FieldError> {
    let problem = if name.chars().count() > NAME_LIMIT || name.chars().any(char::is_control) {
        "must be at most 64 characters, without control characters"
    } else if Assistant::builtin(name).is_some() {
        "is that of a built-in assistant"
    } else if name.starts_with("custom_") || name.bytes().all(|byte| byte.is_ascii_digit()) {
        "must not begin with custom_, and not be a number: those are ids"
    } else {
        return Vec::new();
    };
    vec![FieldError::new("body", "name", problem)]
}

async fn menu_errors(
    api: &ControlApi,
    account: AccountId,
    menu: Option<&Menu>,
) -> Result<Vec<FieldError>, ApiError> {
    let mut errors = Vec::new();
    for (key, name) in menu.iter().flat_map(|menu| &menu.choices) {
        if casp_assistants::find(&api.config.store, account, name)
            .await?
            .is_none()
        {
            errors.push(FieldError {
                loc: ["body", "menu", "choices", key].map(str::to_owned).into(),
                msg: "there is no such assistant".to_owned(),
            });
        }
    }
    Ok(errors)
}
