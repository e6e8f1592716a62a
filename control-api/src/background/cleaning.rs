//! Rows that nobody needs any more.

use crate::{ControlApi, clock::now_ms};
use casp_store::{stream_tokens, workers};
use std::time::Duration;

const ROUND: Duration = Duration::from_mins(1);
/// Expired tokens and dead workers are kept this long, for whoever looks for what went wrong.
const KEPT_MS: i64 = 60 * 60 * 1_000;

pub(super) async fn run(api: &ControlApi) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let before = now_ms() - KEPT_MS;
        let store = &api.config.store;
        if let Err(error) = tokio::try_join!(
            stream_tokens::purge(store, before),
            workers::purge(store, before)
        ) {
            tracing::warn!(%error, "could not clean up");
        }
    }
}
