//! `POST /auth/register`

use super::{
    Registration, captcha,
    email::{Email, NewPassword},
    send_mail::{self, Mail},
};
use crate::{
    ControlApi,
    auth::AuthAttempt,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::{
    accounts,
    mailed_tokens::{self, Purpose},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const TAKEN: ApiError = ApiError::Rejected("This e-mail is registered already. Sign in instead.");

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterRequest {
    /// Becomes lower case.
    #[schema(value_type = String, format = "email", example = "user@example.com")]
    email: Email,
    /// 8 characters or more, at most 1024 bytes.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024, example = "secure_password")]
    password: NewPassword,
    /// Where a CAPTCHA is configured: what it gave.
    captcha_token: Option<String>,
    /// With `REGISTRATION=invite`: the token of the invitation, which is for this e-mail alone.
    invitation: Option<String>,
}

/// The account that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Registered {
    /// Number.
    #[schema(example = 1)]
    id: i64,
    /// Lower case.
    #[schema(example = "user@example.com")]
    email: String,
    /// May sign in.
    is_active: bool,
}

/// Register
///
/// A mail with a link is sent to the e-mail; until it is verified the account cannot place calls or send messages.
/// 400 when the e-mail is registered already, 403 when registration is closed or the invitation is not good.
#[utoipa::path(
    post, path = "/auth/register", tag = "accounts",
    request_body = RegisterRequest,
    responses((status = 201, description = "Registered", body = Registered), Problem)
)]
pub(crate) async fn register(
    State(api): State<ControlApi>,
    attempt: AuthAttempt,
    JsonBody(request): JsonBody<RegisterRequest>,
) -> Result<(StatusCode, Json<Registered>), ApiError> {
    let store = &api.config.store;
    api.rate_limits
        .auth
        .count(("register", request.email.as_str()))?;
    let invitation = invitation(&api, &request).await?;
    captcha::check(
        &api,
        request.captcha_token.as_deref(),
        attempt.address,
        ApiError::Rejected,
    )
    .await?;
    let email = request.email.as_str();
    if accounts::by_email(store, email).await?.is_some() {
        return Err(TAKEN);
    }
    let hash = api.passwords.hash(request.password.into_secret()).await?;
    if let Some(token) = &invitation {
        let spent = mailed_tokens::redeem(store, Purpose::Invitation, token, now_ms()).await?;
        spent.ok_or(NOT_INVITED)?;
    }
    // Whoever runs the service vouched for the e-mail that was invited.
    let is_verified = invitation.is_some();
    let account = accounts::register(store, email, &hash, is_verified, now_ms()).await?;
    let account = account.ok_or(TAKEN)?;
    if !is_verified {
        // One that cannot be sent now can be asked for again.
        let _ = send_mail::ask_for(&api, &Mail::Verification(request.email)).await;
    }
    metrics::counter!("casp_registrations_total").increment(1);
    let registered = Registered {
        id: account.id.0,
        email: account.email,
        is_active: account.is_active,
    };
    Ok((StatusCode::CREATED, Json(registered)))
}

const NOT_INVITED: ApiError =
    ApiError::Forbidden("Registration is by invitation, and this one is not good for this e-mail.");

/// The token to spend, where one is needed.
async fn invitation(
    api: &ControlApi,
    request: &RegisterRequest,
) -> Result<Option<String>, ApiError> {
    match api.config.accounts.registration {
        Registration::Open => Ok(None),
        Registration::Closed => Err(ApiError::Forbidden("Registration is closed.")),
        Registration::Invite => {
            let token = request.invitation.as_deref().ok_or(NOT_INVITED)?;
            let store = &api.config.store;
            let invited =
                mailed_tokens::email_of(store, Purpose::Invitation, token, now_ms()).await?;
            if invited.as_deref() != Some(request.email.as_str()) {
                return Err(NOT_INVITED);
            }
            Ok(Some(token.to_owned()))
        }
    }
}
