//! What a worker is made of.

use crate::{WorkerStatus, turn::TurnSettings};
use casp_actions::ActionServices;
use casp_audio::cleanup::CleanupOptions;
use casp_providers::{LanguageModel, SpeechToText, TextToSpeech};
use casp_room::admin::LiveKit;
use casp_store::Store;
use std::{sync::Arc, time::Duration};

/// How a worker shows that it lives, and when another is taken for dead.
#[derive(Debug, Clone)]
pub struct Liveness {
    /// Between two signs of life: one write a worker, not a call.
    pub interval: Duration,
    /// A worker that has been silent for this long is taken for dead.
    pub stale_after: Duration,
    /// How long nobody else dispatches a session that was dispatched again: an agent needs less to claim it.
    pub dispatch_lease: Duration,
}

impl Default for Liveness {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(500),
            stale_after: Duration::from_secs(2),
            dispatch_lease: Duration::from_secs(3),
        }
    }
}

impl Liveness {
    pub(crate) fn stale_after_ms(&self) -> i64 {
        milliseconds(self.stale_after)
    }

    pub(crate) fn dispatch_lease_ms(&self) -> i64 {
        milliseconds(self.dispatch_lease)
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Everything a worker needs; built by the binary.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The server whose jobs are taken.
    pub livekit: LiveKit,
    /// Sessions and turns.
    pub store: Store,
    /// Hears.
    pub speech_to_text: Arc<dyn SpeechToText>,
    /// Thinks.
    pub language_model: Arc<dyn LanguageModel>,
    /// Speaks.
    pub text_to_speech: Arc<dyn TextToSpeech>,
    /// Acts at other services; `None`: nothing is done there.
    pub actions: Option<Arc<ActionServices>>,
    /// Empty: an agent for every new room. Else only where it is dispatched by this name.
    pub agent_name: String,
    /// Conversations at once; never one more.
    pub max_jobs: u32,
    /// How long running conversations may go on after the shutdown began.
    pub drain_timeout: Duration,
    /// How turns are taken. `max_duration` is the assistant's.
    pub turn: TurnSettings,
    /// Clean-up of what is heard, if any.
    pub cleanup: Option<CleanupOptions>,
    /// Signs of life.
    pub liveness: Liveness,
    /// Names the worker in the store; new at each start of the process.
    pub worker_id: String,
    /// Tells others how the worker stands.
    pub status: WorkerStatus,
}
