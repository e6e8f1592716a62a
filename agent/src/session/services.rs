//! What all conversations of a worker share.

use super::{OutOfMinutes, sayings::Fallback};
use crate::{AgentConfig, Liveness, turn::TurnSettings};
use casp_actions::ActionServices;
use casp_audio::cleanup::CleanupOptions;
use casp_providers::{LanguageModel, SpeechToText, TextToSpeech};
use casp_room::admin::LiveKit;
use casp_store::Store;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What all conversations of a worker share.
#[derive(Debug)]
pub(crate) struct Services {
    pub(super) livekit: LiveKit,
    pub(super) store: Store,
    pub(super) speech_to_text: Arc<dyn SpeechToText>,
    pub(super) language_model: Arc<dyn LanguageModel>,
    pub(super) text_to_speech: Arc<dyn TextToSpeech>,
    pub(super) actions: Option<Arc<ActionServices>>,
    pub(super) turn: TurnSettings,
    pub(super) cleanup: Option<CleanupOptions>,
    pub(super) liveness: Liveness,
    pub(super) agent_name: String,
    pub(super) worker_id: String,
    pub(crate) fallback: Fallback,
    /// Sessions that were refused another minute.
    pub(super) out_of_minutes: OutOfMinutes,
    /// The worker closes down: whoever still talks is handed over.
    pub(crate) hand_over: CancellationToken,
}

impl Services {
    pub(crate) fn new(config: &AgentConfig, out_of_minutes: OutOfMinutes) -> Self {
        Self {
            livekit: config.livekit.clone(),
            store: config.store.clone(),
            speech_to_text: config.speech_to_text.clone(),
            language_model: config.language_model.clone(),
            text_to_speech: config.text_to_speech.clone(),
            actions: config.actions.clone(),
            turn: config.turn.clone(),
            cleanup: config.cleanup.clone(),
            liveness: config.liveness.clone(),
            agent_name: config.agent_name.clone(),
            worker_id: config.worker_id.clone(),
            fallback: Fallback::default(),
            out_of_minutes,
            hand_over: CancellationToken::new(),
        }
    }
}
