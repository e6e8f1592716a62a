//! Events on their way into the store.

use crate::{
    ControlApi,
    clock::{now_ms, rfc3339},
};
use casp_store::{
    AccountId, StoreError,
    webhooks::{self, Event},
};
use serde_json::{Value, json};

/// Tells the account's endpoint, if it has one, of an event: `event_type` is `call.ended`, `transcript.ready`,
/// `oauth.refreshed`, …; `key` names what it happened to, so that the same event of the same thing is told once.
pub(crate) async fn emit(
    api: &ControlApi,
    account: AccountId,
    event_type: &str,
    key: &str,
    data: &Value,
) -> Result<(), StoreError> {
    let now = now_ms();
    let event = Event {
        event_type,
        key,
        body: json!({"type": event_type, "timestamp": rfc3339(now), "data": data}).to_string(),
    };
    if webhooks::emit(&api.config.store, account, &event, now).await? {
        api.job_bell.ring();
    }
    Ok(())
}
