//! One-time codes for callers: the job `send-call-code`.
//!
//! A caller who asks for private things and has no PIN shows by a code that the telephone is in the right hands. It goes by
//! message to the number that the caller's is linked as: whoever only shows that number, from elsewhere, does not get it,
//! and whoever does get it has the SIM. Where no message can be sent (no Twilio number, a landline), it goes to a verified
//! e-mail of the same end user. Never is it said in the call itself.

use super::{code::Code, sending};
use crate::{ControlApi, background::JobFailure, clock::now_ms, spending};
use casp_store::{
    StoreError, accounts,
    call_codes::{self, SentBy},
    ceilings::Resource,
    identities::{self, Channel},
    jobs::ClaimedJob,
    sessions::{self, Session, SessionState},
};
use std::time::Duration;

/// How long a code is good: the caller waits for it.
const LIFE: Duration = Duration::from_mins(5);
/// How often the caller may try.
const ATTEMPTS: i64 = 3;
/// Links of an end user that are looked through for an e-mail.
const MOST_LINKS: u32 = 50;
const DAY: Duration = Duration::from_hours(24);

/// Makes a code for the call that waits for one, and sends it. It is made here and not where it is asked for, so that it
/// lies nowhere in between.
pub(crate) async fn send_call_code(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(id) = job.payload["session"].as_str() else {
        return Err(JobFailure::Dead("the job names no session".to_owned()));
    };
    let store = &api.config.store;
    let session = sessions::get(store, id).await?;
    let session = session.filter(|it| it.state != SessionState::Ended);
    let Some(session) = session.filter(|it| Some(it.account) == job.account) else {
        return Ok(());
    };
    let mut sent_by = None;
    for (channel, address) in ways(api, &session).await? {
        if is_sent(api, &session, channel, &address).await? {
            sent_by = Some(match channel {
                Channel::Email => SentBy::Email,
                _ => SentBy::Message,
            });
            break;
        }
    }
    if sent_by.is_none() {
        tracing::warn!(session = session.id, "a caller can be sent no code");
    }
    call_codes::settle(store, &session.id, sent_by).await?;
    Ok(())
}

/// Where the one whose telephone it is can be reached, the best way first.
async fn ways(api: &ControlApi, session: &Session) -> Result<Vec<(Channel, String)>, StoreError> {
    let (store, account) = (&api.config.store, session.account);
    let Some((channel, number)) = identities::telephone_of(session) else {
        return Ok(Vec::new());
    };
    let whose = identities::resource_of(store, account, channel, number).await?;
    let Some(resource) = whose else {
        return Ok(Vec::new());
    };
    let mut ways = vec![(channel, number.to_owned())];
    let links = identities::list(store, account, Some(&resource), 0, MOST_LINKS).await?;
    let mails = links
        .into_iter()
        .filter(|link| link.channel == Channel::Email && link.verified_at_ms.is_some());
    ways.extend(mails.map(|link| (Channel::Email, link.address)));
    // The account itself has verified its own.
    let own = accounts::get(store, account).await?;
    if let Some(own) = own.filter(|own| own.is_verified && own.email == resource) {
        ways.push((Channel::Email, own.email));
    }
    ways.retain(|(channel, _)| sending::can_send(api, *channel));
    Ok(ways)
}

/// Whether a new code went this way.
async fn is_sent(
    api: &ControlApi,
    session: &Session,
    channel: Channel,
    address: &str,
) -> Result<bool, JobFailure> {
    let (store, now) = (&api.config.store, now_ms());
    let since = now - DAY.as_millis() as i64;
    if !identities::count_sent_code(store, address, since, sending::CODES_A_DAY, now).await? {
        return Ok(false);
    }
    let admitted = match channel {
        Channel::Email => spending::admit(api, session.account, None, Resource::Messages).await,
        _ => spending::admit_message(api, session.account, address).await,
    };
    if let Err(error) = admitted {
        tracing::warn!(session = session.id, ?error, "a code is not sent this way");
        return Ok(false);
    }
    let code = Code::random();
    let hash = api.passwords.hash(code.expose().to_owned().into()).await;
    let hash = hash.map_err(|_| JobFailure::retry("no thread to make a hash on"))?;
    let expires_at_ms = now + LIFE.as_millis() as i64;
    if !call_codes::set(store, &session.id, &hash, expires_at_ms, ATTEMPTS).await? {
        // Settled by an attempt before.
        return Ok(false);
    }
    let text = format!(
        "{} is your code for the call you are in. It is good for 5 minutes. If you are in no call with us, somebody \
         else shows your number: do nothing, and tell nobody.",
        code.expose()
    );
    let sent = match channel {
        Channel::Email => {
            sending::mail(api, async |mailer| {
                mailer.send_text(address, "Your code", text).await
            })
            .await
        }
        _ => sending::message(api, channel, address, text).await,
    };
    // A caller waits: the next way is tried at once.
    Ok(sent.is_ok())
}
