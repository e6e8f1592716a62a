//! Scenarios, which is to say assistants: the built-in ones, and those that an account makes for itself.
//!
//! Two families of routes lead to the same rows: `/custom-scenarios/{scenario_id}` and
//! `/realtime/custom-scenario/{id}`. Both take a `scenario_id`, a number or a name.

mod body;
mod builtin;
mod change;
mod create;
mod read;
mod remove;
mod view;

use crate::{ControlApi, error::ApiError, path::PathValue};
use casp_store::{
    AccountId,
    scenarios::{self, Scenario},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of scenarios.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(builtin::list_builtin_scenarios))
        .routes(routes!(create::create_scenario))
        .routes(routes!(read::list_scenarios))
        .routes(routes!(read::list_realtime_scenarios))
        .routes(routes!(
            read::show_scenario,
            change::change_scenario,
            remove::delete_scenario
        ))
        .routes(routes!(
            read::show_realtime_scenario,
            change::change_realtime_scenario,
            remove::delete_realtime_scenario
        ))
}

const NO_SUCH_SCENARIO: ApiError = ApiError::NotFound("There is no such custom scenario.");

/// A `scenario_id`, a number or a name, from the path. What is none of them is not found.
pub(crate) struct Reference(String);

impl From<String> for Reference {
    fn from(text: String) -> Self {
        Self(text)
    }
}

async fn own(
    api: &ControlApi,
    account: AccountId,
    PathValue(Reference(reference)): PathValue<Reference>,
) -> Result<Scenario, ApiError> {
    scenarios::find(&api.config.store, account, &reference)
        .await?
        .ok_or(NO_SUCH_SCENARIO)
}
