//! What is older than its time goes, in small batches, so that nobody waits for it: conversations with their words,
//! recordings with their sound, calls with their numbers. And whoever wants to be forgotten, and was not wholly at once,
//! is.

use crate::{ControlApi, clock::now_ms, recordings, transcripts};
use casp_store::{
    StoreError, calls, erasures, recordings as rows, transcripts as words, twilio_transcripts,
};
use std::time::Duration;

const ERASING_ROUND: Duration = Duration::from_secs(5);
/// Rows a batch.
const BATCH: u32 = 100;
/// Between two batches.
const BREATH: Duration = Duration::from_millis(50);

pub(super) async fn run(api: &ControlApi) {
    tokio::join!(keep_to_retention(api), go_on_erasing(api));
}

async fn keep_to_retention(api: &ControlApi) {
    let Some(retention) = api.config.retention else {
        return;
    };
    let retention_ms = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
    let mut rounds = tokio::time::interval(api.config.limits.retention_round);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = remove_old(api, now_ms().saturating_sub(retention_ms)).await {
            tracing::warn!(%error, "what is too old could not be removed");
        }
    }
}

async fn remove_old(api: &ControlApi, before_ms: i64) -> Result<(), StoreError> {
    let store = &api.config.store;
    loop {
        let old = rows::older(store, before_ms, BATCH).await?;
        let mut removed = 0;
        for recording in &old {
            match recordings::erase(api, recording).await {
                Ok(()) => removed += 1,
                Err(error) => {
                    tracing::warn!(%error, recording = recording.sid, "a recording is too old, and was not removed");
                }
            }
        }
        if removed == 0 {
            break;
        }
        tokio::time::sleep(BREATH).await;
    }
    let mut removed = 0;
    loop {
        let batch = words::remove_old(store, before_ms, BATCH).await?;
        removed += batch;
        if batch < BATCH as usize {
            break;
        }
        tokio::time::sleep(BREATH).await;
    }
    while calls::remove_old(store, before_ms, BATCH).await? == u64::from(BATCH) {
        tokio::time::sleep(BREATH).await;
    }
    twilio_transcripts::remove_old(store, before_ms).await?;
    if removed > 0 {
        tracing::info!(conversations = removed, "removed what was too old");
    }
    Ok(())
}

async fn go_on_erasing(api: &ControlApi) {
    let mut rounds = tokio::time::interval(ERASING_ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let running = match erasures::running(&api.config.store, BATCH).await {
            Ok(running) => running,
            Err(error) => {
                tracing::warn!(%error, "could not look for erasures");
                continue;
            }
        };
        for erasure in running {
            let id = erasure.id.clone();
            if let Err(error) = transcripts::erase_round(api, erasure).await {
                tracing::warn!(%error, erasure = id, "could not go on erasing");
            }
        }
    }
}
