//! What the bridge is built with.

use casp_providers::TextToSpeech;
use casp_room::admin::LiveKit;
use casp_store::{AccountId, Store};
use casp_twilio::media_streams::Limits;
use std::{sync::Arc, time::Duration};

/// What the bridge is built with. The binary reads the settings; the bridge never looks at the environment.
#[derive(Debug, Clone)]
pub struct BridgeConfig {
    /// The media server.
    pub livekit: LiveKit,
    /// The database.
    pub store: Store,
    /// Renders the apology at start-up.
    pub text_to_speech: Arc<dyn TextToSpeech>,
    /// Name of the agents to dispatch; empty: those that take every room.
    pub agent_name: String,
    /// In dev: whose calls those from loopback without a key are. `None` in every other mode.
    pub dev_account: Option<AccountId>,
    /// Do not send a caller's silence into the room.
    pub skips_silence: bool,
    /// Bounds on what a client may do.
    pub limits: Limits,
    /// A client that has said nothing for so long, not even an answer to the pings that are sent from a third of it
    /// on, is gone.
    pub silence_timeout: Duration,
    /// A call that is not in its room after so long is given up; who telephones hears ringing meanwhile.
    pub join_timeout: Duration,
    /// How long a dropped call may take to come back before its session is ended.
    pub resume_grace: Duration,
}

impl BridgeConfig {
    /// With the usual limits, outside dev.
    pub fn new(
        livekit: LiveKit,
        store: Store,
        text_to_speech: Arc<dyn TextToSpeech>,
        agent_name: impl Into<String>,
    ) -> Self {
        Self {
            livekit,
            store,
            text_to_speech,
            agent_name: agent_name.into(),
            dev_account: None,
            skips_silence: true,
            limits: Limits::default(),
            silence_timeout: Duration::from_secs(45),
            join_timeout: Duration::from_secs(10),
            resume_grace: Duration::from_secs(15),
        }
    }
}
