//! Connecting the calendar.

use super::PROVIDER;
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, Problem},
    oauth::{AuthorizationUrl, Browser, Wish, begin, came_back, owner_of, set_cookie, with_query},
    query::QueryParams,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Redirect,
};

/// The page of the first application.
const PAGE: &str = "/scheduled-meetings";

/// Begin to connect Google Calendar
///
/// Send the user to `authorization_url`; Google sends the user to `/google-calendar/callback`, and from there to
/// `FRONTEND_URL/scheduled-meetings`.
#[utoipa::path(
    get, path = "/google-calendar/auth", tag = "google calendar",
    responses((status = 200, description = "Where to send the user", body = AuthorizationUrl), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn google_calendar_auth(
    State(api): State<ControlApi>,
    caller: Caller,
    browser: Browser,
    headers: HeaderMap,
) -> Result<([(HeaderName, HeaderValue); 1], Json<AuthorizationUrl>), ApiError> {
    let owner = owner_of(&api, caller.account, "query", None).await?;
    let browser = browser.or_new();
    let config = &api.config;
    let pages = config.frontend_url.as_ref().unwrap_or(&config.public_url);
    let callback_uri = config.oauth.google_redirect_uri.clone();
    let wish = Wish {
        account: caller.account,
        provider: PROVIDER,
        resource: Some(owner.resource),
        return_to: format!("{}{PAGE}", pages.http()),
        client_state: None,
        more_scopes: Vec::new(),
        callback_uri: callback_uri
            .unwrap_or_else(|| format!("{}/google-calendar/callback", config.public_url.http())),
        browser: keeps_cookies(&headers).then(|| browser.clone()),
    };
    let url = begin(&api, wish).await?;
    let body = AuthorizationUrl {
        authorization_url: url.into(),
    };
    let cookie = [(header::SET_COOKIE, set_cookie(&api, &browser))];
    Ok((cookie, Json(body)))
}

/// Pages of our own origin keep the cookie of this answer. Those of the frontend's ask from another origin, as the first
/// application's do, and servers ask for their users: neither can, and the state alone has to do.
fn keeps_cookies(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "same-origin")
}

/// Come back from Google
///
/// Google sends users here.
#[utoipa::path(
    get, path = "/google-calendar/callback", tag = "google calendar",
    params(
        ("state" = Option<String>, Query, description = "As it was sent", example = "…"),
        ("code" = Option<String>, Query, description = "What the tokens are given for", example = "…"),
        ("error" = Option<String>, Query, description = "Why there is no code", example = "access_denied"),
    ),
    responses((status = 303, description = "To `FRONTEND_URL/scheduled-meetings`, with `success=true&connected=calendar` or `error=calendar_connection_failed&message=…`"), Problem),
)]
pub(crate) async fn google_calendar_callback(
    State(api): State<ControlApi>,
    browser: Browser,
    query: QueryParams,
) -> Result<Redirect, ApiError> {
    let back = came_back(&api, PROVIDER, &browser, &query).await?;
    let return_to = &back.authorization.return_to;
    let location = match &back.outcome {
        Ok(()) => with_query(return_to, &[("success", "true"), ("connected", "calendar")]),
        Err((_, message)) => with_query(
            return_to,
            &[
                ("error", "calendar_connection_failed"),
                ("message", message),
            ],
        ),
    };
    Ok(Redirect::to(&location))
}
