//! `POST /realtime/custom-scenario`

use super::{body::ScenarioBody, view::ScenarioView};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State};
use casp_store::{
    StoreError,
    scenarios::{self, Content},
};
use serde::Serialize;
use utoipa::ToSchema;

const FULL: ApiError = ApiError::Malformed(
    "You have 20 custom scenarios, and an account holds no more. Delete one first.",
);

/// A scenario that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedScenario {
    /// What happened.
    #[schema(example = "Custom scenario created successfully")]
    message: &'static str,
    #[serde(flatten)]
    scenario: ScenarioView,
}

/// Make a custom scenario
///
/// An assistant of your own, for every place that takes an `assistant` or a `scenario`. An account holds 20; the 21st is
/// refused with 400.
#[utoipa::path(
    post, path = "/realtime/custom-scenario", tag = "scenarios",
    request_body = ScenarioBody,
    responses((status = 200, description = "It is made", body = CreatedScenario), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn create_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(body): JsonBody<ScenarioBody>,
) -> Result<Json<CreatedScenario>, ApiError> {
    api.rate_limits.scenarios.count(caller.account.0)?;
    let checked = body.checked(&api, caller.account).await?;
    let definition = casp_assistants::definition(&checked.assistant);
    let content = Content {
        name: checked.name.as_deref(),
        definition: &definition,
    };
    let made = scenarios::create(&api.config.store, caller.account, content, now_ms()).await;
    let scenario = made.map_err(refused)?;
    Ok(Json(CreatedScenario {
        message: "Custom scenario created successfully",
        scenario: ScenarioView::of(scenario)?,
    }))
}

/// What a client can do something about.
pub(super) fn refused(error: StoreError) -> ApiError {
    match error {
        StoreError::ScenarioLimit => FULL,
        StoreError::NameTaken => {
            ApiError::invalid_body("name", "is that of another one of your scenarios")
        }
        error => error.into(),
    }
}
