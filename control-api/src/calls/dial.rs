//! Asking Twilio to place a call, once.

use super::{allowed, sender, session};
use crate::{ControlApi, call_trace, clock::now_ms, error::ApiError};
use casp_store::{
    StoreError,
    calls::{self, Call, Machine},
};
use casp_telemetry::TRACE_TARGET;
use casp_twilio::{
    CallSid,
    rest::{self, MachineDetection, MachineDetectionMode, TwilioClient, TwilioError},
};
use std::time::Duration;
use tracing::{Instrument as _, Span};
use url::Url;

/// How often Twilio is asked before a call is given up, when nothing came of it.
const MOST_ATTEMPTS: i64 = 8;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// A call whose placing has an unknown outcome is looked for after this: Twilio's own webhook is mostly faster.
const FIRST_LOOK_MS: i64 = 5_000;
/// After ringing, Twilio has this long to tell how it ended before it is asked.
const SLACK_MS: i64 = 60_000;

/// What came of it.
#[derive(Debug)]
pub(super) enum Dialled {
    /// Twilio has it.
    Placed(CallSid),
    /// Nothing happened; it is in the queue again.
    Waiting,
    /// Nobody knows yet.
    Unknown,
    /// It cannot be placed.
    Refused(ApiError),
}

/// Places a call that was claimed.
pub(super) async fn dial(api: &ControlApi, twilio: &TwilioClient, call: &Call) -> Dialled {
    let dialled = match ask(api, twilio, call).await {
        Ok(dialled) => dialled,
        // The row stays in `placing`, and is looked for like one whose process died.
        Err(error) => Dialled::Refused(error),
    };
    let outcome = match &dialled {
        Dialled::Placed(_) => "placed",
        Dialled::Waiting => "waiting",
        Dialled::Unknown => "unknown",
        Dialled::Refused(_) => "refused",
    };
    metrics::counter!("casp_calls_placed_total", "outcome" => outcome).increment(1);
    tracing::info!(call = call.id, outcome, "a call was to be placed");
    dialled
}

async fn ask(api: &ControlApi, twilio: &TwilioClient, call: &Call) -> Result<Dialled, ApiError> {
    let store = &api.config.store;
    // It may have waited for long.
    if let Err(refused) = allowed::at_this_time(api, call.account, &call.to).await? {
        calls::fail(store, &call.id, refused.code(), refused.text(), now_ms()).await?;
        return Ok(Dialled::Refused(refused.into()));
    }
    let numbers = match sender::candidates(api, call.account, call.wanted_from.as_deref()).await {
        Ok(numbers) => numbers,
        Err(error) => {
            let text = "There is no number to call from.";
            calls::fail(store, &call.id, "no_number", text, now_ms()).await?;
            return Ok(Dialled::Refused(error));
        }
    };
    let mut numbers = numbers.iter().peekable();
    while let Some(from) = numbers.next() {
        if !calls::asking(store, &call.id, from).await? {
            return Ok(Dialled::Unknown);
        }
        let span = placing_span();
        let request = request(api, call, from);
        match twilio.create_call(&request).instrument(span.clone()).await {
            Ok(made) => {
                // Whatever happens here now, the call is placed; webhooks tell the rest.
                if let Err(error) = note_placed(api, call, &made.sid, span).await {
                    tracing::error!(%error, call = call.id, "a call was placed, and could not be noted");
                }
                return Ok(Dialled::Placed(made.sid));
            }
            Err(error) if error.blames_from_number() && numbers.peek().is_some() => {
                tracing::warn!(call = call.id, %error, "the call is placed from another number");
            }
            Err(error) => return note_failure(api, call, &error).await,
        }
    }
    Ok(Dialled::Unknown)
}

/// Of the request to Twilio. Which session it makes is known only from the answer.
fn placing_span() -> Span {
    tracing::info_span!(
        target: TRACE_TARGET,
        parent: None,
        "POST",
        otel.kind = "client",
        http.request.method = "POST",
        url.template = "/2010-04-01/Accounts/{AccountSid}/Calls.json",
        peer.service = "twilio",
    )
}

async fn note_placed(
    api: &ControlApi,
    call: &Call,
    call_sid: &CallSid,
    span: Span,
) -> Result<(), StoreError> {
    let store = &api.config.store;
    let now = now_ms();
    let check_at_ms = now + ringing_ms(api);
    let noted = calls::placed(store, &call.id, call_sid.as_str(), now, check_at_ms).await?;
    if let Some(call) = noted {
        let session = session::announce(api, &call, call_sid).await?;
        if let Some(session) = session {
            call_trace::of(&session).adopt(span);
        }
    }
    Ok(())
}

