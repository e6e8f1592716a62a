//! Placing a call: checked, written down, and placed at once or in its turn.

use super::{
    allowed,
    dial::{self, Dialled},
    number::{FromNumber, ToNumber},
    sender,
};
use crate::{ControlApi, clock::now_ms, error::ApiError, spending, state::STALE_AFTER_MS};
use casp_store::{
    AccountId, StoreError, call_settings,
    calls::{self, Call, CallStatus, Claim, Machine, NewCall, Pace},
};
use casp_twilio::{CallSid, rest::TwilioClient};
use serde_json::Value;
use tracing::Instrument as _;

/// The queue leaves a new call to the request that made it for this long.
const HEAD_START_MS: i64 = 2_000;

/// A call that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// Whom to call.
    pub(crate) to: ToNumber,
    /// The number to call from; `None`: any of the account's.
    pub(crate) from: Option<FromNumber>,
    /// Who speaks; it exists.
    pub(crate) assistant: String,
    /// What is different from the assistant this time (`{}` when nothing).
    pub(crate) overrides: Value,
    /// What is done when a machine answers; `None`: what the account set.
    pub(crate) machine: Option<Machine>,
    /// What a machine is told; `None`: the assistant's greeting.
    pub(crate) message: Option<String>,
    /// A name that the request has and no other: the same one again finds the call that it made.
    pub(crate) request_key: Option<String>,
    /// It is not placed after this, should it have to wait; `None`: the queue's own time.
    pub(crate) give_up_at_ms: Option<i64>,
    /// A job asks for it, which ends with a refusal; a request may be sent again after one.
    pub(crate) is_scheduled: bool,
}

impl Wish {
    /// With everything as the account set it.
    pub(crate) fn new(to: ToNumber, assistant: impl Into<String>) -> Self {
        Self {
            to,
            from: None,
            assistant: assistant.into(),
            overrides: serde_json::json!({}),
            machine: None,
            message: None,
            request_key: None,
            give_up_at_ms: None,
            is_scheduled: false,
        }
    }
}

/// What became of it.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    /// Our id of the call.
    pub(crate) id: String,
    /// Twilio's; `None` while it waits, or when it is not known.
    pub(crate) call_sid: Option<String>,
    /// Where it stands.
    pub(crate) status: CallStatus,
    /// Its place in the queue, from 1.
    pub(crate) position: Option<i64>,
}

/// Places a call for an account, at once if it may, else in its turn. The same `request_key` again places
/// nothing, unless the first one was refused at once, before Twilio had it.
pub(crate) async fn place(
    api: &ControlApi,
    account: AccountId,
    wish: Wish,
) -> Result<Placed, ApiError> {
    let store = &api.config.store;
    let Some(twilio) = &api.twilio else {
        return Err(ApiError::Unavailable(
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set, so no call can be placed.",
        ));
    };
    if let Some(key) = &wish.request_key
        && let Some(call) = calls::by_request(store, key).await?
    {
        return as_it_stands(api, call).await;
    }
    allowed::at_this_time(api, account, wish.to.as_str()).await??;
    sender::candidates(api, account, wish.from.as_ref().map(FromNumber::as_str)).await?;
    spending::admit_call(api, account, wish.to.as_str()).await?;
    let is_scheduled = wish.is_scheduled;
    let call = calls::add(store, &new_call(api, account, wish).await?, now_ms()).await?;
    let claim = calls::claim(store, account, Some(&call.id), pace(api), now_ms()).await?;
    match claim {
        Claim::Claimed(call) => at_once(api, twilio, call, is_scheduled).await,
        Claim::NotNow => as_it_stands(api, call).await,
    }
}

/// How fast every account may call.
pub(super) fn pace(api: &ControlApi) -> Pace {
    let limits = &api.config.limits;
    Pace {
        interval_ms: i64::try_from(limits.call_interval.as_millis()).unwrap_or(i64::MAX),
        most_at_once: i64::from(limits.calls_at_once),
        stale_after_ms: STALE_AFTER_MS,
    }
}

/// A client that goes away must not take a half-placed call with it, so the API does it, not the request.
async fn at_once(
    api: &ControlApi,
    twilio: &TwilioClient,
    call: Call,
    is_scheduled: bool,
) -> Result<Placed, ApiError> {
    let (api, twilio) = (api.clone(), twilio.clone());
    let placing = {
        let (api, call) = (api.clone(), call.clone());
        let tasks = api.tasks.clone();
        let dialling = async move {
            let dialled = dial::dial(&api, &twilio, &call).await;
            if matches!(dialled, Dialled::Refused(_)) && !is_scheduled {
                free_request(&api, &call).await;
            }
            dialled
        };
        tasks.spawn(dialling.in_current_span())
    };
    match placing.await {
        Ok(Dialled::Placed(call_sid)) => Ok(placed(call.id, &call_sid)),
        Ok(Dialled::Refused(error)) => Err(error),
        Ok(Dialled::Waiting | Dialled::Unknown) => {
            let call = calls::get(&api.config.store, &call.id).await?;
            as_it_stands(&api, call.ok_or(ApiError::Internal)?).await
        }
        Err(_) => Err(ApiError::Internal),
    }
}

/// A call that is refused is as one that was never asked for: its request may be sent again.
async fn free_request(api: &ControlApi, call: &Call) {
    if let Err(error) = calls::free_request(&api.config.store, &call.id).await {
        tracing::warn!(%error, call = call.id, "the request of a refused call finds it again");
    }
}

fn placed(id: String, call_sid: &CallSid) -> Placed {
    Placed {
        id,
        call_sid: Some(call_sid.to_string()),
        status: CallStatus::Initiated,
        position: None,
    }
}

async fn as_it_stands(api: &ControlApi, call: Call) -> Result<Placed, ApiError> {
    let position = calls::position(&api.config.store, &call.id).await?;
    Ok(Placed {
        position,
        id: call.id,
        call_sid: call.call_sid,
        status: call.status,
    })
}

async fn new_call(api: &ControlApi, account: AccountId, wish: Wish) -> Result<NewCall, StoreError> {
    let now = now_ms();
    let waits = api.config.limits.call_queue_time.as_millis();
    let waits_ms = i64::try_from(waits).unwrap_or(i64::MAX);
    let machine = match wish.machine {
        Some(machine) => Some(machine),
        None => {
            call_settings::get(&api.config.store, account)
                .await?
                .machine
        }
    };
    Ok(NewCall {
        account,
        to: wish.to.as_str().to_owned(),
        wanted_from: wish.from.map(|from| from.as_str().to_owned()),
        assistant: wish.assistant,
        overrides: wish.overrides,
        machine: machine.unwrap_or(Machine::Continue),
        message: wish.message,
        request_key: wish.request_key,
        not_before_ms: now + HEAD_START_MS,
        give_up_at_ms: wish.give_up_at_ms.unwrap_or(now.saturating_add(waits_ms)),
    })
}
