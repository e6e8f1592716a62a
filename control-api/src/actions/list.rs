//! `GET /v1/actions`

use super::context;
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State};
use casp_actions::ToolKind;
use casp_conversation::actions_of_calls;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An action.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActionView {
    /// `POST /v1/actions/{name}` runs it, and `allowed_actions` of assistants name it.
    #[schema(example = "gmail.send")]
    name: String,
    /// What it does, as language models are told.
    #[schema(example = "Send an e-mail with Gmail.")]
    description: String,
    /// Where: what `GET /v1/oauth/connect/{provider}` connects.
    #[schema(example = "gmail")]
    provider: String,
    /// `read`, or `write` when it changes something.
    #[schema(example = "write")]
    kind: &'static str,
    /// Only an agent can run it, in a call.
    voice_only: bool,
    /// JSON schema of its arguments.
    #[schema(value_type = Object, example = json!({"type": "object", "properties": {"to": {"type": "string"}}}))]
    parameters: Value,
}

/// All actions.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActionList {
    /// By provider.
    actions: Vec<ActionView>,
}

/// List the actions
#[utoipa::path(
    get, path = "/v1/actions", tag = "actions",
    responses((status = 200, description = "All there are", body = ActionList), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_actions(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<ActionList>, ApiError> {
    let mut actions = casp_actions::actions(&context(&api, caller.account, TimeZone::UTC));
    let at_providers = actions.len();
    actions.extend(actions_of_calls());
    let views = actions
        .iter()
        .enumerate()
        .map(|(position, action)| ActionView {
            voice_only: position >= at_providers,
            name: action.name().to_string(),
            description: action.description().to_owned(),
            provider: action.name().provider().to_owned(),
            kind: match action.kind() {
                ToolKind::Read => "read",
                ToolKind::Write => "write",
            },
            parameters: action.parameters(),
        });
    Ok(Json(ActionList {
        actions: views.collect(),
    }))
}
