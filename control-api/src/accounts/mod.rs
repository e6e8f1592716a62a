//! Accounts: registering, signing in and out, keys (interface §2).

mod answers;
mod api_keys;
mod captcha;
mod email;
mod forms;
mod logout;
mod mail;
mod me;
mod pages;
mod refresh;
mod register;
mod reset_password;
mod send_mail;
mod settings;
mod sign_in;
mod verify_email;

pub(crate) use answers::UserView;
pub(crate) use captcha::Captcha;
pub(crate) use email::{Email, is_email};
pub(crate) use mail::{MailError, Mailer};
pub(crate) use send_mail::{SEND_MAIL_JOB, send as send_mail};
pub use settings::{
    AccountSettings, CaptchaSettings, InvalidRegistration, Registration, SmtpSettings,
};

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of accounts.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(sign_in::log_in))
        .routes(routes!(sign_in::token))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::log_out))
        .routes(routes!(captcha::captcha_key))
        .routes(routes!(
            verify_email::verification_page,
            verify_email::verify_email
        ))
        .routes(routes!(verify_email::send_verification))
        .routes(routes!(reset_password::forgot_password))
        .routes(routes!(
            reset_password::reset_page,
            reset_password::reset_password
        ))
        .routes(routes!(me::show_me))
        .routes(routes!(api_keys::list_keys, api_keys::create_key))
        .routes(routes!(api_keys::delete_key))
}
