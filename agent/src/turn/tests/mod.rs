//! The machine's behaviour, event by event, in milliseconds since the conversation began.

mod endpointing;
mod interruption;
mod patience;
mod property;
mod typed;
mod wording;

use super::*;
use std::time::{Duration, Instant};

pub(super) const ALICE: SpeakerId = SpeakerId(1);
pub(super) const BOB: SpeakerId = SpeakerId(2);

pub(super) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A machine, and the moment its time counts from.
pub(super) struct Stage {
    pub(super) machine: Machine,
    pub(super) start: Instant,
}

impl Stage {
    /// A conversation without a greeting.
    pub(super) fn new() -> Self {
        Self::with(TurnSettings::default())
    }

    pub(super) fn with(settings: TurnSettings) -> Self {
        let start = Instant::now();
        let mut machine = Machine::new(settings, start);
        assert_eq!(
            machine.open(None, start),
            [Action::ShowState(AgentState::Listening)]
        );
        Self { machine, start }
    }

    /// Alice asked something, the agent answers: it speaks utterance 1 since 1,000 ms.
    pub(super) fn speaking() -> Self {
        let mut stage = Self::new();
        stage.typed(900, "Tell me a story.");
        stage.starts_to_speak(1_000, 1);
        stage
    }

    pub(super) fn time(&self, at: u64) -> Instant {
        self.start + ms(at)
    }

    pub(super) fn at(&mut self, at: u64, event: TurnEvent) -> Vec<Action> {
        self.machine.handle(event, self.start + ms(at))
    }

    /// The detector is sure 40 ms after the voice began.
    pub(super) fn voice(&mut self, since: u64) -> Vec<Action> {
        self.voice_of(ALICE, since)
    }

    pub(super) fn voice_of(&mut self, speaker: SpeakerId, since: u64) -> Vec<Action> {
        let event = TurnEvent::VoiceStarted {
            speaker,
            since: self.time(since),
        };
        self.at(since + 40, event)
    }

    /// The detector is sure 50 ms after the voice has gone.
    pub(super) fn silence(&mut self, since: u64) -> Vec<Action> {
        self.silence_of(ALICE, since)
    }

    pub(super) fn silence_of(&mut self, speaker: SpeakerId, since: u64) -> Vec<Action> {
        let at = self.time(since);
        self.at(since + 50, TurnEvent::VoiceStopped { speaker, at })
    }

    pub(super) fn transcribed(&mut self, at: u64, id: u64, text: &str) -> Vec<Action> {
        let id = TranscriptionId(id);
        let text = text.to_owned();
        self.at(at, TurnEvent::Transcribed { id, text })
    }

    pub(super) fn typed(&mut self, at: u64, text: &str) -> Vec<Action> {
        let (identity, text) = (TYPIST.to_owned(), text.to_owned());
        self.at(at, TurnEvent::Typed { identity, text })
    }

    pub(super) fn starts_to_speak(&mut self, at: u64, utterance: u64) -> Vec<Action> {
        let utterance = UtteranceId(utterance);
        self.at(at, TurnEvent::SpeechStarted { utterance })
    }

    pub(super) fn finishes(&mut self, at: u64, utterance: u64) -> Vec<Action> {
        let utterance = UtteranceId(utterance);
        self.at(at, TurnEvent::SpeechFinished { utterance })
    }

    /// Lets time pass: nothing may be due before `at`, and something must be then.
    pub(super) fn due(&mut self, at: u64) -> Vec<Action> {
        let deadline = self.machine.next_deadline().expect("something is due");
        assert_eq!(
            deadline.duration_since(self.start),
            ms(at),
            "the next deadline"
        );
        self.machine.advance(deadline)
    }
}

pub(super) fn transcribe(id: u64, since: Instant) -> Action {
    Action::Transcribe {
        id: TranscriptionId(id),
        speaker: ALICE,
        since,
    }
}

/// Who types in tests.
const TYPIST: &str = "alice";

/// The answer to words of Alice's voice.
pub(super) fn prepare(utterance: u64, text: &str) -> Action {
    prepare_for(Author::Voice(ALICE), utterance, text)
}

/// The answer to what was typed.
pub(super) fn prepare_typed(utterance: u64, text: &str) -> Action {
    prepare_for(Author::Typed(TYPIST.to_owned()), utterance, text)
}

fn prepare_for(author: Author, utterance: u64, text: &str) -> Action {
    Action::Prepare {
        utterance: UtteranceId(utterance),
        author,
        text: text.to_owned(),
    }
}

pub(super) fn shown(text: &str, is_final: bool) -> Action {
    Action::ShowUserText {
        speaker: ALICE,
        text: text.to_owned(),
        is_final,
    }
}

pub(super) fn released() -> Action {
    Action::Release { speaker: ALICE }
}

pub(super) fn discard(utterance: u64) -> Action {
    Action::Discard {
        utterance: UtteranceId(utterance),
    }
}

pub(super) fn pause(utterance: u64) -> Action {
    Action::Pause {
        utterance: UtteranceId(utterance),
    }
}

pub(super) fn resume(utterance: u64) -> Action {
    Action::Resume {
        utterance: UtteranceId(utterance),
    }
}

pub(super) fn cut(utterance: u64) -> Action {
    Action::Cut {
        utterance: UtteranceId(utterance),
    }
}

pub(super) fn cancel(id: u64) -> Action {
    Action::CancelTranscription {
        id: TranscriptionId(id),
    }
}

/// The decision among some actions.
pub(super) fn decision(actions: &[Action]) -> Option<(UtteranceId, &Decision)> {
    actions.iter().find_map(|action| match action {
        Action::Decide {
            utterance,
            decision,
        } => Some((*utterance, decision)),
        _ => None,
    })
}
