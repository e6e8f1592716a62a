//! How the floor passes from one to the other.

use super::Machine;
use crate::turn::{
    Action, AgentState, Decision, Saying, UtteranceId,
    endpointing::UserTurn,
    floor::{AgentTurn, Floor, Progress},
    interruption::{Interruption, Verdict},
};
use std::time::Instant;

impl Machine {
    /// What a user's turn has come to.
    pub(super) fn progress(&mut self, progress: Progress, now: Instant) {
        match progress {
            Progress::Open => {}
            Progress::Nothing => {
                self.take_floor();
                self.free(now);
            }
            Progress::Failed => {
                self.take_floor();
                self.say(Saying::Apology, false);
            }
            Progress::Decided(utterance, decision) => {
                self.patience.user_was_active();
                if let Some(speaker) = decision.speaker {
                    self.out.push(Action::Release { speaker });
                    self.out.push(Action::ShowUserText {
                        speaker,
                        text: decision.text.clone(),
                        is_final: true,
                    });
                }
                let now = decision.decided_at;
                let speaker = decision.speaker;
                self.decided(utterance, decision);
                let other = self
                    .voices
                    .iter()
                    .find(|(voice, _)| Some(*voice) != speaker);
                if let (Some((other, _)), Floor::Agent(agent)) = (other, &mut self.floor) {
                    agent.interruption = Some(Interruption::new(utterance, *other, now));
                }
            }
        }
    }

    /// What a voice over the agent's speech has turned out to be.
    pub(super) fn judge(&mut self, verdict: Verdict) {
        let turn = match verdict {
            Verdict::Open => return,
            Verdict::Nothing => {
                if let Floor::Agent(agent) = &mut self.floor
                    && let Some(interruption) = agent.interruption.take()
                {
                    interruption.dismiss(&mut self.out);
                }
                return;
            }
            Verdict::Yield(turn) => turn,
        };
        if let Floor::Agent(agent) = &self.floor {
            let utterance = agent.utterance;
            self.out.push(Action::Cut { utterance });
            self.listen(turn);
        }
    }

    pub(super) fn decided(&mut self, utterance: UtteranceId, decision: Decision) {
        self.out.push(Action::Decide {
            utterance,
            decision,
        });
        self.agent_takes_floor(utterance, false);
        self.show(AgentState::Thinking);
    }

    pub(super) fn say(&mut self, saying: Saying, is_last: bool) {
        let utterance = self.out.next_utterance();
        self.out.push(Action::Say { utterance, saying });
        self.agent_takes_floor(utterance, is_last);
    }

    /// Last words, whoever has the floor.
    pub(super) fn end_with(&mut self, saying: Saying) {
        self.take_floor();
        self.queued.clear();
        self.farewell = None;
        self.say(saying, true);
    }

    /// Last words, when the agent has said what it is saying. Nobody's turn is answered any more.
    pub(super) fn wind_up(&mut self, saying: Saying) {
        self.patience.stop();
        match &self.floor {
            Floor::Agent(agent) if agent.is_last => {}
            Floor::Agent(_) => {
                self.queued.clear();
                self.farewell = Some(saying);
            }
            Floor::Free | Floor::User(_) => self.end_with(saying),
            Floor::Over => {}
        }
    }

    pub(super) fn agent_takes_floor(&mut self, utterance: UtteranceId, is_last: bool) {
        self.patience.end();
        self.floor = Floor::Agent(AgentTurn {
            utterance,
            is_last,
            interruption: None,
        });
    }

    pub(super) fn listen(&mut self, turn: UserTurn) {
        if let Some(farewell) = self.farewell.take() {
            turn.abandon(&mut self.out);
            return self.say(farewell, true);
        }
        self.patience.end();
        self.floor = Floor::User(turn);
        self.show(AgentState::Listening);
    }

    /// Nobody has the floor: whoever waits for it gets it.
    pub(super) fn free(&mut self, now: Instant) {
        self.floor = Floor::Free;
        if let Some(farewell) = self.farewell.take() {
            return self.say(farewell, true);
        }
        self.patience.begin(now);
        self.show(AgentState::Listening);
        if let Some(saying) = self.queued.pop_front() {
            self.say(saying, false);
        } else if let Some(&(speaker, since)) = self.voices.first() {
            self.listen(UserTurn::new(speaker, since));
        }
    }

    /// Takes the floor from whoever has it.
    pub(super) fn take_floor(&mut self) {
        match std::mem::replace(&mut self.floor, Floor::Free) {
            Floor::Free | Floor::Over => {}
            Floor::User(turn) => turn.abandon(&mut self.out),
            Floor::Agent(agent) => {
                if let Some(interruption) = agent.interruption {
                    interruption.abandon(&mut self.out);
                }
                self.out.push(Action::Cut {
                    utterance: agent.utterance,
                });
            }
        }
    }
}
