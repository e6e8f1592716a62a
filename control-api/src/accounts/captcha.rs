//! `GET /auth/captcha-key`, and the check of what a CAPTCHA gave.

use super::CaptchaSettings;
use crate::{
    ControlApi,
    auth::AuthAttempt,
    error::{ApiError, Problem},
};
use axum::{Json, extract::State};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// Longest token that is handed on; the service's are about 2 KiB.
const LONGEST_TOKEN: usize = 8_192;

/// Asks the service whether a person solved its riddle. Whatever goes wrong, the answer is no.
#[derive(Debug, Clone)]
pub(crate) struct Captcha {
    settings: CaptchaSettings,
    http: reqwest::Client,
}

/// Why somebody is not let through.
pub(crate) enum CaptchaRefused {
    /// No token, or not a good one.
    NotSolved,
    /// The service cannot be asked.
    Unavailable,
}

#[derive(Deserialize)]
struct Verdict {
    success: bool,
}

impl Captcha {
    pub(crate) fn new(settings: &CaptchaSettings, http: &reqwest::Client) -> Self {
        Self {
            settings: settings.clone(),
            http: http.clone(),
        }
    }

    async fn verify(
        &self,
        token: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<(), CaptchaRefused> {
        let token = token.filter(|token| !token.is_empty() && token.len() <= LONGEST_TOKEN);
        let token = token.ok_or(CaptchaRefused::NotSolved)?;
        let url = format!(
            "{}/recaptcha/api/siteverify",
            // It used to be named with its path.
            self.settings
                .base_url
                .trim_end_matches('/')
                .trim_end_matches("/recaptcha/api")
        );
        let mut form = vec![
            (
                "secret",
                self.settings.secret_key.expose_secret().to_owned(),
            ),
            ("response", token.to_owned()),
        ];
        if let Some(address) = address {
            form.push(("remoteip", address.to_string()));
        }
        let asked = async {
            let answer = self.http.post(url).form(&form).send().await?;
            answer.error_for_status()?.json::<Verdict>().await
        };
        match asked.await {
            Ok(verdict) if verdict.success => Ok(()),
            Ok(_) => Err(CaptchaRefused::NotSolved),
            Err(error) => {
                tracing::error!(error = %error.without_url(), "the CAPTCHA service cannot be asked");
                Err(CaptchaRefused::Unavailable)
            }
        }
    }
}

/// Lets through whoever solved the CAPTCHA, and everybody where none is configured; `refusal` is for those who did not.
pub(super) async fn check(
    api: &ControlApi,
    token: Option<&str>,
    address: Option<IpAddr>,
    refusal: fn(&'static str) -> ApiError,
) -> Result<(), ApiError> {
    let Some(captcha) = &api.captcha else {
        return Ok(());
    };
    match captcha.verify(token, address).await {
        Ok(()) => Ok(()),
        Err(CaptchaRefused::NotSolved) => Err(refusal(
            "The CAPTCHA is not solved: send its token as `captcha_token`.",
        )),
        Err(CaptchaRefused::Unavailable) => Err(ApiError::Unavailable(
            "The CAPTCHA cannot be checked now. Try again soon.",
        )),
    }
}

/// What a page needs to show the CAPTCHA.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaptchaKey {
    /// Null when there is none.
    #[schema(example = "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI")]
    captcha_key: Option<String>,
}

/// The site key of the CAPTCHA
///
/// Null when none is configured; then register and login need no `captcha_token`.
#[utoipa::path(
    get, path = "/auth/captcha-key", tag = "accounts",
    responses((status = 200, description = "The key", body = CaptchaKey), Problem)
)]
pub(crate) async fn captcha_key(
    State(api): State<ControlApi>,
    _: AuthAttempt,
) -> Result<Json<CaptchaKey>, ApiError> {
    let captcha = api.captcha.as_ref();
    Ok(Json(CaptchaKey {
        captcha_key: captcha.map(|captcha| captcha.settings.site_key.clone()),
    }))
}
