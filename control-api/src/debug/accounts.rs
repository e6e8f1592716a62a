//! `/debug/all-users`, `/debug/protected-admin`: for administrators.

use crate::{
    ControlApi,
    accounts::UserView,
    auth::Admin,
    error::{ApiError, FieldError, Problem},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use casp_store::accounts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// How many to leave out.
    #[serde(default)]
    #[param(required = false, minimum = 0, example = 0)]
    skip: u32,
    /// How many at most.
    #[serde(default = "most")]
    #[param(required = false, minimum = 1, maximum = 100, example = 100)]
    limit: u32,
}

fn most() -> u32 {
    100
}

/// All accounts
///
/// By number. For administrators.
#[utoipa::path(
    get, path = "/debug/all-users", tag = "debug",
    params(Page),
    responses((status = 200, description = "The accounts", body = Vec<UserView>), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn all_users(
    State(api): State<ControlApi>,
    _: Admin,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Vec<UserView>>, ApiError> {
    let invalid = |msg: String| ApiError::Invalid(vec![FieldError::new("query", "limit", msg)]);
    let Query(page) = page.map_err(|error| invalid(error.body_text()))?;
    if !(1..=100).contains(&page.limit) {
        return Err(invalid("a number from 1 to 100".into()));
    }
    let store = &api.config.store;
    let users = accounts::list(store, i64::from(page.skip), i64::from(page.limit)).await?;
    Ok(Json(users.into_iter().map(UserView::from).collect()))
}

/// A greeting.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Greeting {
    /// For the administrator.
    #[schema(example = "Hello admin@example.com, you are an administrator.")]
    message: String,
}

/// Am I an administrator?
#[utoipa::path(
    get, path = "/debug/protected-admin", tag = "debug",
    responses((status = 200, description = "Yes", body = Greeting), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn protected_admin(Admin { account }: Admin) -> Json<Greeting> {
    Json(Greeting {
        message: format!("Hello {}, you are an administrator.", account.email),
    })
}
