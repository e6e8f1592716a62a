//! `POST /v1/oauth/sessions`

use super::{begin::CONSENT_TTL_MS, problem::NOT_CONFIGURED, resource::owner_of, return_to};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State, http::StatusCode};
use casp_actions::Provider;
use casp_store::oauth::{self, OAuthSession};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For whom a link is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SessionRequest {
    /// What to connect.
    #[schema(example = "gmail")]
    provider: String,
    /// For which end user; the account itself without it.
    #[schema(example = "ann@example.org")]
    resource: Option<String>,
    /// Where the user goes afterwards; one of the account's list.
    #[schema(example = "https://app.example.com/connected")]
    redirect_uri: String,
}

/// A link for one user.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionAnswer {
    /// Good once, for ten minutes.
    #[schema(example = "os_0123456789abcdefghijABCDEFGHIJ0123456789abc")]
    session: String,
    /// The link to give to the user.
    #[schema(example = "https://casp.example.com/v1/oauth/connect/gmail?session=os_…")]
    url: String,
}

/// Make a link for a user
///
/// Whoever opens it connects the provider for this end user: give it to nobody else.
#[utoipa::path(
    post, path = "/v1/oauth/sessions", tag = "connections",
    request_body = SessionRequest,
    responses((status = 201, description = "The link", body = SessionAnswer), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn create_oauth_session(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<SessionRequest>,
) -> Result<(StatusCode, Json<SessionAnswer>), ApiError> {
    let provider: Provider = request
        .provider
        .parse()
        .map_err(|error| ApiError::invalid_body("provider", format!("{error}")))?;
    if !api.connections.is_configured(provider) {
        return Err(NOT_CONFIGURED);
    }
    let account = caller.account;
    let owner = owner_of(&api, account, "body", request.resource.as_deref()).await?;
    let session = OAuthSession {
        account,
        provider: provider.name().to_owned(),
        resource: owner.resource,
        redirect_uri: return_to::allowed(&api, account, &request.redirect_uri).await?,
    };
    let store = &api.config.store;
    let session = oauth::create_session(store, &session, CONSENT_TTL_MS, now_ms()).await?;
    let url = format!(
        "{}{}?session={session}",
        api.config.public_url.http(),
        provider.connect_path()
    );
    Ok((StatusCode::CREATED, Json(SessionAnswer { session, url })))
}
