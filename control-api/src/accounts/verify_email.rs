//! `/auth/verify-email`: the e-mail is the account's own.

use super::{
    answers::Message,
    email::Email,
    forms::PageOrJson,
    pages,
    send_mail::{self, Mail},
};
use crate::{
    ControlApi,
    auth::AuthAttempt,
    body::JsonBody,
    clock::now_ms,
    error::{ApiError, Problem},
};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use casp_store::{
    accounts,
    mailed_tokens::{self, Purpose},
};
use serde::Deserialize;
use utoipa::ToSchema;

const BAD_LINK: &str = "This link is not good, or no longer. Ask for a new one.";
pub(super) const NO_MAIL: ApiError =
    ApiError::Unavailable("This server sends no mail (SMTP_URL). Ask an administrator.");

/// The token of the link that was mailed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct VerifyRequest {
    /// Good once, for 24 hours.
    #[schema(example = "ve_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")]
    token: String,
}

/// Whom to send a mail.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MailRequest {
    /// The account's.
    #[schema(value_type = String, format = "email", example = "user@example.com")]
    pub(super) email: Email,
}

/// The page behind the link
///
/// Asks the person to confirm; the link alone verifies nothing.
#[utoipa::path(
    get, path = "/auth/verify-email", tag = "accounts",
    params(("token" = Option<String>, Query, description = "From the mail", example = "ve_0123")),
    responses((status = 200, description = "A page with a button", body = String, content_type = "text/html"), Problem)
)]
pub(crate) async fn verification_page(
    _: AuthAttempt,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    Ok(match token_of(query.as_deref()) {
        Some(token) => pages::form(
            "Verify your e-mail",
            "/auth/verify-email",
            &token,
            "",
            "This is my e-mail, and I registered",
        ),
        None => pages::notice(StatusCode::BAD_REQUEST, BAD_LINK),
    })
}

/// Verify an e-mail
///
/// From now on the account may place calls and send messages. 400 when the token is not good, or no longer.
#[utoipa::path(
    post, path = "/auth/verify-email", tag = "accounts",
    request_body = VerifyRequest,
    responses((status = 200, description = "Verified", body = Message), Problem)
)]
pub(crate) async fn verify_email(
    State(api): State<ControlApi>,
    _: AuthAttempt,
    PageOrJson { body, is_page }: PageOrJson<VerifyRequest>,
) -> Result<Response, ApiError> {
    let store = &api.config.store;
    let email = mailed_tokens::redeem(store, Purpose::VerifyEmail, &body.token, now_ms()).await?;
    let account = match email {
        Some(email) => accounts::by_email(store, &email).await?,
        None => None,
    };
    let Some(account) = account else {
        return refused(is_page, BAD_LINK);
    };
    accounts::verify_email(store, account.id, now_ms()).await?;
    Ok(done(is_page, "Your e-mail is verified."))
}

/// Send the link again
///
/// The answer is the same whether the e-mail is registered or not.
#[utoipa::path(
    post, path = "/auth/verify-email/send", tag = "accounts",
    request_body = MailRequest,
    responses((status = 202, description = "On its way, if there is reason to", body = Message), Problem)
)]
pub(crate) async fn send_verification(
    State(api): State<ControlApi>,
    _: AuthAttempt,
    JsonBody(request): JsonBody<MailRequest>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    ask_for(&api, "verify", &request.email, Mail::Verification).await
}

/// Asks for a mail, and says no more than that.
pub(super) async fn ask_for(
    api: &ControlApi,
    route: &str,
    email: &Email,
    mail: fn(Email) -> Mail,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    api.rate_limits.auth.count((route, email.as_str()))?;
    send_mail::ask_for(api, &mail(email.clone())).await?;
    let message = "If there is such an account, a mail is on its way.";
    Ok((StatusCode::ACCEPTED, Json(Message { message })))
}

/// `token` of a query, if it may be one.
pub(super) fn token_of(query: Option<&str>) -> Option<String> {
    url::form_urlencoded::parse(query?.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token.into_owned())
        .filter(|token| pages::is_token(token))
}

/// For a person at a page, or for a program.
pub(super) fn done(is_page: bool, message: &'static str) -> Response {
    if is_page {
        pages::notice(StatusCode::OK, message)
    } else {
        Json(Message { message }).into_response()
    }
}

pub(super) fn refused(is_page: bool, message: &'static str) -> Result<Response, ApiError> {
    if is_page {
        Ok(pages::notice(StatusCode::BAD_REQUEST, message))
    } else {
        Err(ApiError::Rejected(message))
    }
}
