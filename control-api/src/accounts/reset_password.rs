//! `/auth/forgot-password`, `/auth/reset-password`

use super::{
    answers::Message,
    email::NewPassword,
    forms::PageOrJson,
    pages,
    send_mail::Mail,
    verify_email::{MailRequest, ask_for, done, refused, token_of},
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
    response::Response,
};
use casp_store::{
    accounts,
    mailed_tokens::{self, Purpose},
    refresh_tokens,
};
use serde::Deserialize;
use utoipa::ToSchema;

const BAD_LINK: &str = "This link is not good, or no longer. Ask for a new one.";
const PASSWORD_FIELD: &str = "<label>New password<input type=\"password\" name=\"password\" minlength=\"8\" \
     maxlength=\"1024\" autocomplete=\"new-password\" required></label>";

/// A new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ResetRequest {
    /// Of the link that was mailed: good once, for an hour.
    #[schema(example = "rp_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")]
    token: String,
    /// 8 characters or more, at most 1024 bytes.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024, example = "better_password")]
    password: NewPassword,
}

/// Ask for a new password
///
/// A mail with a link is sent, if the e-mail is registered; the answer is the same if not.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "accounts",
    request_body = MailRequest,
    responses((status = 202, description = "On its way, if there is reason to", body = Message), Problem)
)]
pub(crate) async fn forgot_password(
    State(api): State<ControlApi>,
    _: AuthAttempt,
    JsonBody(request): JsonBody<MailRequest>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    ask_for(&api, "forgot", &request.email, Mail::Reset).await
}

/// The page behind the link
///
/// Asks for the new password.
#[utoipa::path(
    get, path = "/auth/reset-password", tag = "accounts",
    params(("token" = Option<String>, Query, description = "From the mail", example = "rp_0123")),
    responses((status = 200, description = "A page with a form", body = String, content_type = "text/html"), Problem)
)]
pub(crate) async fn reset_page(
    _: AuthAttempt,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    Ok(match token_of(query.as_deref()) {
        Some(token) => pages::form(
            "Set a new password",
            "/auth/reset-password",
            &token,
            PASSWORD_FIELD,
            "Set it",
        ),
        None => pages::notice(StatusCode::BAD_REQUEST, BAD_LINK),
    })
}

/// Set a new password
///
/// Every sign-in of the account ends. The e-mail counts as verified: whoever has the link reads its mail. If it was
/// not verified before, the account's API keys go too, since somebody else may have registered it.
#[utoipa::path(
    post, path = "/auth/reset-password", tag = "accounts",
    request_body = ResetRequest,
    responses((status = 200, description = "Set", body = Message), Problem)
)]
pub(crate) async fn reset_password(
    State(api): State<ControlApi>,
    _: AuthAttempt,
    PageOrJson { body, is_page }: PageOrJson<ResetRequest>,
) -> Result<Response, ApiError> {
    let store = &api.config.store;
    let purpose = Purpose::ResetPassword;
    // Looked at first, so that a stranger's guess costs no hash.
    let is_good = mailed_tokens::email_of(store, purpose, &body.token, now_ms()).await?;
    if is_good.is_none() {
        return refused(is_page, BAD_LINK);
    }
    let hash = api.passwords.hash(body.password.into_secret()).await?;
    let email = mailed_tokens::redeem(store, purpose, &body.token, now_ms()).await?;
    let account = match email {
        Some(email) => accounts::by_email(store, &email).await?,
        None => None,
    };
    let Some(account) = account.filter(|account| account.is_active) else {
        return refused(is_page, BAD_LINK);
    };
    accounts::set_password_hash(store, account.id, &hash).await?;
    refresh_tokens::revoke_all(store, account.id, now_ms()).await?;
    if accounts::verify_email(store, account.id, now_ms()).await? {
        accounts::delete_all_keys(store, account.id).await?;
    }
    Ok(done(is_page, "Your new password is set. Sign in with it."))
}
