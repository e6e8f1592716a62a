//! Sending codes: the job `send-code`.

use super::code::Code;
use crate::{
    ControlApi,
    accounts::{MailError, Mailer},
    background::JobFailure,
    clock::now_ms,
    error::ApiError,
};
use casp_store::{
    identities::{self, Channel, Identity},
    jobs::ClaimedJob,
};
use casp_twilio::rest::{MessageContent, NewMessage, Sender};
use std::time::Duration;

/// The job's name.
pub(crate) const SEND_CODE: &str = "send-code";

/// Codes that an address is sent a day, by whichever account.
pub(super) const CODES_A_DAY: i64 = 5;
/// How long a code is good.
const LIFE: Duration = Duration::from_mins(10);
/// How often somebody may try.
const ATTEMPTS: i64 = 5;

pub(super) const CANNOT_SEND: ApiError = ApiError::Unavailable(
    "No code can be sent on this channel: the server has no Twilio number for it, or no mail server.",
);

/// Whether codes can be sent on a channel.
pub(super) fn can_send(api: &ControlApi, channel: Channel) -> bool {
    match channel {
        Channel::Email => api.mailer.is_some(),
        _ => api.twilio.is_some() && sender(api, channel).is_some(),
    }
}

/// Makes a code for an identity that waits for one, and sends it to the address. The code is made here and not where it
/// is asked for, so that it lies nowhere in between; a second attempt sends another one, which takes the first one's place.
pub(crate) async fn send_code(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let (Some(account), Some(id)) = (job.account, job.payload["identity"].as_str()) else {
        return Err(JobFailure::Dead("the job names no identity".to_owned()));
    };
    let (store, now) = (&api.config.store, now_ms());
    let identity = identities::get(store, account, id).await?;
    // Cut, or verified in the meantime.
    let Some(identity) = identity.filter(|identity| identity.verified_at_ms.is_none()) else {
        return Ok(());
    };
    let code = Code::random();
    let hash = code.hash(&api.config.secret_key, &identity.id);
    let expires_at_ms = now + LIFE.as_millis() as i64;
    identities::set_code(store, &identity.id, &hash, expires_at_ms, ATTEMPTS).await?;
    send(api, &identity, &code).await
}

async fn send(api: &ControlApi, identity: &Identity, code: &Code) -> Result<(), JobFailure> {
    let (channel, address, code) = (identity.channel, &identity.address, code.expose());
    match channel {
        Channel::Email => mail(api, async |mailer| mailer.send_code(address, code).await).await,
        Channel::Phone | Channel::Sms | Channel::Whatsapp => {
            let text = format!(
                "{code} is your code. It is good for 10 minutes. Tell it nobody but the service you are signing up with."
            );
            message(api, channel, address, text).await
        }
    }
}

/// Sends a mail, as `send` writes it.
pub(super) async fn mail(
    api: &ControlApi,
    send: impl AsyncFnOnce(&Mailer) -> Result<(), MailError>,
) -> Result<(), JobFailure> {
    let mailer = api.mailer.as_ref();
    let mailer = mailer.ok_or_else(|| JobFailure::Dead("no mail server is set up".to_owned()))?;
    send(mailer).await.map_err(|error| {
        tracing::warn!(%error, "a code was not mailed");
        if error.may_pass() {
            JobFailure::retry("the mail server did not take it")
        } else {
            JobFailure::Dead("the mail server refused it".to_owned())
        }
    })
}

/// Sends a text message.
pub(super) async fn message(
    api: &ControlApi,
    channel: Channel,
    address: &str,
    text: String,
) -> Result<(), JobFailure> {
    let (Some(twilio), Some(from)) = (&api.twilio, sender(api, channel)) else {
        return Err(JobFailure::Dead("no Twilio number is set up".to_owned()));
    };
    let message = NewMessage {
        to: on_channel(channel, address),
        sender: Sender::Number(from),
        content: MessageContent::Text {
            body: text,
            media_urls: Vec::new(),
        },
        status_callback: None,
    };
    let sent = twilio.create_message(&message).await;
    sent.map(|_| ()).map_err(|error| {
        tracing::warn!(%error, "a code was not sent");
        if error.is_passing() {
            JobFailure::Retry {
                error: "Twilio did not take it".to_owned(),
                after: error.retry_after(),
            }
        } else {
            JobFailure::Dead("Twilio refused it".to_owned())
        }
    })
}

/// Whom a code comes from.
fn sender(api: &ControlApi, channel: Channel) -> Option<String> {
    let settings = &api.config.twilio;
    let number = match channel {
        Channel::Whatsapp => settings.whatsapp_number.as_deref(),
        Channel::Phone | Channel::Sms => settings.phone_number.as_deref(),
        Channel::Email => None,
    };
    number.map(|number| on_channel(channel, number))
}

/// As Twilio writes an address.
fn on_channel(channel: Channel, number: &str) -> String {
    match channel {
        Channel::Whatsapp => format!("whatsapp:{number}"),
        _ => number.to_owned(),
    }
}
