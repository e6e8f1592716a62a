//! `GET /v1/identities`

use super::view::IdentityView;
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    oauth::owner_of,
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
    let (store, account) = (&api.config.store, caller.account);
    let resource = match query.text("resource")? {
        None => None,
        named => Some(owner_of(&api, account, "query", named).await?.resource),
    };
    let listed = identities::list(store, account, resource.as_deref(), skip, limit);
    let views = listed.await?.into_iter().map(IdentityView::of);
    Ok(Json(views.collect()))
}
