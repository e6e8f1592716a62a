//! `DELETE /v1/oauth/disconnect/{provider}`

use super::{PathProvider, resource::owner_of};
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

/// A connection that is gone.
#[derive(Serialize, ToSchema)]
pub(crate) struct Disconnected {
    /// True.
    pub(crate) disconnected: bool,
}

/// Disconnect a provider
///
/// The tokens are erased, and the provider is told to forget them, where it can be told (not at Microsoft and
/// Atlassian); if it does not answer, again later. Google's are ended with the user's last connection at Google.
#[utoipa::path(
    delete, path = "/v1/oauth/disconnect/{provider}", tag = "connections",
    params(
        ("provider" = String, Path, description = "What to disconnect", example = "gmail"),
        ("resource" = Option<String>, Query, description = "Of this end user; of the account itself without it", example = "ann@example.org"),
    ),
    responses((status = 200, description = "It is gone", body = Disconnected), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn disconnect(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(provider): PathValue<PathProvider>,
    query: QueryParams,
) -> Result<Json<Disconnected>, ApiError> {
    let provider = provider.known()?;
    let owner = owner_of(&api, caller.account, "query", query.text("resource")?).await?;
    if !api.connections.disconnect(&owner, provider).await? {
        return Err(ApiError::NotFound("There is no such connection."));
    }
    api.job_bell.ring();
    Ok(Json(Disconnected { disconnected: true }))
}
