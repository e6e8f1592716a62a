//! `GET /v1/oauth/connect/{provider}`

use super::{
    PathProvider,
    begin::{Wish, begin},
    browser::{Browser, set_cookie},
    connector,
    problem::NOT_CONFIGURED,
    return_to,
};
use crate::{
    ControlApi,
    error::{ApiError, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Where to send the user.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorizationUrl {
    /// The provider's consent page.
    #[schema(example = "https://accounts.google.com/o/oauth2/v2/auth?client_id=…")]
    pub(crate) authorization_url: String,
}

/// Connect a provider
///
/// Sends the user to the provider's consent page, and afterwards to `redirect_uri?success=true&provider=…`, or
/// `?error=…&message=…`, with `state` as it was given. With `Accept: application/json` the page's URL is answered
/// instead; the browser that goes there must have kept this answer's cookie.
///
/// It takes an access token or API key, a session (`session=`, which holds end user and redirect URI), or a publishable
/// key (`key=`), with which the end user is the e-mail that the provider vouches for.
#[utoipa::path(
    get, path = "/v1/oauth/connect/{provider}", tag = "connections",
    params(
        ("provider" = String, Path, description = "What to connect", example = "gmail"),
        ("redirect_uri" = Option<String>, Query, description = "Where the user goes afterwards; one of the account's list", example = "https://app.example.com/connected"),
        ("resource" = Option<String>, Query, description = "For which end user; the account itself without it", example = "ann@example.org"),
        ("state" = Option<String>, Query, description = "Given back", example = "xyz"),
        ("scope" = Option<String>, Query, description = "Scopes beyond the usual ones, separated by spaces", example = "https://mail.google.com/"),
        ("session" = Option<String>, Query, description = "A session's token", example = "os_…"),
        ("key" = Option<String>, Query, description = "A publishable key", example = "pk_…"),
    ),
    responses(
        (status = 302, description = "To the consent page"),
        (status = 200, description = "With `Accept: application/json`", body = AuthorizationUrl),
        Problem,
    ),
    security(("api_key" = []), ("publishable_key" = []), ())
)]
pub(crate) async fn connect(
    State(api): State<ControlApi>,
    PathValue(provider): PathValue<PathProvider>,
    browser: Browser,
    query: QueryParams,
    request: Request,
) -> Result<Response, ApiError> {
    let provider = provider.known()?;
    if !api.connections.is_configured(provider) {
        return Err(NOT_CONFIGURED);
    }
    let (mut parts, _) = request.into_parts();
    let more_scopes = query.text("scope")?.unwrap_or_default();
    let more_scopes = more_scopes.split_whitespace().map(str::to_owned).collect();
    let client_state = query.text("state")?.map(str::to_owned);
    let connector = connector::read(&api, &mut parts, &query, provider.name()).await?;
    let return_to = return_to::allowed(&api, connector.account, &connector.redirect_uri).await?;
    let browser = browser.or_new();
    let wish = Wish {
        account: connector.account,
        provider,
        resource: connector.resource,
        return_to,
        client_state,
        more_scopes,
        callback_uri: callback_uri(&api, provider.name()),
        browser: Some(browser.clone()),
    };
    let url = begin(&api, wish).await?;
    let cookie = [(header::SET_COOKIE, set_cookie(&api, &browser))];
    if wants_json(&parts.headers) {
        let body = Json(AuthorizationUrl {
            authorization_url: url.into(),
        });
        return Ok((cookie, body).into_response());
    }
    let location = HeaderValue::from_str(url.as_str()).map_err(|_| ApiError::Internal)?;
    Ok((StatusCode::FOUND, cookie, [(header::LOCATION, location)]).into_response())
}

/// Where a provider sends users back.
fn callback_uri(api: &ControlApi, provider: &str) -> String {
    format!(
        "{}/v1/oauth/callback/{provider}",
        api.config.public_url.http()
    )
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"))
}
