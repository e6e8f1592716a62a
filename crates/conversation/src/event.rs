//! `casp.event`: what agent and bridge tell each other beside the audio (docs: interface §7).
//!
//! One JSON envelope on the reliable data topic [`TOPIC`], addressed to the other side alone, and obeyed by the
//! bridge only when its sender is the room's agent.

use serde::{Deserialize, Serialize};

/// The data topic.
pub const TOPIC: &str = "casp.event";
/// Version of the envelope; others are ignored.
pub const VERSION: u8 = 1;

/// The envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// [`VERSION`].
    pub v: u8,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. `rtp_timestamp` is on the clock of the agent's track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// Agent → bridge: an utterance begins with this frame.
    #[serde(rename = "speech.started")]
    SpeechStarted {
        /// Its id, unique in the session.
        utterance: String,
        /// Timestamp of its first frame.
        rtp_timestamp: u32,
    },
    /// Agent → bridge: sending stopped before this frame; it may go on. Drop earlier frames, empty the far buffer.
    #[serde(rename = "speech.paused")]
    SpeechPaused {
        /// Utterance.
        utterance: String,
        /// First frame that was not sent.
        rtp_timestamp: u32,
    },
    /// Agent → bridge: the utterance is over before its end. Drop earlier frames, empty the far buffer.
    #[serde(rename = "speech.cut")]
    SpeechCut {
        /// Utterance.
        utterance: String,
        /// First frame that was not sent.
        rtp_timestamp: u32,
    },
    /// Agent → bridge: the last frame of the utterance was sent (the bridge asks for a mark).
    #[serde(rename = "speech.finished")]
    SpeechFinished {
        /// Utterance.
        utterance: String,
        /// Timestamp after its last frame.
        rtp_timestamp: u32,
    },
    /// Bridge → agent: so much of the utterance was played to the caller (from Twilio's marks).
    #[serde(rename = "speech.played")]
    SpeechPlayed {
        /// Utterance.
        utterance: String,
        /// Milliseconds from its start.
        ms: u32,
    },
    /// Agent → bridge: text as it is spoken or heard.
    #[serde(rename = "transcript")]
    Transcript {
        /// `user` or `assistant`.
        role: String,
        /// Text so far (of this segment).
        text: String,
        /// No more will come for this segment.
        #[serde(rename = "final")]
        is_final: bool,
    },
    /// Agent → bridge: the agent acts.
    #[serde(rename = "action")]
    Action {
        /// `google-calendar.agenda`.
        name: String,
        /// `started`, `succeeded`, `failed`, `needs_confirmation`.
        status: String,
        /// Result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<serde_json::Value>,
        /// Error for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// Agent → bridge: the conversation is over; hang up when everything has been played.
    #[serde(rename = "call.hang_up")]
    HangUp {},
    /// Bridge → agent: a typed turn, or a text to say as it is.
    #[serde(rename = "text")]
    Text {
        /// `user`: a turn; `assistant`: say this.
        role: String,
        /// Text.
        text: String,
    },
    /// Bridge → agent: stop speaking.
    #[serde(rename = "speech.clear")]
    SpeechClear {},
}
