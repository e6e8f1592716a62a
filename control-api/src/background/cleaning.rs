//! Rows that nobody needs any more.

use crate::{ControlApi, clock::now_ms};
use casp_store::{
    Store, StoreError, action_log, call_codes, ceilings, chat_turns, connections, ephemeral_keys,
    idempotency, identities, jobs, mailed_tokens, oauth, recordings, refresh_tokens,
    scheduled_calls, session_minutes, stream_tokens, transfers, webhooks, workers,
};
use std::time::Duration;

const ROUND: Duration = Duration::from_mins(1);
/// Expired tokens and dead workers are kept this long, for whoever looks for what went wrong.
const KEPT_MS: i64 = 60 * 60 * 1_000;
/// A recording of a room is stored this long after its session, unless its process is gone.
const RECORDINGS_STORED_MS: i64 = 10 * 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Jobs that are done are kept this long: their keys keep the same work from being asked for twice.
const JOBS_KEPT_MS: i64 = 7 * DAY_MS;
/// Jobs that were given up, webhooks that were sent, and scheduled calls whose time is over.
const HISTORY_KEPT_MS: i64 = 30 * DAY_MS;
/// What accounts spent a day.
const USE_KEPT_MS: i64 = 90 * DAY_MS;
/// What was done at other services: an audit looks back a year.
const ACTIONS_KEPT_MS: i64 = 400 * DAY_MS;

pub(super) async fn run(api: &ControlApi) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = clean(&api.config.store, now_ms()).await {
            tracing::warn!(%error, "could not clean up");
        }
    }
}

async fn clean(store: &Store, now: i64) -> Result<(), StoreError> {
    stream_tokens::purge(store, now - KEPT_MS).await?;
    ephemeral_keys::purge(store, now).await?;
    workers::purge(store, now - KEPT_MS).await?;
    transfers::purge(store, now - DAY_MS).await?;
    call_codes::purge(store, now - DAY_MS).await?;
    refresh_tokens::purge(store, now - KEPT_MS).await?;
    mailed_tokens::purge(store, now - KEPT_MS).await?;
    oauth::purge(store, now - KEPT_MS).await?;
    connections::purge_revocations(store, now - HISTORY_KEPT_MS).await?;
    session_minutes::purge(store).await?;
    recordings::give_up_lost(store, now - RECORDINGS_STORED_MS).await?;
    ceilings::purge(store, now - USE_KEPT_MS).await?;
    idempotency::purge(store, now).await?;
    chat_turns::purge(store, now).await?;
    action_log::purge(store, now - ACTIONS_KEPT_MS).await?;
    jobs::prune(store, now - JOBS_KEPT_MS, now - HISTORY_KEPT_MS).await?;
    webhooks::purge(store, now - HISTORY_KEPT_MS).await?;
    identities::purge_sent_codes(store, now - DAY_MS).await?;
    scheduled_calls::purge(store, now - HISTORY_KEPT_MS).await?;
    Ok(())
}
