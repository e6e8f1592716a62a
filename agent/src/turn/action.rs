//! What the machine wants done.

use super::{Author, SpeakerId, TranscriptionId, UtteranceId};
use std::time::Instant;

/// The agent's state as others see it (`lk.agent.state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    /// Joining.
    Initializing,
    /// The floor is free or the user's.
    Listening,
    /// The turn was decided; nothing is heard yet.
    Thinking,
    /// Speech is being sent.
    Speaking,
}

impl AgentState {
    /// As LiveKit's clients spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Listening => "listening",
            Self::Thinking => "thinking",
            Self::Speaking => "speaking",
        }
    }
}

/// Something to say that the model did not write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// The assistant's greeting, or what a successor says when it takes over.
    Opening(String),
    /// A text from outside.
    Text(String),
    /// Speech-to-text failed.
    Apology,
    /// "Are you still there?"
    StillThere,
    /// Nobody answered.
    Goodbye,
    /// The conversation has reached its limit.
    TimeIsUp,
    /// The account may spend no more today.
    SpentUp,
    /// The service closes down.
    ClosingDown,
}

/// A user's turn that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who spoke; `None` when it was typed.
    pub speaker: Option<SpeakerId>,
    /// The words.
    pub text: String,
    /// When the voice was last heard, or the text came.
    pub ended_at: Instant,
    /// When the last transcription was asked for.
    pub transcription_asked_at: Option<Instant>,
    /// When it answered.
    pub transcribed_at: Option<Instant>,
    /// When the turn was decided.
    pub decided_at: Instant,
}

/// Something to do. Actions are carried out in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send the speaker's audio since then to speech-to-text.
    Transcribe {
        /// Answered under this id.
        id: TranscriptionId,
        /// Whose audio.
        speaker: SpeakerId,
        /// From when.
        since: Instant,
    },
    /// The answer of this request is not wanted any more.
    CancelTranscription {
        /// Which.
        id: TranscriptionId,
    },
    /// The speaker's audio so far is not needed any more.
    Release {
        /// Whose.
        speaker: SpeakerId,
    },
    /// Begin an answer that may never be spoken: model and speech, but nothing that changes the world.
    Prepare {
        /// Under this id.
        utterance: UtteranceId,
        /// Whose words.
        author: Author,
        /// The words.
        text: String,
    },
    /// The user went on: throw a prepared answer away.
    Discard {
        /// Which.
        utterance: UtteranceId,
    },
    /// The turn is over: speak the prepared answer as soon as there is sound.
    Decide {
        /// Which.
        utterance: UtteranceId,
        /// What it answers.
        decision: Decision,
    },
    /// Say something of our own, at once.
    Say {
        /// Under this id.
        utterance: UtteranceId,
        /// What.
        saying: Saying,
    },
    /// Stop sending, ready to go on; an utterance that has not begun is held.
    Pause {
        /// Which.
        utterance: UtteranceId,
    },
    /// Go on where sending stopped.
    Resume {
        /// Which.
        utterance: UtteranceId,
    },
    /// Stop for good, and forget what was not heard.
    Cut {
        /// Which.
        utterance: UtteranceId,
    },
    /// Show what the user says.
    ShowUserText {
        /// Who.
        speaker: SpeakerId,
        /// The turn's words so far.
        text: String,
        /// The turn is over.
        is_final: bool,
    },
    /// Show the agent's state.
    ShowState(AgentState),
    /// The conversation is over.
    HangUp,
}
