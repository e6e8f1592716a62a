//! `DELETE /v1/identities/{id}`

use super::{IdentityId, NO_SUCH_IDENTITY};
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{extract::State, http::StatusCode};
use casp_store::identities;

/// Cut the link of an address to an end user
///
/// From now on whoever speaks from there is a stranger.
#[utoipa::path(
    delete, path = "/v1/identities/{id}", tag = "identities",
    params(("id" = String, Path, description = "The identity", example = "idn_0123456789abcdef0123456789abcdef")),
    responses((status = 204, description = "It is cut"), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn delete_identity(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(IdentityId(id)): PathValue<IdentityId>,
) -> Result<StatusCode, ApiError> {
    if identities::delete(&api.config.store, caller.account, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(NO_SUCH_IDENTITY)
    }
}
