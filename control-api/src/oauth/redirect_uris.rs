//! `/v1/oauth/redirect-uris`

use super::return_to::{own_origins, parse};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State};
use casp_store::oauth;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// URIs on one account's list.
const MOST: usize = 50;

/// Where users may be sent.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RedirectUris {
    /// To the letter.
    #[schema(example = json!(["https://app.example.com/connected"]))]
    redirect_uris: Vec<String>,
}

/// Where users may be sent, and what stands by itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct RedirectUriList {
    /// The account's own list.
    #[schema(example = json!(["https://app.example.com/connected"]))]
    redirect_uris: Vec<String>,
    /// Every page of these origins is allowed too.
    #[schema(example = json!(["https://casp.example.com"]))]
    default_origins: Vec<String>,
}

/// List where users may be sent
#[utoipa::path(
    get, path = "/v1/oauth/redirect-uris", tag = "connections",
    responses((status = 200, description = "The list", body = RedirectUriList), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_redirect_uris(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<RedirectUriList>, ApiError> {
    let redirect_uris = oauth::redirect_uris(&api.config.store, caller.account).await?;
    Ok(Json(RedirectUriList {
        redirect_uris,
        default_origins: own_origins(&api),
    }))
}

/// Set where users may be sent
///
/// In the place of the list there was.
#[utoipa::path(
    put, path = "/v1/oauth/redirect-uris", tag = "connections",
    request_body = RedirectUris,
    responses((status = 200, description = "The list", body = RedirectUriList), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn set_redirect_uris(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<RedirectUris>,
) -> Result<Json<RedirectUriList>, ApiError> {
    if request.redirect_uris.len() > MOST {
        let rule = format!("at most {MOST}");
        return Err(ApiError::invalid_body("redirect_uris", rule));
    }
    let mut uris: Vec<String> = Vec::new();
    for uri in &request.redirect_uris {
        let uri = parse(uri)
            .map_err(|error| ApiError::invalid_body("redirect_uris", error.to_string()))?;
        if !uris.iter().any(|known| known == uri.as_str()) {
            uris.push(uri.into());
        }
    }
    oauth::set_redirect_uris(&api.config.store, caller.account, &uris).await?;
    Ok(Json(RedirectUriList {
        redirect_uris: uris,
        default_origins: own_origins(&api),
    }))
}
