//! `GET /scenarios`

use super::view::AssistantView;
use crate::{
    auth::Caller,
    error::{ApiError, Problem},
};
use axum::Json;
use casp_conversation::Assistant;

/// List the built-in scenarios
///
/// `default` first. Their names serve in every place that takes an `assistant` or a `scenario`.
#[utoipa::path(
    get, path = "/scenarios", tag = "scenarios",
    responses((status = 200, description = "All of them", body = [AssistantView]), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_builtin_scenarios(
    _caller: Caller,
) -> Result<Json<Vec<AssistantView>>, ApiError> {
    let all = Assistant::builtins().cloned();
    Ok(Json(all.map(AssistantView::of).collect()))
}
