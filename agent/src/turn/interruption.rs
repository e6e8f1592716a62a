//! What happens when somebody speaks over the agent.
//!
//! The agent stops sending at once. Then it finds out what it was: words, or 700 ms of voice, and it yields;
//! a cough or an "mm-hm", and it goes on in mid-word.

use super::{
    Action, SpeakerId, TranscriptionId, TurnSettings, UtteranceId,
    endpointing::UserTurn,
    floor::{Heard, Outbox, Pending},
    wording::{is_backchannel, words_of},
};
use std::time::{Duration, Instant};

/// A voice over the agent's speech.
#[derive(Debug)]
pub(super) struct Interruption {
    pub(super) speaker: SpeakerId,
    /// What the agent was saying.
    utterance: UtteranceId,
    since: Instant,
    voice: Voice,
    /// Voice before the last silence.
    earlier_voice: Duration,
    is_paused: bool,
    /// What the agent had left to say when it paused, if that was known.
    remaining: Option<Duration>,
    pending: Option<Pending>,
    has_asked_early: bool,
}

#[derive(Debug, Clone, Copy)]
enum Voice {
    On { since: Instant },
    Off { since: Instant },
}

/// What it was.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Not known yet.
    Open,
    /// Nothing to yield to.
    Nothing,
    /// Words: the user's turn begins with them.
    Yield(UserTurn),
}

impl Interruption {
    pub(super) fn new(utterance: UtteranceId, speaker: SpeakerId, since: Instant) -> Self {
        Self {
            speaker,
            utterance,
            since,
            voice: Voice::On { since },
            earlier_voice: Duration::ZERO,
            is_paused: false,
            remaining: None,
            pending: None,
            has_asked_early: false,
        }
    }

    pub(super) fn voice_started(&mut self, since: Instant) {
        if let Voice::Off { .. } = self.voice {
            self.voice = Voice::On { since };
            if let Some(pending) = &mut self.pending {
                pending.is_current = false;
            }
        }
    }

    pub(super) fn voice_stopped(
        &mut self,
        at: Instant,
        now: Instant,
        settings: &TurnSettings,
        out: &mut Outbox,
    ) -> Verdict {
        let Voice::On { since } = self.voice else {
            return Verdict::Open;
        };
        let lasted = at.saturating_duration_since(since);
        self.voice = Voice::Off { since: at };
        if lasted < settings.min_voice && self.pending.is_none() && self.earlier_voice.is_zero() {
            return Verdict::Nothing;
        }
        self.earlier_voice += lasted;
        self.ask(now, out);
        Verdict::Open
    }

    pub(super) fn paused(&mut self, remaining: Option<Duration>) {
        self.remaining = remaining;
    }

    pub(super) fn transcribed(
        &mut self,
        id: TranscriptionId,
        text: &str,
        now: Instant,
        settings: &TurnSettings,
        out: &mut Outbox,
    ) -> Verdict {
        let Some(pending) = self.pending.take_if(|pending| pending.id == id) else {
            return Verdict::Open;
        };
        let text = words_of(text);
        let is_answer = self
            .remaining
            .is_some_and(|left| left <= settings.nearly_said);
        if !text.is_empty() && (is_answer || !is_backchannel(text)) {
            out.push(Action::ShowUserText {
                speaker: self.speaker,
                text: text.to_owned(),
                is_final: false,
            });
            let heard = pending.is_current.then(|| Heard {
                text: text.to_owned(),
                asked_at: pending.asked_at,
                at: now,
            });
            return Verdict::Yield(self.user_turn(heard));
        }
        match self.voice {
            Voice::Off { .. } => Verdict::Nothing,
            Voice::On { .. } => Verdict::Open,
        }
    }

    pub(super) fn transcription_failed(&mut self, id: TranscriptionId) -> Verdict {
        let is_ours = self.pending.take_if(|pending| pending.id == id).is_some();
        match self.voice {
            Voice::Off { .. } if is_ours => Verdict::Nothing,
            _ => Verdict::Open,
        }
    }

    /// Does what is due.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        settings: &TurnSettings,
        out: &mut Outbox,
    ) -> Verdict {
        match self.voice {
            Voice::On { since } => {
                if !self.is_paused && now >= since + settings.min_voice {
                    self.is_paused = true;
                    out.push(Action::Pause {
                        utterance: self.utterance,
                    });
                }
                if now >= self.yield_at(since, settings) {
                    return Verdict::Yield(self.user_turn(None));
                }
                if !self.has_asked_early && now >= since + settings.early_transcription_after {
                    self.has_asked_early = true;
                    self.ask(now, out);
                    // More is being said while it is transcribed.
                    if let Some(pending) = &mut self.pending {
                        pending.is_current = false;
                    }
                }
            }
            Voice::Off { since } => {
                if self.is_paused && now >= since + settings.resume_after {
                    self.resume(out);
                }
            }
        }
        Verdict::Open
    }

    /// When [`Self::advance`] has something to do.
    pub(super) fn next_deadline(&self, settings: &TurnSettings) -> Option<Instant> {
        match self.voice {
            Voice::On { since } => {
                let pause = (!self.is_paused).then_some(since + settings.min_voice);
                let ask =
                    (!self.has_asked_early).then_some(since + settings.early_transcription_after);
                let give_way = Some(self.yield_at(since, settings));
                [pause, ask, give_way].into_iter().flatten().min()
            }
            Voice::Off { since } => self.is_paused.then_some(since + settings.resume_after),
        }
    }

    /// It was nothing: goes on where sending stopped.
    pub(super) fn dismiss(mut self, out: &mut Outbox) {
        self.cancel(out);
        self.resume(out);
        out.push(Action::Release {
            speaker: self.speaker,
        });
    }

    /// Something else ended the agent's speech: forgets the voice.
    pub(super) fn abandon(mut self, out: &mut Outbox) {
        self.cancel(out);
        out.push(Action::Release {
            speaker: self.speaker,
        });
    }

    /// The voice as a turn of its own, with its words when they are all known.
    pub(super) fn user_turn(&mut self, heard: Option<Heard>) -> UserTurn {
        let silent_since = match self.voice {
            Voice::On { .. } => None,
            Voice::Off { since } => Some(since),
        };
        UserTurn::after_interruption(
            self.speaker,
            self.since,
            silent_since,
            self.pending.take(),
            heard,
        )
    }

    fn yield_at(&self, since: Instant, settings: &TurnSettings) -> Instant {
        since + settings.yield_after.saturating_sub(self.earlier_voice)
    }

    fn ask(&mut self, now: Instant, out: &mut Outbox) {
        self.cancel(out);
        let id = out.next_transcription();
        out.push(Action::Transcribe {
            id,
            speaker: self.speaker,
            since: self.since,
        });
        self.pending = Some(Pending {
            id,
            asked_at: now,
            is_current: true,
        });
    }

    fn cancel(&mut self, out: &mut Outbox) {
        if let Some(stale) = self.pending.take() {
            out.push(Action::CancelTranscription { id: stale.id });
        }
    }

    fn resume(&mut self, out: &mut Outbox) {
        if std::mem::take(&mut self.is_paused) {
            out.push(Action::Resume {
                utterance: self.utterance,
            });
        }
    }
}
