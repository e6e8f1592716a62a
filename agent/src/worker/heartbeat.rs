//! Signs of life in the store, and what is done when somebody else's have stopped.

use crate::{AgentConfig, clock::unix_ms};
use casp_store::{
    StoreError, sessions,
    workers::{self, Heartbeat},
};
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// Sessions looked at in one round.
const TAKEOVERS_A_ROUND: u32 = 16;

/// What the heartbeat says of the worker.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pulse {
    pub(super) jobs: usize,
    pub(super) is_draining: bool,
}

/// Beats until it is dropped; `has_begun` is told of the first one, or that it failed.
pub(super) async fn beat(
    config: Arc<AgentConfig>,
    pulse: watch::Receiver<Pulse>,
    has_begun: oneshot::Sender<()>,
) {
    let mut has_begun = Some(has_begun);
    let mut rounds = tokio::time::interval(config.liveness.interval);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut was_failing = false;
    loop {
        rounds.tick().await;
        let pulse = *pulse.borrow();
        let beat = Heartbeat {
            worker_id: config.worker_id.clone(),
            jobs: pulse.jobs as i64,
            max_jobs: i64::from(config.max_jobs),
            is_draining: pulse.is_draining,
        };
        // Whose own heart does not beat takes nobody else for dead: a restart of the database must not
        // dispatch the whole fleet again.
        let now = unix_ms();
        let written = workers::heartbeat(&config.store, &beat, now).await;
        let is_first = has_begun.take().map(|has_begun| has_begun.send(()));
        let result = match written {
            // Nobody is there yet who would take what is dispatched again.
            Ok(()) if pulse.is_draining || is_first.is_some() => Ok(()),
            Ok(()) => take_over(&config, now).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => was_failing = false,
            Err(error) if !was_failing => {
                was_failing = true;
                tracing::error!(%error, "the store does not answer; running conversations go on, none is taken over");
            }
            Err(_) => {}
        }
    }
}

/// Has sessions of dead workers dispatched again; whoever gets them claims them. `now` is the time of our own beat:
/// however long the store took to write it down, we are not among the dead.
async fn take_over(config: &AgentConfig, now: i64) -> Result<(), StoreError> {
    let stale_after_ms = config.liveness.stale_after_ms();
    let lease_ms = config.liveness.dispatch_lease_ms();
    let orphaned =
        sessions::orphaned(&config.store, now, stale_after_ms, TAKEOVERS_A_ROUND).await?;
    for session in orphaned {
        if !sessions::lease_dispatch(&config.store, &session.id, unix_ms(), lease_ms).await? {
            continue;
        }
        tracing::warn!(session = %session.id, "its worker is gone; asking for another agent");
        dispatch(config, &session.room_name, &session.id).await;
    }
    Ok(())
}

/// Asks LiveKit for an agent; a failure is only logged, since the next round asks again.
pub(super) async fn dispatch(config: &AgentConfig, room: &str, session: &str) {
    let asked = config
        .livekit
        .dispatch_agent(room, &config.agent_name, session)
        .await;
    if let Err(error) = asked {
        tracing::warn!(%error, session, "LiveKit took no dispatch");
    }
}
