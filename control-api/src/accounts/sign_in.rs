//! `POST /auth/login`, `POST /token`

use super::{
    answers::{TokenAnswer, UserView},
    captcha,
    email::{Email, LONGEST_PASSWORD},
    forms::FormBody,
};
use crate::{
    ControlApi,
    auth::AuthAttempt,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{extract::State, response::Response};
use casp_store::{
    accounts::{self, Account},
    refresh_tokens,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

/// The same for every failure: what was wrong is nobody's business.
const WRONG: ApiError = ApiError::Unauthorized("The e-mail or the password is not right.");

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LoginRequest {
    /// In upper or lower case.
    #[schema(example = "user@example.com")]
    email: String,
    /// As it was chosen.
    #[schema(value_type = String, format = "password", example = "secure_password")]
    password: SecretString,
    /// Where a CAPTCHA is configured: what it gave.
    captcha_token: Option<String>,
}

/// OAuth2's password form; other fields of it are not looked at.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenForm {
    /// `password`, or left out.
    #[schema(example = "password")]
    grant_type: Option<String>,
    /// The e-mail.
    #[schema(example = "user@example.com")]
    username: String,
    /// As it was chosen.
    #[schema(value_type = String, format = "password", example = "secure_password")]
    password: SecretString,
    /// Where a CAPTCHA is configured: what it gave.
    captcha_token: Option<String>,
}

/// Sign in
///
/// 401 on any failure, in the same time whether the e-mail is registered or not.
#[utoipa::path(
    post, path = "/auth/login", tag = "accounts",
    request_body = LoginRequest,
    responses((status = 200, description = "Signed in", body = TokenAnswer), Problem)
)]
pub(crate) async fn log_in(
    State(api): State<ControlApi>,
    attempt: AuthAttempt,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Result<Response, ApiError> {
    let captcha = request.captcha_token.as_deref();
    count(&api, "login", &request.email)?;
    captcha::check(&api, captcha, attempt.address, ApiError::Unauthorized).await?;
    let account = authenticate(&api, request.email, request.password).await?;
    let mut answer = begin(&api, &account).await?;
    answer.user = Some(UserView::from(account));
    Ok(answer.into_response())
}

/// Sign in by OAuth2's password form
///
/// As `/auth/login`, for clients that speak OAuth2 (RFC 6749, section 4.3).
#[utoipa::path(
    post, path = "/token", tag = "accounts",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Signed in", body = TokenAnswer), Problem)
)]
pub(crate) async fn token(
    State(api): State<ControlApi>,
    attempt: AuthAttempt,
    FormBody(form): FormBody<TokenForm>,
) -> Result<Response, ApiError> {
    let grant = form.grant_type.as_deref().unwrap_or_default();
    if !matches!(grant, "" | "password") {
        return Err(ApiError::Rejected("`grant_type` must be `password`."));
    }
    count(&api, "token", &form.username)?;
    let captcha = form.captcha_token.as_deref();
    captcha::check(&api, captcha, attempt.address, ApiError::Unauthorized).await?;
    let account = authenticate(&api, form.username, form.password).await?;
    Ok(begin(&api, &account).await?.into_response())
}

/// By the e-mail attempted, whether it is one or not.
fn count(api: &ControlApi, route: &str, email: &str) -> Result<(), ApiError> {
    let email = email.trim().to_ascii_lowercase();
    api.rate_limits.auth.count((route, email))
}

/// Runs one password check, whatever is wrong with the e-mail.
async fn authenticate(
    api: &ControlApi,
    email: String,
    password: SecretString,
) -> Result<Account, ApiError> {
    if password.expose_secret().len() > LONGEST_PASSWORD {
        return Err(WRONG);
    }
    let found = match Email::try_from(email) {
        Ok(email) => accounts::credentials(&api.config.store, email.as_str()).await?,
        Err(_) => None,
    };
    let (account, hash) = match found {
        Some(found) if found.account.is_active => (Some(found.account), found.password_hash),
        _ => (None, None),
    };
    let is_right = api.passwords.is_right(password, hash).await?;
    let outcome = if is_right { "signed in" } else { "refused" };
    metrics::counter!("casp_sign_ins_total", "outcome" => outcome).increment(1);
    account.filter(|_| is_right).ok_or(WRONG)
}

/// Begins a family of tokens.
async fn begin(api: &ControlApi, account: &Account) -> Result<TokenAnswer, ApiError> {
    let family = refresh_tokens::new_family();
    let answer = TokenAnswer::new(api, account, &family)?;
    refresh_tokens::begin(
        &api.config.store,
        account.id,
        &family,
        answer.refresh_token(),
        now_ms(),
        api.access_tokens.refresh_ttl_ms(),
    )
    .await?;
    Ok(answer)
}
