//! `POST /v1/oauth/register`: an account's backend brings tokens of its own.

use super::{resource::owner_of, status::ConnectionView};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    error::{ApiError, ErrorBody, FieldError, Problem},
};
use axum::{Json, extract::State, http::StatusCode};
use casp_actions::{
    Provider,
    connections::{ConnectError, Registration},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::time::Duration;
use utoipa::ToSchema;

/// Longest token, bytes; Microsoft's are the longest.
const LONGEST_TOKEN: usize = 16 * 1_024;
/// A year: longer-lived tokens are renewed earlier.
const LONGEST_LIFE_S: u64 = 366 * 24 * 60 * 60;

/// Tokens that were got elsewhere.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterRequest {
    /// Where they are good.
    #[schema(example = "gmail")]
    provider: String,
    /// The access token.
    #[schema(value_type = String, example = "ya29.…")]
    access_token: SecretString,
    /// Renews the access token, if this server has the client id that it was got with.
    #[schema(value_type = Option<String>, example = "1//0…")]
    refresh_token: Option<SecretString>,
    /// Seconds that the access token lasts.
    #[schema(example = 3600)]
    expires_in: Option<u64>,
    /// Whose account at the provider it is.
    #[schema(example = "user@gmail.com")]
    user_email: Option<String>,
    /// For which end user; `user_email` without it, and without both the account itself.
    #[schema(example = "ann@example.org")]
    resource: Option<String>,
    /// What was granted.
    #[serde(default)]
    #[schema(example = json!(["https://www.googleapis.com/auth/gmail.send"]))]
    scopes: Vec<String>,
}

/// Register tokens
///
/// The server keeps and renews them from now on. Tokens that another OAuth client got can be renewed by that client
/// alone: when they end, the account's webhook gets `oauth.needs_reauth`, and new ones are to be registered. For Jira,
/// the site is found with the access token.
#[utoipa::path(
    post, path = "/v1/oauth/register", tag = "connections",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The connection", body = ConnectionView),
        (status = 502, description = "Jira does not answer", body = ErrorBody),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn register(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<RegisterRequest>,
) -> Result<(StatusCode, Json<ConnectionView>), ApiError> {
    let provider = checked(&request)?;
    let user_email = request.user_email.as_deref();
    let user_email = user_email.map(str::trim).filter(|email| !email.is_empty());
    let named = request.resource.as_deref().filter(|name| !name.is_empty());
    let owner = owner_of(&api, caller.account, "body", named.or(user_email)).await?;
    let registration = Registration {
        owner: owner.clone(),
        provider,
        access_token: request.access_token,
        refresh_token: request
            .refresh_token
            .filter(|token| !token.expose_secret().is_empty()),
        expires_in: request.expires_in.map(Duration::from_secs),
        user_email: user_email.map(str::to_owned),
        scopes: request.scopes,
    };
    let registered = api.connections.register(&registration).await;
    let connection = registered.map_err(|error| match error {
        ConnectError::Refused(_) => ApiError::Rejected("The provider refuses the access token."),
        error => error.into(),
    })?;
    let view = ConnectionView::of(&api, provider, &owner.resource, Some(connection));
    Ok((StatusCode::CREATED, Json(view)))
}

fn checked(request: &RegisterRequest) -> Result<Provider, ApiError> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, msg: &str| errors.push(FieldError::new("body", field, msg));
    let provider = request.provider.parse();
    if provider.is_err() {
        wrong("provider", "there is no such provider");
    }
    let is_token = |token: &SecretString| {
        let token = token.expose_secret();
        token.len() <= LONGEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if request.access_token.expose_secret().is_empty() || !is_token(&request.access_token) {
        wrong("access_token", "must be a token");
    }
    if request
        .refresh_token
        .as_ref()
        .is_some_and(|token| !is_token(token))
    {
        wrong("refresh_token", "must be a token");
    }
    if request.expires_in.is_some_and(|s| s > LONGEST_LIFE_S) {
        wrong("expires_in", "must be at most a year, in seconds");
    }
    let is_email = |email: &String| crate::accounts::is_email(email);
    if request
        .user_email
        .as_ref()
        .is_some_and(|email| !email.is_empty() && !is_email(email))
    {
        wrong("user_email", "must be an e-mail address");
    }
    let is_scope = |scope: &String| {
        (1..=200).contains(&scope.len()) && scope.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if request.scopes.len() > 100 || !request.scopes.iter().all(is_scope) {
        wrong("scopes", "must be at most 100 scopes, without spaces");
    }
    match provider {
        Ok(provider) if errors.is_empty() => Ok(provider),
        _ => Err(ApiError::Invalid(errors)),
    }
}
