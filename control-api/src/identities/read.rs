//! `GET /v1/identities`

use super::view::IdentityView;
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_store::identities;

/// List the addresses of your end users
///
/// The newest first.
#[utoipa::path(
    get, path = "/v1/identities", tag = "identities",
    params(
        ("resource" = Option<String>, Query, description = "Only those of this end user", example = "ann@example.org"),
        ("skip" = Option<u32>, Query, description = "How many to leave out", example = 0),
        ("limit" = Option<u32>, Query, description = "How many at most (10)", minimum = 1, maximum = 100, example = 10)
    ),
    responses((status = 200, description = "A page of them", body = [IdentityView]), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_identities(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<IdentityView>>, ApiError> {
    let (skip, limit) = query.page()?;
    let store = &api.config.store;
    let listed = identities::list(store, caller.account, query.text("resource")?, skip, limit);
    let views = listed.await?.into_iter().map(IdentityView::of);
    Ok(Json(views.collect()))
}
