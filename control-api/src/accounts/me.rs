//! `GET /users/me`

use super::answers::UserView;
use crate::{auth::SignedIn, error::Problem};
use axum::Json;

/// Who I am
#[utoipa::path(
    get, path = "/users/me", tag = "accounts",
    responses((status = 200, description = "The account", body = UserView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_me(SignedIn { account, .. }: SignedIn) -> Json<UserView> {
    Json(account.into())
}
