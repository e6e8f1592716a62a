//! `POST /auth/logout`

use crate::{
    ControlApi,
    auth::{AuthAttempt, bearer_of},
    body,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use casp_store::refresh_tokens;
use serde::Deserialize;
use utoipa::ToSchema;

/// Which sign-in ends, where no access token says so.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct LogoutRequest {
    /// Any one of the sign-in.
    refresh_token: Option<String>,
}

/// Sign out
///
/// Ends the sign-in that the access token in `Authorization` or the `refresh_token` in the body is of: every token of
/// it is refused from now on. Expired ones do as well. The body may be left out.
#[utoipa::path(
    post, path = "/auth/logout", tag = "accounts",
    request_body(content = Option<LogoutRequest>, content_type = "application/json"),
    responses((status = 204, description = "Signed out"), Problem),
    security(("api_key" = []), ())
)]
pub(crate) async fn log_out(
    State(api): State<ControlApi>,
    _: AuthAttempt,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let access = bearer_of(request.headers()).map(str::to_owned);
    let bytes = body::read(request, api.config.limits.body_bytes).await?;
    let refresh = if bytes.trim_ascii().is_empty() {
        None
    } else {
        body::parse::<Option<LogoutRequest>>(&bytes)?
            .unwrap_or_default()
            .refresh_token
    };
    let families = [access, refresh]
        .into_iter()
        .flatten()
        .filter_map(|token| api.access_tokens.read_expired(&token))
        .map(|bearer| bearer.family)
        .collect::<Vec<_>>();
    if families.is_empty() {
        return Err(ApiError::Unauthorized(
            "Send the access token, or the refresh token as `refresh_token`.",
        ));
    }
    for family in families {
        refresh_tokens::revoke(&api.config.store, &family, now_ms()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
