//! What the machine is told.

use std::time::{Duration, Instant};

/// One voice that is heard: a participant's audio track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpeakerId(pub u32);

/// One thing the agent says or prepares to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtteranceId(pub u64);

/// One request to speech-to-text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TranscriptionId(pub u64);

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// A voice.
    Voice(SpeakerId),
    /// Whoever typed it: a participant's identity.
    Typed(String),
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnEvent {
    /// A voice is heard. The event comes a little later than `since`, when the detector is sure.
    VoiceStarted {
        /// Whose.
        speaker: SpeakerId,
        /// When the voice began.
        since: Instant,
    },
    /// The voice is gone, or its packets are.
    VoiceStopped {
        /// Whose.
        speaker: SpeakerId,
        /// When it was last heard.
        at: Instant,
    },
    /// The speaker left, or muted.
    SpeakerGone {
        /// Who.
        speaker: SpeakerId,
    },
    /// Speech-to-text answered.
    Transcribed {
        /// Which request.
        id: TranscriptionId,
        /// The words; empty when there were none.
        text: String,
    },
    /// Speech-to-text failed, retries included.
    TranscriptionFailed {
        /// Which request.
        id: TranscriptionId,
    },
    /// Somebody typed a turn.
    Typed {
        /// Who: a participant's identity.
        identity: String,
        /// Text.
        text: String,
    },
    /// Somebody with the right to (the bridge) wants this said as it is.
    Say {
        /// Text.
        text: String,
    },
    /// Stop speaking.
    Clear,
    /// The first frame of an utterance was sent.
    SpeechStarted {
        /// Which.
        utterance: UtteranceId,
    },
    /// Sending stopped on [`super::Action::Pause`].
    SpeechPaused {
        /// Which.
        utterance: UtteranceId,
        /// How much is left to say, when that is known already.
        remaining: Option<Duration>,
    },
    /// The last frame of an utterance was sent, or there was nothing to say.
    SpeechFinished {
        /// Which.
        utterance: UtteranceId,
    },
    /// The model wants to hang up when this utterance has been said.
    HangUpWanted {
        /// Which.
        utterance: UtteranceId,
    },
    /// The conversation must end: says so and hangs up.
    CloseDown,
    /// The account may spend no more: what is being said is said, but nothing new is answered.
    SpentUp,
    /// Whether anybody is there who could speak now (silence of a muted room is no reason to ask).
    SomebodyCanSpeak(bool),
}