async fn note_failure(
    api: &ControlApi,
    call: &Call,
    error: &TwilioError,
) -> Result<Dialled, ApiError> {
    let store = &api.config.store;
    let now = now_ms();
    if error.may_have_happened() {
        tracing::warn!(call = call.id, %error, "it is not known whether the call was placed");
        let text = "Twilio's answer was lost; it is looked for.";
        calls::unknown(store, &call.id, text, now + FIRST_LOOK_MS).await?;
        return Ok(Dialled::Unknown);
    }
    if error.is_passing() && call.attempts < MOST_ATTEMPTS {
        let doubled = FIRST_WAIT.saturating_mul(1 << call.attempts.clamp(1, 8).unsigned_abs());
        let wait = error.retry_after().unwrap_or(doubled.min(LONGEST_WAIT));
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        tracing::warn!(call = call.id, %error, "the call waits for Twilio");
        calls::put_back(store, &call.id, now.saturating_add(wait_ms)).await?;
        return Ok(Dialled::Waiting);
    }
    let (code, text) = in_words(error);
    calls::fail(store, &call.id, &code, &text, now).await?;
    Ok(Dialled::Refused(as_answer(error, text)))
}

/// What Twilio is asked.
fn request(api: &ControlApi, call: &Call, from: &str) -> rest::NewCall {
    let detection = |mode| MachineDetection {
        mode,
        callback: address(api, &["twilio", "answered-by"], &call.id),
    };
    rest::NewCall {
        to: call.to.clone(),
        from: from.to_owned(),
        url: address(api, &["outgoing-call", &call.assistant], &call.id),
        status_callback: Some(address(api, &["twilio", "status"], &call.id)),
        ring_timeout: api.config.limits.ring_timeout,
        time_limit: None,
        machine_detection: match call.machine {
            Machine::HangUp => Some(detection(MachineDetectionMode::Enable)),
            Machine::LeaveMessage => Some(detection(MachineDetectionMode::MessageEnd)),
            Machine::Continue => None,
        },
    }
}

/// Where Twilio finds us, with our id of the call: by it, a call is known though its placing's answer was lost.
fn address(api: &ControlApi, path: &[&str], call: &str) -> String {
    let base = api.config.public_url.http();
    let Ok(mut url) = Url::parse(&base) else {
        return base;
    };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url.query_pairs_mut().append_pair("call", call);
    url.into()
}

/// How long a call that was placed may take until it is answered, and Twilio until it has told so.
pub(super) fn ringing_ms(api: &ControlApi) -> i64 {
    let ringing = api.config.limits.ring_timeout.as_millis();
    i64::try_from(ringing).unwrap_or(i64::MAX / 2) + SLACK_MS
}

/// Why a call cannot be placed: a code, and a sentence for its owner.
fn in_words(error: &TwilioError) -> (String, String) {
    let Some(code) = error.code() else {
        let text = "Twilio cannot be reached, or has too many requests.";
        return ("unavailable".into(), text.into());
    };
    let text = match code {
        21_211 | 21_214 | 21_217 => "This number cannot be called.",
        21_219 => "Twilio's trial accounts may call verified numbers only.",
        21_203 | 21_215 | 21_216 => {
            "This number's country may not be called: Twilio's console has the geographic permissions."
        }
        21_210 | 21_212 | 21_213 => {
            "Twilio does not place calls from this number: buy or verify it there."
        }
        20_003 => "Twilio does not accept TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
        _ => "Twilio refused the call.",
    };
    (code.to_string(), format!("{text} (Twilio's error {code})"))
}

fn as_answer(error: &TwilioError, text: String) -> ApiError {
    match error {
        TwilioError::Refused(refusal) if matches!(refusal.status, 401 | 403) => {
            ApiError::Unavailable("Twilio does not let us place calls; see the log.")
        }
        TwilioError::Refused(_) if error.blames_from_number() => {
            ApiError::invalid_body("from", text)
        }
        TwilioError::Refused(_) => ApiError::invalid_body("to", text),
        _ => ApiError::Unavailable("Twilio cannot be reached. Try again soon."),
    }
}
