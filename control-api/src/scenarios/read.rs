//! Looking at custom scenarios.

use super::{Reference, own, view::ScenarioView};
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_store::{AccountId, scenarios};

/// List your custom scenarios
///
/// In the order in which they were made.
#[utoipa::path(
    get, path = "/custom-scenarios", tag = "scenarios",
    responses((status = 200, description = "All of them", body = [ScenarioView]), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_scenarios(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<Vec<ScenarioView>>, ApiError> {
    all(&api, caller.account).await
}

/// List your custom scenarios, by its other path
#[utoipa::path(
    get, path = "/realtime/custom-scenarios", tag = "scenarios",
    responses((status = 200, description = "All of them", body = [ScenarioView]), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_realtime_scenarios(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<Vec<ScenarioView>>, ApiError> {
    all(&api, caller.account).await
}

/// Look at a custom scenario
#[utoipa::path(
    get, path = "/custom-scenarios/{scenario_id}", tag = "scenarios",
    params(("scenario_id" = String, Path, description = "Its `scenario_id`, number or name", example = "custom_1_1640995200")),
    responses((status = 200, description = "The scenario", body = ScenarioView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    reference: PathValue<Reference>,
) -> Result<Json<ScenarioView>, ApiError> {
    let scenario = own(&api, caller.account, reference).await?;
    ScenarioView::of(scenario).map(Json)
}

/// Look at a custom scenario, by its other path
#[utoipa::path(
    get, path = "/realtime/custom-scenario/{id}", tag = "scenarios",
    params(("id" = String, Path, description = "Its number, `scenario_id` or name", example = "1")),
    responses((status = 200, description = "The scenario", body = ScenarioView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_realtime_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    reference: PathValue<Reference>,
) -> Result<Json<ScenarioView>, ApiError> {
    let scenario = own(&api, caller.account, reference).await?;
    ScenarioView::of(scenario).map(Json)
}

async fn all(api: &ControlApi, account: AccountId) -> Result<Json<Vec<ScenarioView>>, ApiError> {
    let all = scenarios::list(&api.config.store, account).await?;
    let views: Result<_, ApiError> = all.into_iter().map(ScenarioView::of).collect();
    Ok(Json(views?))
}
