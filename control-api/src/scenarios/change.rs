//! Changing custom scenarios: what the body names is changed, the rest stays.

use super::{
    NO_SUCH_SCENARIO, Reference,
    body::{MenuBody, ScenarioBody},
    create::refused,
    own,
    view::ScenarioView,
};
use crate::{
    ControlApi,
    auth::Caller,
    body::{JsonBody, typed},
    clock::now_ms,
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_store::{
    AccountId,
    scenarios::{self, Content, Scenario},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Fields of the answer that a client may send back; they are ours to set.
const READ_ONLY: [&str; 5] = ["id", "scenario_id", "created_at", "updated_at", "message"];
/// Changes that others made at the same time are waited for this often.
const ATTEMPTS: usize = 5;
const BUSY: ApiError = ApiError::Unavailable("Others change this scenario too. Try again.");

/// What to change: fields as in the scenario, each of which may be left out. Null brings its default back.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "only described: the body is laid over what is there"
)]
pub(crate) struct ScenarioChange {
    #[schema(max_length = 64, example = "Front desk")]
    name: Option<String>,
    #[schema(min_length = 1, max_length = 10000, example = "Updated persona…")]
    persona: Option<String>,
    #[schema(min_length = 1, max_length = 20000, example = "Updated prompt…")]
    prompt: Option<String>,
    #[schema(max_length = 1000, example = "Hello, I am an AI assistant.")]
    greeting: Option<String>,
    #[schema(example = "concerned_female")]
    voice_type: Option<String>,
    #[schema(minimum = 0, maximum = 2, example = 0.8)]
    temperature: Option<f32>,
    #[schema(pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en-US")]
    language: Option<String>,
    #[schema(example = "Europe/Berlin")]
    timezone: Option<String>,
    #[schema(pattern = "^(cascade|realtime)$", example = "cascade")]
    mode: Option<String>,
    #[schema(max_items = 100, example = json!(["gmail.*", "call.hang_up"]))]
    allowed_actions: Option<Vec<String>>,
    #[schema(max_items = 100, example = json!(["call.hang_up"]))]
    public_actions: Option<Vec<String>>,
    #[schema(pattern = "^(writes|never|always)$", example = "writes")]
    confirm: Option<String>,
    #[schema(minimum = 10, maximum = 7200, example = 900)]
    max_duration_s: Option<u64>,
    menu: Option<MenuBody>,
    #[schema(example = json!({"sales": "+15551230001"}))]
    transfer_to: Option<BTreeMap<String, String>>,
    #[schema(example = false)]
    record: Option<bool>,
    #[schema(max_length = 1000, example = "This call is recorded.")]
    record_announcement: Option<String>,
}

/// Change a custom scenario
///
/// Calls that are under way go on as they began.
#[utoipa::path(
    put, path = "/custom-scenarios/{scenario_id}", tag = "scenarios",
    params(("scenario_id" = String, Path, description = "Its `scenario_id`, number or name", example = "custom_1_1640995200")),
    request_body = ScenarioChange,
    responses((status = 200, description = "As it is now", body = ScenarioView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn change_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    reference: PathValue<Reference>,
    JsonBody(change): JsonBody<Map<String, Value>>,
) -> Result<Json<ScenarioView>, ApiError> {
    put(&api, caller.account, reference, change).await
}

/// Change a custom scenario, by its other path
///
/// Calls that are under way go on as they began.
#[utoipa::path(
    put, path = "/realtime/custom-scenario/{id}", tag = "scenarios",
    params(("id" = String, Path, description = "Its number, `scenario_id` or name", example = "1")),
    request_body = ScenarioChange,
    responses((status = 200, description = "As it is now", body = ScenarioView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn change_realtime_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    reference: PathValue<Reference>,
    JsonBody(change): JsonBody<Map<String, Value>>,
) -> Result<Json<ScenarioView>, ApiError> {
    put(&api, caller.account, reference, change).await
}

async fn put(
    api: &ControlApi,
    account: AccountId,
    reference: PathValue<Reference>,
    change: Map<String, Value>,
) -> Result<Json<ScenarioView>, ApiError> {
    let store = &api.config.store;
    let mut seen = own(api, account, reference).await?;
    for _ in 0..ATTEMPTS {
        let body: ScenarioBody = typed(overlaid(&seen, change.clone()))?;
        let checked = body.checked(api, account).await?;
        let definition = casp_assistants::definition(&checked.assistant);
        let content = Content {
            name: checked.name.as_deref(),
            definition: &definition,
        };
        if let Some(changed) = scenarios::update(store, &seen, content, now_ms())
            .await
            .map_err(refused)?
        {
            return ScenarioView::of(changed).map(Json);
        }
        seen = scenarios::find(store, account, &seen.scenario_id)
            .await?
            .ok_or(NO_SUCH_SCENARIO)?;
    }
    Err(BUSY)
}

/// The whole scenario as its owner would write it, with the change.
fn overlaid(seen: &Scenario, change: Map<String, Value>) -> Value {
    let mut whole = seen.definition.as_object().cloned().unwrap_or_default();
    // Not the client's to say: a scenario is heard or read as the channel has it.
    whole.remove("modality");
    if let Some(name) = &seen.name {
        whole.insert("name".to_owned(), name.as_str().into());
    }
    for (field, value) in change {
        // A scenario without a name shows its id in the name's place.
        let is_no_name = field == "name" && value == seen.scenario_id.as_str();
        if value.is_null() || is_no_name {
            whole.remove(&field);
        } else if !READ_ONLY.contains(&field.as_str()) {
            whole.insert(field, value);
        }
    }
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::overlaid;
    use casp_store::{AccountId, scenarios::Scenario};
    use serde_json::{Map, Value, json};

    fn laid_over(change: Value) -> Value {
        let seen = Scenario {
            id: 1,
            scenario_id: "custom_1_1".into(),
            account: AccountId(1),
            name: Some("desk".into()),
            definition: json!({"persona": "p", "prompt": "q", "temperature": 0.7, "modality": "voice"}),
            revision: 1,
            created_at_ms: 0,
            updated_at_ms: 0,
        };
        let change: Map<String, Value> = serde_json::from_value(change).unwrap();
        overlaid(&seen, change)
    }

    #[test]
    fn what_is_named_is_changed_and_null_takes_away() {
        assert_eq!(
            laid_over(json!({"prompt": "new", "temperature": null})),
            json!({"persona": "p", "prompt": "new", "name": "desk"})
        );
    }

    #[test]
    fn the_id_is_no_name() {
        let whole = laid_over(json!({"name": "custom_1_1"}));
        assert!(whole.get("name").is_none());
        assert_eq!(laid_over(json!({"name": "door"}))["name"], "door");
    }

    #[test]
    fn what_only_we_set_is_ignored_and_what_nobody_knows_is_kept_to_be_refused() {
        assert_eq!(
            laid_over(json!({"id": 9, "scenario_id": "x", "created_at": "y", "colour": "red"})),
            json!({"persona": "p", "prompt": "q", "temperature": 0.7, "name": "desk", "colour": "red"})
        );
    }
}
