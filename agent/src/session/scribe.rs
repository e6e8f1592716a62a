//! Writes turns down as they happen, so that a conversation outlives its worker, and learns so whether the
//! session is still ours.

use super::{claim::Held, inbox::Report};
use crate::clock::unix_ms;
use casp_conversation::opt_out;
use casp_store::{
    Store, do_not_call,
    turns::{self, Turn},
};
use serde_json::{Value, json};
use std::time::Instant;
use tokio::{sync::mpsc, task::JoinSet};

/// Turns that wait for a slow store; more are lost: talking goes on.
const TURNS: usize = 64;

/// Something to be written down.
#[derive(Debug)]
enum Note {
    Turn(Turn),
    /// Whoever was called is not to be called again.
    NoMoreCalls,
}

/// Takes turns to be written down; of a room without a session, none.
#[derive(Debug)]
pub(super) struct Scribe {
    turns: Option<mpsc::Sender<Note>>,
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
        if turns.try_send(Note::Turn(turn)).is_err() {
            tracing::error!("the store is too slow; a turn is lost");
        }
    }

    /// Puts whoever was called on the account's do-not-call list, if the user's turn asks for it. It is read before
    /// its digits are masked.
    pub(super) fn heed(&self, turn: &str) {
        if opt_out::wants_no_more_calls(turn)
            && let Some(turns) = &self.turns
            && turns.try_send(Note::NoMoreCalls).is_err()
        {
            tracing::error!("the store is too slow; a wish not to be called again is lost");
        }
    }
}

async fn write(
    store: Store,
    row: Held,
    mut notes: mpsc::Receiver<Note>,
    reports: mpsc::Sender<Report>,
) {
    while let Some(note) = notes.recv().await {
        let turn = match note {
            Note::Turn(turn) => turn,
            Note::NoMoreCalls => {
                no_more_calls(&store, &row.session_id).await;
                continue;
            }
        };
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

async fn no_more_calls(store: &Store, session_id: &str) {
    match do_not_call::add_callee(store, session_id, opt_out::REASON, unix_ms()).await {
        Ok(true) => tracing::info!(session = session_id, "not to be called again"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, session = session_id, "a wish not to be called again was not written down");
        }
    }
}
