//! Who has the floor, and what passes between the parts of the machine.

use super::{
    Action, Decision, TranscriptionId, UtteranceId, endpointing::UserTurn,
    interruption::Interruption,
};
use std::time::Instant;

/// Who has the floor.
#[derive(Debug)]
pub(super) enum Floor {
    /// Nobody.
    Free,
    /// A user speaks, or has just stopped and may go on.
    User(UserTurn),
    /// The agent thinks or speaks.
    Agent(AgentTurn),
    /// Nobody any more.
    Over,
}

/// What the agent says or is about to say.
#[derive(Debug)]
pub(super) struct AgentTurn {
    pub(super) utterance: UtteranceId,
    /// The call ends with it.
    pub(super) is_last: bool,
    pub(super) interruption: Option<Interruption>,
}

/// A request to speech-to-text that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) id: TranscriptionId,
    pub(super) asked_at: Instant,
    /// Nothing was said since it was asked for.
    pub(super) is_current: bool,
}

/// The words of everything said so far.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) asked_at: Instant,
    pub(super) at: Instant,
}

/// What became of a user's turn.
#[derive(Debug)]
pub(super) enum Progress {
    /// It goes on.
    Open,
    /// It was noise.
    Nothing,
    /// Speech-to-text failed: nobody knows what was said.
    Failed,
    /// It is over.
    Decided(UtteranceId, Decision),
}

/// Actions to be carried out, and the ids they are given.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) actions: Vec<Action>,
    utterances: u64,
    transcriptions: u64,
}

impl Outbox {
    pub(super) fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn next_utterance(&mut self) -> UtteranceId {
        self.utterances += 1;
        UtteranceId(self.utterances)
    }

    pub(super) fn next_transcription(&mut self) -> TranscriptionId {
        self.transcriptions += 1;
        TranscriptionId(self.transcriptions)
    }
}
