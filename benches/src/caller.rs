//! What room callers and phone callers share.

use crate::ear::Ear;
use crate::gate::Gate;
use crate::mouth::Mouth;
use crate::script::{Script, Turn};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// One caller as its script and its line see it.
#[derive(Debug, Default)]
pub struct Caller {
    /// Counts from 0.
    pub index: usize,
    /// What it hears.
    pub ear: Ear,
    /// What it says.
    pub mouth: Mouth,
    /// What happened so far.
    pub record: Mutex<Record>,
}

/// What happened to a caller.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Connect called → agent seen.
    pub join: Option<Duration>,
    /// Connect called → agent audible.
    pub audio_ready: Option<Duration>,
    /// Ready to talk.
    pub ready_at: Option<Instant>,
    /// Finished or failed.
    pub done_at: Option<Instant>,
    /// Why it failed.
    pub error: Option<String>,
    /// Its turns.
    pub turns: Vec<Turn>,
}

impl Caller {
    /// Changes the record.
    pub fn note<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        change(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows the script while `line` carries sound both ways. `ready` completes when the agent can
    /// be talked to.
    pub async fn follow(
        self: &Arc<Self>,
        script: &Script,
        gate: &Gate,
        ready: impl Future<Output = anyhow::Result<()>>,
        line: impl Future<Output = anyhow::Error>,
    ) {
        let mut has_arrived = false;
        let talk = async {
            match timeout(script.ready_timeout, ready).await {
                Err(_) => anyhow::bail!("no agent audio track"),
                Ok(result) => result?,
            }
            self.note(|record| record.ready_at = Some(Instant::now()));
            gate.arrive();
            has_arrived = true;
            gate.opened().await;
            // Lets a greeting begin, and end.
            tokio::time::sleep(script.settle).await;
            self.ear
                .silence(script.silence, Duration::from_secs(20))
                .await;
            script.run(self).await
        };
        let error = tokio::select! {
            result = talk => result.err(),
            error = line => Some(error),
        };
        if !has_arrived {
            gate.arrive();
        }
        self.note(|record| {
            record.done_at = Some(Instant::now());
            record.error = error.map(|error| format!("{error:#}"));
        });
    }
}
