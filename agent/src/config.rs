//! What a worker is made of.

use crate::{WorkerStatus, turn::TurnSettings};
use casp_audio::cleanup::CleanupOptions;
use casp_providers::{LanguageModel, SpeechToText, TextToSpeech};
use casp_room::admin::LiveKit;
use casp_store::Store;
use std::{sync::Arc, time::Duration};

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
    /// Names the worker in the store; new at each start of the process.
    pub worker_id: String,
    /// Tells others how the worker stands.
    pub status: WorkerStatus,
}
