//! Twilio's REST API: ending a call.

use crate::TwilioSettings;
use casp_twilio::CallSid;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;

/// The calls of one Twilio account.
#[derive(Clone)]
pub(crate) struct CallsApi {
    http: reqwest::Client,
    /// `…/2010-04-01/Accounts/AC…/Calls`
    url: String,
    account_sid: String,
    auth_token: SecretString,
}

impl fmt::Debug for CallsApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallsApi")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl CallsApi {
    /// `None` without credentials: calls then end by their stream alone.
    pub(crate) fn new(settings: &TwilioSettings, http: &reqwest::Client) -> Option<Self> {
        let account_sid = settings.account_sid.clone()?;
        let base = settings.api_base_url.trim_end_matches('/');
        Some(Self {
            http: http.clone(),
            url: format!("{base}/2010-04-01/Accounts/{account_sid}/Calls"),
            auth_token: settings.auth_token.clone()?,
            account_sid,
        })
    }

    /// Ends a call (Twilio's "Update a Call resource", `Status=completed`).
    pub(crate) async fn complete(&self, call: &CallSid) -> Result<(), reqwest::Error> {
        self.http
            .post(format!("{}/{call}.json", self.url))
            .basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()))
            .form(&[("Status", "completed")])
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }
}
