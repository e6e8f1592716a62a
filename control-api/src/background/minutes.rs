//! Charges accounts with the minutes of their live sessions, and ends the sessions of those that have none left: the
//! agent says goodbye, and who stays all the same is put out.

use crate::{ControlApi, call_end, clock::now_ms, error::ApiError};
use casp_store::{
    ceilings::{self, Resource},
    session_minutes,
};
use std::time::Duration;

/// A session talks this much longer than its account may, at most, before its agent is told,
const ROUND: Duration = Duration::from_secs(5);
/// and this much longer until it is closed whatever it says.
const GOODBYE_MS: i64 = 20_000;
/// Sessions a round.
const MOST: u32 = 500;

pub(super) async fn run(api: &ControlApi) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = round(api).await {
            tracing::warn!(?error, "could not count the minutes of sessions");
        }
    }
}

async fn round(api: &ControlApi) -> Result<(), ApiError> {
    let store = &api.config.store;
    for minutes in session_minutes::uncounted(store, now_ms(), MOST).await? {
        if !session_minutes::count(store, &minutes).await? {
            continue;
        }
        let begun = u32::try_from(minutes.begun - minutes.counted).unwrap_or(1);
        let taken =
            ceilings::take(store, minutes.account, Resource::Minutes, begun, now_ms()).await?;
        if let Err(reached) = taken {
            tracing::warn!(session = minutes.session_id, %reached, "a session is to end");
            metrics::counter!("casp_sessions_out_of_minutes_total").increment(1);
            session_minutes::refuse(store, &minutes, now_ms()).await?;
        }
    }
    for session_id in session_minutes::overdue(store, now_ms() - GOODBYE_MS).await? {
        call_end::close(api, &session_id, "the day's minutes are used up").await?;
    }
    Ok(())
}
