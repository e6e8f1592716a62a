//! Deleting custom scenarios.

use super::{NO_SUCH_SCENARIO, Reference, own};
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_store::{AccountId, scenarios};
use serde::Serialize;
use utoipa::ToSchema;

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedScenario {
    /// What happened.
    #[schema(example = "Custom scenario deleted successfully")]
    message: &'static str,
}

/// Delete a custom scenario
///
/// Calls that are under way go on as they began.
#[utoipa::path(
    delete, path = "/custom-scenarios/{scenario_id}", tag = "scenarios",
    params(("scenario_id" = String, Path, description = "Its `scenario_id`, number or name", example = "custom_1_1640995200")),
    responses((status = 200, description = "It is deleted", body = DeletedScenario), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn delete_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    reference: PathValue<Reference>,
) -> Result<Json<DeletedScenario>, ApiError> {
    delete(&api, caller.account, reference).await?;
    Ok(Json(DeletedScenario {
        message: "Custom scenario deleted successfully",
    }))
}

/// Delete a custom scenario, by its other path
///
/// Calls that are under way go on as they began.
#[utoipa::path(
    delete, path = "/realtime/custom-scenario/{id}", tag = "scenarios",
    params(("id" = String, Path, description = "Its number, `scenario_id` or name", example = "1")),
    responses((status = 200, description = "It is deleted", body = DeletedScenario,
        example = json!({"message": "Scenario deleted"})), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn delete_realtime_scenario(
    State(api): State<ControlApi>,
    caller: Caller,
    reference: PathValue<Reference>,
) -> Result<Json<DeletedScenario>, ApiError> {
    delete(&api, caller.account, reference).await?;
    Ok(Json(DeletedScenario {
        message: "Scenario deleted",
    }))
}

async fn delete(
    api: &ControlApi,
    account: AccountId,
    reference: PathValue<Reference>,
) -> Result<(), ApiError> {
    let scenario = own(api, account, reference).await?;
    if scenarios::delete(&api.config.store, account, &scenario.scenario_id).await? {
        Ok(())
    } else {
        Err(NO_SUCH_SCENARIO)
    }
}
