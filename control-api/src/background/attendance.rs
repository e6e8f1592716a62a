//! Rooms whose agent did not come, and sessions whose worker died: an agent is sent for again.
//!
//! LiveKit drops a job that no worker takes, silently, and does not dispatch a dead worker's jobs again.

use crate::{ControlApi, clock::now_ms, state::STALE_AFTER_MS};
use casp_store::{
    StoreError,
    sessions::{self, Session},
};
use std::time::{Duration, Instant};

const ROUND: Duration = Duration::from_millis(500);
/// An agent that was sent for has this long to take its session.
const PATIENCE_MS: i64 = 1_000;
/// A worker is taken for dead only after the database has answered without a break for this long: when it was away,
/// every heartbeat is late, and nobody's.
const STEADY_BEFORE_TAKEOVER: Duration = Duration::from_secs(5);
/// Sessions a round.
const MOST: u32 = 50;

pub(super) async fn run(api: &ControlApi) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut steady_since = Instant::now();
    loop {
        rounds.tick().await;
        let begin = Instant::now();
        let is_steady = begin.duration_since(steady_since) >= STEADY_BEFORE_TAKEOVER;
        if let Err(error) = round(api, is_steady).await {
            tracing::warn!(%error, "could not look for sessions without an agent");
            steady_since = Instant::now();
        } else if begin.elapsed() > Duration::from_millis(STALE_AFTER_MS.unsigned_abs()) {
            steady_since = Instant::now();
        }
    }
}

async fn round(api: &ControlApi, may_take_over: bool) -> Result<(), StoreError> {
    let store = &api.config.store;
    let now = now_ms();
    for session in sessions::unattended(store, now - PATIENCE_MS, MOST).await? {
        send(api, &session, now, "no agent came").await?;
    }
    if may_take_over {
        for session in sessions::orphaned(store, now, STALE_AFTER_MS, MOST).await? {
            send(api, &session, now, "its worker is gone").await?;
        }
    }
    Ok(())
}

async fn send(
    api: &ControlApi,
    session: &Session,
    now: i64,
    reason: &str,
) -> Result<(), StoreError> {
    let config = &api.config;
    let lease_ms = patience(now - session.started_at_ms);
    if !sessions::lease_dispatch(&config.store, &session.id, now, lease_ms).await? {
        return Ok(());
    }
    metrics::counter!("casp_agent_redispatches_total").increment(1);
    tracing::info!(session = session.id, reason, "an agent is sent for again");
    let sent = config
        .livekit
        .dispatch_agent(&session.room_name, &config.agent_name, &session.id);
    if let Err(error) = sent.await {
        tracing::warn!(%error, session = session.id, "no agent could be sent for");
    }
    Ok(())
}

/// The longer a session has waited in vain, the rarer it is tried.
fn patience(age_ms: i64) -> i64 {
    match age_ms {
        ..10_000 => 1_500,
        10_000..60_000 => 5_000,
        _ => 30_000,
    }
}
