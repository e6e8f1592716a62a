//! Whatever happens in whatever order: the machine never panics, never spins, never has two voices.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    WaitForDeadline,
    VoiceStarted(u32, u64),
    VoiceStopped(u32, u64),
    Gone(u32),
    /// Answers the newest transcription, or one before.
    Transcribed(u64, &'static str),
    Failed(u64),
    Typed,
    Say,
    Clear,
    Started(u64),
    Finished(u64),
    HangUpWanted(u64),
    CanSpeak(bool),
    CloseDown,
    SpentUp,
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec!["", "yeah", "I would like to", "Stop it now."]);
    prop_oneof![
        4 => (0..900_u64).prop_map(Step::Wait),
        4 => Just(Step::WaitForDeadline),
        4 => (1..4_u32, 0..150_u64).prop_map(|(who, ago)| Step::VoiceStarted(who, ago)),
        4 => (1..4_u32, 0..150_u64).prop_map(|(who, ago)| Step::VoiceStopped(who, ago)),
        1 => (1..4_u32).prop_map(Step::Gone),
        4 => (0..2_u64, words).prop_map(|(back, words)| Step::Transcribed(back, words)),
        1 => (0..2_u64).prop_map(Step::Failed),
        1 => Just(Step::Typed),
        1 => Just(Step::Say),
        1 => Just(Step::Clear),
        3 => (0..2_u64).prop_map(Step::Started),
        3 => (0..2_u64).prop_map(Step::Finished),
        1 => (0..2_u64).prop_map(Step::HangUpWanted),
        1 => any::<bool>().prop_map(Step::CanSpeak),
        1 => Just(Step::CloseDown),
        1 => Just(Step::SpentUp),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Life {
    Prepared,
    Live,
    Ended,
}

#[derive(Default)]
struct Referee {
    utterances: HashMap<UtteranceId, Life>,
    newest_utterance: u64,
    newest_transcription: u64,
    is_over: bool,
}

impl Referee {
    fn watch(&mut self, actions: &[Action]) {
        for action in actions {
            assert!(!self.is_over, "{action:?} after the end");
            match action {
                Action::Transcribe { id, .. } => self.newest_transcription = id.0,
                Action::Prepare { utterance, .. } => {
                    let before = self.utterances.insert(*utterance, Life::Prepared);
                    assert_eq!(before, None);
                    self.newest_utterance = utterance.0;
                }
                Action::Discard { utterance } => {
                    let before = self.utterances.insert(*utterance, Life::Ended);
                    assert_eq!(before, Some(Life::Prepared), "{action:?}");
                }
                Action::Decide { utterance, .. } => {
                    self.goes_live();
                    let before = self.utterances.insert(*utterance, Life::Live);
                    assert_eq!(before, Some(Life::Prepared), "{action:?}");
                }
                Action::Say { utterance, .. } => {
                    self.goes_live();
                    let before = self.utterances.insert(*utterance, Life::Live);
                    assert_eq!(before, None);
                    self.newest_utterance = utterance.0;
                }
                Action::Pause { utterance } | Action::Resume { utterance } => {
                    assert_eq!(self.utterances[utterance], Life::Live, "{action:?}");
                }
                Action::Cut { utterance } => {
                    let before = self.utterances.insert(*utterance, Life::Ended);
                    assert_eq!(before, Some(Life::Live), "{action:?}");
                }
                Action::HangUp => self.is_over = true,
                _ => {}
            }
        }
    }

    fn goes_live(&self) {
        let live = self.utterances.values().filter(|life| **life == Life::Live);
        assert_eq!(live.count(), 0, "two voices");
    }

    fn has_finished(&mut self, utterance: UtteranceId) {
        if self.utterances.get(&utterance) == Some(&Life::Live) {
            self.utterances.insert(utterance, Life::Ended);
        }
    }
}

proptest! {
    #[test]
    fn keeps_its_promises(steps in prop::collection::vec(step(), 1..120)) {
        let mut referee = Referee::default();
        let mut now = Instant::now() + ms(1_000);
        let settings = TurnSettings { max_duration: Some(ms(60_000)), ..TurnSettings::default() };
        let mut machine = Machine::new(settings, now);
        referee.watch(&machine.open(Some(Saying::Opening("Hi".to_owned())), now));
        for step in steps {
            let event = match step {
                Step::Wait(wait) => {
                    now += ms(wait);
                    referee.watch(&machine.advance(now));
                    None
                }
                Step::WaitForDeadline => {
                    now = machine.next_deadline().unwrap_or(now).max(now);
                    referee.watch(&machine.advance(now));
                    None
                }
                Step::VoiceStarted(who, ago) => Some(TurnEvent::VoiceStarted {
                    speaker: SpeakerId(who),
                    since: now.checked_sub(ms(ago)).unwrap(),
                }),
                Step::VoiceStopped(who, ago) => Some(TurnEvent::VoiceStopped {
                    speaker: SpeakerId(who),
                    at: now.checked_sub(ms(ago)).unwrap(),
                }),
                Step::Gone(who) => Some(TurnEvent::SpeakerGone { speaker: SpeakerId(who) }),
                Step::Transcribed(back, words) => Some(TurnEvent::Transcribed {
                    id: TranscriptionId(referee.newest_transcription.saturating_sub(back)),
                    text: words.to_owned(),
                }),
                Step::Failed(back) => Some(TurnEvent::TranscriptionFailed {
                    id: TranscriptionId(referee.newest_transcription.saturating_sub(back)),
                }),
                Step::Typed => Some(TurnEvent::Typed {
                    identity: "alice".to_owned(),
                    text: "typed".to_owned(),
                }),
                Step::Say => Some(TurnEvent::Say { text: "said".to_owned() }),
                Step::Clear => Some(TurnEvent::Clear),
                Step::Started(back) => Some(TurnEvent::SpeechStarted {
                    utterance: UtteranceId(referee.newest_utterance.saturating_sub(back)),
                }),
                Step::Finished(back) => {
                    let utterance = UtteranceId(referee.newest_utterance.saturating_sub(back));
                    referee.has_finished(utterance);
                    Some(TurnEvent::SpeechFinished { utterance })
                }
                Step::HangUpWanted(back) => Some(TurnEvent::HangUpWanted {
                    utterance: UtteranceId(referee.newest_utterance.saturating_sub(back)),
                }),
                Step::CloseDown => Some(TurnEvent::CloseDown),
                Step::SpentUp => Some(TurnEvent::SpentUp),
                Step::CanSpeak(is_so) => Some(TurnEvent::SomebodyCanSpeak(is_so)),
            };
            if let Some(event) = event {
                referee.watch(&machine.handle(event, now));
            }
            if let Some(deadline) = machine.next_deadline() {
                prop_assert!(deadline > now, "due again at once: it would spin");
            }
        }
    }
}
