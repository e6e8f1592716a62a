//! Mails on their way out, as jobs. Whoever asks for one is answered at once, in the same way and time whether the
//! e-mail is an account's or not: that is looked up here, later.

use super::{email::Email, verify_email::NO_MAIL};
use crate::{ControlApi, background::JobFailure, clock::now_ms, error::ApiError};
use casp_store::{
    accounts,
    jobs::{ClaimedJob, NewJob},
    mailed_tokens::{self, Purpose},
};
use serde::{Deserialize, Serialize};

/// The kind of its jobs.
pub(crate) const SEND_MAIL_JOB: &str = "send-mail";

const ATTEMPTS: u32 = 8;
/// Unexpired links that one e-mail is sent at most: nobody's mailbox is filled by a stranger.
const MOST_LINKS: i64 = 5;
const VERIFICATION_TTL_MS: i64 = 24 * 60 * 60 * 1_000;
const RESET_TTL_MS: i64 = 60 * 60 * 1_000;

/// A mail to send, if there is reason to. The link's token is made when it is sent: a job's payload holds no secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "mail", content = "to", rename_all = "kebab-case")]
pub(super) enum Mail {
    /// To an account whose e-mail is not verified.
    Verification(Email),
    /// To an account that may sign in.
    Reset(Email),
}

/// Asks for a mail; 503 where none can be sent.
pub(super) async fn ask_for(api: &ControlApi, mail: &Mail) -> Result<(), ApiError> {
    if api.mailer.is_none() {
        return Err(NO_MAIL);
    }
    let job = NewJob {
        kind: SEND_MAIL_JOB,
        account: None,
        key: None,
        payload: serde_json::to_value(mail).map_err(|_| ApiError::Internal)?,
        run_at_ms: now_ms(),
        max_attempts: ATTEMPTS,
    };
    api.enqueue(&job).await?;
    Ok(())
}

/// Sends one. A process that dies after the mail server took it sends it again, with a link that is as good.
pub(crate) async fn send(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let mail: Mail = serde_json::from_value(job.payload.clone())
        .map_err(|_| JobFailure::Dead("the payload is no mail".into()))?;
    let mailer = api.mailer.as_ref();
    let mailer = mailer.ok_or_else(|| JobFailure::retry("SMTP_URL is not set"))?;
    let store = &api.config.store;
    let (email, purpose, ttl_ms) = match &mail {
        Mail::Verification(email) => (email.as_str(), Purpose::VerifyEmail, VERIFICATION_TTL_MS),
        Mail::Reset(email) => (email.as_str(), Purpose::ResetPassword, RESET_TTL_MS),
    };
    let Some(account) = accounts::by_email(store, email).await? else {
        return Ok(());
    };
    let has_reason = account.is_active && !(purpose == Purpose::VerifyEmail && account.is_verified);
    // To the address that is stored, never to the one that was typed.
    let email = account.email.as_str();
    let has_enough = job.attempt == 1
        && mailed_tokens::recent(store, purpose, email, now_ms()).await? >= MOST_LINKS;
    if !has_reason || has_enough {
        return Ok(());
    }
    let token = mailed_tokens::issue(store, purpose, email, now_ms(), ttl_ms).await?;
    let sent = match purpose {
        Purpose::ResetPassword => mailer.send_reset(email, &token).await,
        _ => mailer.send_verification(email, &token).await,
    };
    match sent {
        Ok(()) => {
            metrics::counter!("casp_mails_sent_total").increment(1);
            Ok(())
        }
        Err(error) if error.may_pass() => Err(JobFailure::retry(error.to_string())),
        Err(error) => Err(JobFailure::Dead(error.to_string())),
    }
}
