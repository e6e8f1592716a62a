//! `POST /auth/refresh`

use super::answers::TokenAnswer;
use crate::{
    ControlApi,
    auth::{AuthAttempt, TokenUse},
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{extract::State, response::Response};
use casp_store::{
    accounts,
    refresh_tokens::{self, Rotation},
};
use serde::Deserialize;
use utoipa::ToSchema;

const NO_LONGER: ApiError =
    ApiError::Unauthorized("This refresh token is not good, or no longer. Sign in again.");

/// A refresh token to spend.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RefreshRequest {
    /// The newest one of the sign-in.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln")]
    refresh_token: String,
}

/// Get new tokens
///
/// A refresh token is good once. One that comes a second time has been copied: the sign-in it is of ends, with every
/// token of it. Of two requests with one token at the same moment, one gets the new pair.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "accounts",
    request_body = RefreshRequest,
    responses((status = 200, description = "A new pair", body = TokenAnswer), Problem)
)]
pub(crate) async fn refresh(
    State(api): State<ControlApi>,
    _: AuthAttempt,
    JsonBody(request): JsonBody<RefreshRequest>,
) -> Result<Response, ApiError> {
    let store = &api.config.store;
    let old = &request.refresh_token;
    let bearer = api.access_tokens.read(old, TokenUse::Refresh);
    let bearer = bearer.ok_or(NO_LONGER)?;
    let Some(account) = accounts::get(store, bearer.account).await? else {
        return Err(NO_LONGER);
    };
    let answer = TokenAnswer::new(&api, &account, &bearer.family)?;
    let rotation = refresh_tokens::rotate(
        store,
        &bearer.family,
        old,
        answer.refresh_token(),
        now_ms(),
        api.access_tokens.refresh_ttl_ms(),
    )
    .await?;
    match rotation {
        Rotation::Rotated(_) => Ok(answer.into_response()),
        Rotation::Replayed(account) => {
            tracing::warn!(
                account = account.0,
                "a spent refresh token came again; its sign-in has ended"
            );
            metrics::counter!("casp_refresh_tokens_replayed_total").increment(1);
            Err(NO_LONGER)
        }
        Rotation::Refused => Err(NO_LONGER),
    }
}
