//! `POST /v1/identities/{id}/verify`

use super::{
    IdentityId,
    code::{Code, is_same},
    own,
    view::IdentityView,
};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_store::identities;
use serde::Deserialize;
use utoipa::ToSchema;

const WRONG: ApiError =
    ApiError::Malformed("This is not the code that was sent. Look again, or ask for a new one.");
const NO_CODE: ApiError = ApiError::Malformed(
    "No code is good at the moment: it came too late, or was wrong too often. Ask for a new one with \
     POST /v1/identities.",
);

/// What came by message or mail.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Verification {
    /// Six digits.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: String,
}

/// Show that an address is the end user's own
///
/// With the code that was sent to it: good for 10 minutes and 5 attempts.
#[utoipa::path(
    post, path = "/v1/identities/{id}/verify", tag = "identities",
    params(("id" = String, Path, description = "The identity", example = "idn_0123456789abcdef0123456789abcdef")),
    request_body = Verification,
    responses((status = 200, description = "From now on it counts", body = IdentityView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn verify_identity(
    State(api): State<ControlApi>,
    caller: Caller,
    id: PathValue<IdentityId>,
    JsonBody(request): JsonBody<Verification>,
) -> Result<Json<IdentityView>, ApiError> {
    api.rate_limits.codes.count(("verify", caller.account.0))?;
    let code = Code::parse(&request.code)
        .ok_or_else(|| ApiError::invalid_body("code", "must be six digits"))?;
    let store = &api.config.store;
    let identity = own(&api, caller.account, id).await?;
    if identity.verified_at_ms.is_some() {
        return Ok(Json(IdentityView::of(identity)));
    }
    let attempt = identities::take_attempt(store, caller.account, &identity.id, now_ms()).await?;
    let attempt = attempt.ok_or(NO_CODE)?;
    let hash = code.hash(&api.config.secret_key, &identity.id);
    if !is_same(&hash, &attempt.code_hash) {
        return Err(WRONG);
    }
    if !identities::confirm(store, caller.account, &identity.id, &hash, now_ms()).await? {
        return Err(NO_CODE);
    }
    let id = PathValue(IdentityId(identity.id));
    own(&api, caller.account, id)
        .await
        .map(|identity| Json(IdentityView::of(identity)))
}
