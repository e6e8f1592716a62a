//! Calls that wait: placed in their turn.

use super::{dial, place::pace, watch};
use crate::{ControlApi, clock::now_ms};
use casp_store::{
    StoreError,
    calls::{self, Claim},
};
use casp_twilio::rest::TwilioClient;
use std::time::Duration;

const ROUND: Duration = Duration::from_millis(250);
/// Calls that nothing is heard of are looked for every so many rounds.
const ROUNDS_BETWEEN_LOOKS: u32 = 8;

/// Places queued calls and looks for those that nothing is heard of, for as long as it is polled. Any number of
/// instances may: each call is one's.
pub(crate) async fn run(api: &ControlApi) {
    let Some(twilio) = &api.twilio else {
        return std::future::pending().await;
    };
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut until_look = 0;
    loop {
        rounds.tick().await;
        if let Err(error) = place_waiting(api, twilio).await {
            tracing::warn!(%error, "could not look for calls to place");
        }
        if until_look == 0 {
            until_look = ROUNDS_BETWEEN_LOOKS;
            if let Err(error) = watch::round(api, twilio).await {
                tracing::warn!(%error, "could not look for calls that nothing is heard of");
            }
        }
        until_look -= 1;
    }
}

async fn place_waiting(api: &ControlApi, twilio: &TwilioClient) -> Result<(), StoreError> {
    let store = &api.config.store;
    for account in calls::waiting_accounts(store, now_ms()).await? {
        // The account's pace ends this, at the latest when it has enough calls under way.
        while let Claim::Claimed(call) =
            calls::claim(store, account, None, pace(api), now_ms()).await?
        {
            let (api, twilio) = (api.clone(), twilio.clone());
            let tasks = api.tasks.clone();
            tasks.spawn(async move { dial::dial(&api, &twilio, &call).await });
        }
    }
    Ok(())
}
