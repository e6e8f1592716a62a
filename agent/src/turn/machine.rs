//! The machine: events in, actions out.

mod passing;

use super::{
    Action, AgentState, Author, Decision, Saying, SpeakerId, TurnEvent, TurnSettings, UtteranceId,
    endpointing::UserTurn,
    floor::{AgentTurn, Floor, Outbox},
    interruption::Interruption,
    patience::Patience,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Texts from outside that wait for the floor; more are dropped, the oldest stay.
const MAX_QUEUED: usize = 8;

/// Takes the turns of one conversation.
#[derive(Debug)]
pub struct Machine {
    settings: TurnSettings,
    floor: Floor,
    /// Who is making sounds right now, and since when.
    voices: Vec<(SpeakerId, Instant)>,
    queued: VecDeque<Saying>,
    /// The last words, as soon as the agent has said what it is saying.
    farewell: Option<Saying>,
    /// The conversation ends when this has been said.
    last: Option<UtteranceId>,
    patience: Patience,
    state: AgentState,
    out: Outbox,
}

impl Machine {
    /// A conversation that begins now; nothing is said before [`Self::open`].
    pub fn new(settings: TurnSettings, now: Instant) -> Self {
        Self {
            settings,
            floor: Floor::Free,
            voices: Vec::new(),
            queued: VecDeque::new(),
            farewell: None,
            last: None,
            patience: Patience::new(now),
            state: AgentState::Initializing,
            out: Outbox::default(),
        }
    }

    /// Somebody is there to be talked to. `opening` is what the agent begins with, if anything; it is left
    /// unsaid when the user has begun already.
    pub fn open(&mut self, opening: Option<Saying>, now: Instant) -> Vec<Action> {
        match (&self.floor, opening) {
            (Floor::Free, Some(opening)) => self.say(opening, false),
            (Floor::Free, None) => self.free(now),
            _ => {}
        }
        self.advance(now)
    }

    /// Something happened.
    pub fn handle(&mut self, event: TurnEvent, now: Instant) -> Vec<Action> {
        if matches!(self.floor, Floor::Over) {
            return Vec::new();
        }
        match event {
            TurnEvent::VoiceStarted { speaker, since } => self.voice_started(speaker, since),
            TurnEvent::VoiceStopped { speaker, at } => self.voice_stopped(speaker, at, now),
            TurnEvent::SpeakerGone { speaker } => {
                if self.voices.iter().any(|(voice, _)| *voice == speaker) {
                    self.voice_stopped(speaker, now, now);
                }
            }
            TurnEvent::Transcribed { id, text } => match &mut self.floor {
                Floor::User(turn) => {
                    let progress = turn.transcribed(id, &text, now, &mut self.out);
                    self.progress(progress, now);
                }
                Floor::Agent(agent) => {
                    if let Some(interruption) = &mut agent.interruption {
                        let verdict =
                            interruption.transcribed(id, &text, now, &self.settings, &mut self.out);
                        self.judge(verdict);
                    }
                }
                Floor::Free | Floor::Over => {}
            },
            TurnEvent::TranscriptionFailed { id } => match &mut self.floor {
                Floor::User(turn) => {
                    let progress = turn.transcription_failed(id);
                    self.progress(progress, now);
                }
                Floor::Agent(agent) => {
                    if let Some(interruption) = &mut agent.interruption {
                        let verdict = interruption.transcription_failed(id);
                        self.judge(verdict);
                    }
                }
                Floor::Free | Floor::Over => {}
            },
            TurnEvent::Typed { identity, text } => self.typed(identity, text, now),
            TurnEvent::Say { text } => {
                if matches!(self.floor, Floor::Free) {
                    self.say(Saying::Text(text), false);
                } else if self.queued.len() < MAX_QUEUED {
                    self.queued.push_back(Saying::Text(text));
                }
            }
            TurnEvent::Clear => {
                if matches!(self.floor, Floor::Agent(_)) {
                    self.take_floor();
                    self.free(now);
                }
            }
            TurnEvent::SpeechStarted { utterance } => {
                if self.is_speaking(utterance) {
                    self.show(AgentState::Speaking);
                }
            }
            TurnEvent::SpeechPaused {
                utterance,
                remaining,
            } => self.speech_paused(utterance, remaining),
            TurnEvent::SpeechFinished { utterance } => self.speech_finished(utterance, now),
            TurnEvent::CloseDown => {
                self.patience.stop();
                self.end_with(Saying::ClosingDown);
            }
            TurnEvent::SpentUp => self.wind_up(Saying::SpentUp),
            TurnEvent::HangUpWanted { utterance } => self.last = Some(utterance),
            TurnEvent::SomebodyCanSpeak(is_so) => self.patience.somebody_can_speak(is_so, now),
        }
        self.advance(now)
    }

    /// Does what is due at `now`; call it at [`Self::next_deadline`].
    pub fn advance(&mut self, now: Instant) -> Vec<Action> {
        if !matches!(self.floor, Floor::Over) && self.patience.time_is_up(now, &self.settings) {
            self.end_with(Saying::TimeIsUp);
        }
        match &mut self.floor {
            Floor::Free => {
                if let Some((saying, is_last)) = self.patience.prompt(now, &self.settings) {
                    self.say(saying, is_last);
                }
            }
            Floor::User(turn) => {
                let progress = turn.advance(now, &self.settings, &mut self.out);
                self.progress(progress, now);
            }
            Floor::Agent(agent) => {
                if let Some(interruption) = &mut agent.interruption {
                    let verdict = interruption.advance(now, &self.settings, &mut self.out);
                    self.judge(verdict);
                    // Words that are all there already may be answered at once.
                    if let Floor::User(turn) = &mut self.floor {
                        let progress = turn.advance(now, &self.settings, &mut self.out);
                        self.progress(progress, now);
                    }
                }
            }
            Floor::Over => {}
        }
        std::mem::take(&mut self.out.actions)
    }

    /// When to call [`Self::advance`] though nothing happened.
    pub fn next_deadline(&self) -> Option<Instant> {
        let floor = match &self.floor {
            Floor::Over => return None,
            Floor::Free => None,
            Floor::User(turn) => turn.next_deadline(&self.settings),
            Floor::Agent(agent) => agent
                .interruption
                .as_ref()
                .and_then(|interruption| interruption.next_deadline(&self.settings)),
        };
        let patience = self.patience.next_deadline(&self.settings);
        floor.into_iter().chain(patience).min()
    }

    /// The agent's state, as last shown.
    pub fn state(&self) -> AgentState {
        self.state
    }

    fn voice_started(&mut self, speaker: SpeakerId, since: Instant) {
        if self.voices.iter().all(|(voice, _)| *voice != speaker) {
            self.voices.push((speaker, since));
        }
        match &mut self.floor {
            Floor::Free => self.listen(UserTurn::new(speaker, since)),
            Floor::User(turn) if turn.speaker == speaker => turn.voice_started(since),
            Floor::Agent(agent) => match &mut agent.interruption {
                Some(interruption) if interruption.speaker == speaker => {
                    interruption.voice_started(since);
                }
                Some(_) => {}
                // A goodbye is not discussed any more.
                None if agent.is_last => {}
                None => {
                    agent.interruption = Some(Interruption::new(agent.utterance, speaker, since));
                }
            },
            Floor::User(_) | Floor::Over => {}
        }
    }

    fn voice_stopped(&mut self, speaker: SpeakerId, at: Instant, now: Instant) {
        self.voices.retain(|(voice, _)| *voice != speaker);
        match &mut self.floor {
            Floor::User(turn) if turn.speaker == speaker => {
                let progress = turn.voice_stopped(at, &self.settings, &mut self.out);
                self.progress(progress, now);
            }
            Floor::Agent(AgentTurn {
                interruption: Some(interruption),
                ..
            }) if interruption.speaker == speaker => {
                let verdict = interruption.voice_stopped(at, now, &self.settings, &mut self.out);
                self.judge(verdict);
            }
            // Said beside somebody else's turn: nobody will ask for it.
            _ => self.out.push(Action::Release { speaker }),
        }
    }

    fn typed(&mut self, identity: String, text: String, now: Instant) {
        if self.patience.is_time_up() {
            return;
        }
        self.take_floor();
        self.patience.user_was_active();
        let utterance = self.out.next_utterance();
        self.out.push(Action::Prepare {
            utterance,
            author: Author::Typed(identity),
            text: text.clone(),
        });
        let decision = Decision {
            speaker: None,
            text,
            ended_at: now,
            transcription_asked_at: None,
            transcribed_at: None,
            decided_at: now,
        };
        self.decided(utterance, decision);
    }

    fn speech_paused(&mut self, utterance: UtteranceId, remaining: Option<Duration>) {
        if let Floor::Agent(AgentTurn {
            utterance: current,
            interruption: Some(interruption),
            ..
        }) = &mut self.floor
            && *current == utterance
        {
            interruption.paused(remaining);
        }
    }

    fn speech_finished(&mut self, utterance: UtteranceId, now: Instant) {
        if !self.is_speaking(utterance) {
            return;
        }
        let Floor::Agent(agent) = std::mem::replace(&mut self.floor, Floor::Free) else {
            return;
        };
        if agent.is_last || self.last == Some(utterance) {
            if let Some(interruption) = agent.interruption {
                interruption.abandon(&mut self.out);
            }
            self.floor = Floor::Over;
            self.out.push(Action::HangUp);
        } else if let Some(mut interruption) = agent.interruption {
            // The agent had just finished when somebody began: that is simply the next turn.
            self.listen(interruption.user_turn(None));
        } else {
            self.free(now);
        }
    }

    fn is_speaking(&self, utterance: UtteranceId) -> bool {
        matches!(&self.floor, Floor::Agent(agent) if agent.utterance == utterance)
    }

    fn show(&mut self, state: AgentState) {
        if self.state != state {
            self.state = state;
            self.out.push(Action::ShowState(state));
        }
    }
}
