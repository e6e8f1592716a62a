//! Writes turns down as they happen, so that a conversation outlives its worker, and learns so whether the
//! session is still ours.

use super::{claim::Held, inbox::Report};
use crate::clock::unix_ms;
use casp_store::{
    Store,
    turns::{self, Turn},
};
use serde_json::{Value, json};
use std::time::Instant;
use tokio::{sync::mpsc, task::JoinSet};

/// Turns that wait for a slow store; more are lost: talking goes on.
const TURNS: usize = 64;

/// Takes turns to be written down; of a room without a session, none.
#[derive(Debug)]
pub(super) struct Scribe {
    turns: Option<mpsc::Sender<Turn>>,
    /// When the session began, Unix milliseconds.
    began_at_ms: i64,
}

impl Scribe {
    /// Its task ends when it is dropped and all is written.
    pub(super) fn start(
        store: &Store,
        row: Option<&Held>,
        reports: mpsc::Sender<Report>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let turns = row.map(|row| {
            let (turns, turns_seen) = mpsc::channel(TURNS);
            tasks.spawn(write(store.clone(), row.clone(), turns_seen, reports));
            turns
        });
        Self {
            turns,
            began_at_ms: row.map_or(0, |row| row.started_at_ms),
        }
    }

    /// Notes from when to when something was said, in milliseconds since the session began.
    pub(super) fn time(&self, timings: &mut Value, since: Instant, until: Instant) {
        let now = unix_ms();
        let since_start = |at: Instant| {
            let ago = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
            now.saturating_sub(ago)
                .saturating_sub(self.began_at_ms)
                .max(0)
        };
        timings["speech_start_ms"] = json!(since_start(since));
        timings["speech_end_ms"] = json!(since_start(until));
    }

    /// Writes a turn down.
    pub(super) fn turn(&self, role: &str, text: String, was_interrupted: bool, timings: Value) {
        let Some(turns) = &self.turns else { return };
        let turn = Turn {
            position: 0,
            role: role.to_owned(),
            text,
            was_interrupted,
            timings,
            at_ms: unix_ms(),
        };
        if turns.try_send(turn).is_err() {
            tracing::error!("the store is too slow; a turn is lost");
        }
    }
}

async fn write(
    store: Store,
    row: Held,
    mut turns: mpsc::Receiver<Turn>,
    reports: mpsc::Sender<Report>,
) {
    while let Some(turn) = turns.recv().await {
        match turns::append(&store, &row.session_id, row.epoch, &turn).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                // When the loop is gone it needs no telling.
                let _ = reports.send(Report::EpochLost).await;
                return;
            }
            Err(error) => {
                tracing::error!(%error, session = row.session_id, "a turn was not written down");
            }
        }
    }
}
