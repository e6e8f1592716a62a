//! When has the user finished?
//!
//! A short silence sends what was said so far to speech-to-text, and its words begin an answer that may be
//! thrown away. The turn is over after a silence that depends on the words: short when they look complete, long
//! when they do not. By then the answer is usually there.

use super::{
    Action, Author, Decision, SpeakerId, TranscriptionId, TurnSettings, UtteranceId,
    floor::{Heard, Outbox, Pending, Progress},
    wording::{looks_unfinished, words_of},
};
use std::time::{Duration, Instant};

/// The voice of a user's turn.
#[derive(Debug, Clone, Copy)]
enum Voice {
    On {
        since: Instant,
    },
    /// Heard again, for too short a time to be sure; if it was a click, the silence has lasted all along.
    Unsure {
        since: Instant,
        silent_since: Instant,
    },
    Off {
        since: Instant,
    },
}

/// What one user says, until it is answered.
#[derive(Debug)]
pub(super) struct UserTurn {
    pub(super) speaker: SpeakerId,
    /// Where the audio of the next transcription begins.
    audio_since: Instant,
    /// Words of a long turn that are not transcribed again.
    settled: String,
    voice: Voice,
    pending: Option<Pending>,
    heard: Option<Heard>,
    prepared: Option<UtteranceId>,
}

impl UserTurn {
    pub(super) fn new(speaker: SpeakerId, since: Instant) -> Self {
        Self {
            speaker,
            audio_since: since,
            settled: String::new(),
            voice: Voice::On { since },
            pending: None,
            heard: None,
            prepared: None,
        }
    }

    /// The turn of somebody who took the floor from the agent. `silent_since` is set when the voice is off.
    pub(super) fn after_interruption(
        speaker: SpeakerId,
        since: Instant,
        silent_since: Option<Instant>,
        pending: Option<Pending>,
        heard: Option<Heard>,
    ) -> Self {
        Self {
            voice: silent_since.map_or(Voice::On { since }, |since| Voice::Off { since }),
            pending,
            heard,
            ..Self::new(speaker, since)
        }
    }

    pub(super) fn voice_started(&mut self, since: Instant) {
        if let Voice::Off {
            since: silent_since,
        } = self.voice
        {
            self.voice = Voice::Unsure {
                since,
                silent_since,
            };
        }
    }

    pub(super) fn voice_stopped(
        &mut self,
        at: Instant,
        settings: &TurnSettings,
        out: &mut Outbox,
    ) -> Progress {
        match self.voice {
            Voice::On { since } => {
                let is_first = self.pending.is_none() && self.settled.is_empty();
                if is_first && since == self.audio_since && at < since + settings.min_voice {
                    return Progress::Nothing;
                }
                self.voice = Voice::Off { since: at };
            }
            Voice::Unsure {
                since,
                silent_since,
            } => {
                let was_click = at < since + settings.min_voice;
                if !was_click {
                    self.go_on(since, settings, out);
                }
                self.voice = Voice::Off {
                    since: if was_click { silent_since } else { at },
                };
            }
            Voice::Off { .. } => {}
        }
        Progress::Open
    }

    pub(super) fn transcribed(
        &mut self,
        id: TranscriptionId,
        text: &str,
        now: Instant,
        out: &mut Outbox,
    ) -> Progress {
        let Some(pending) = self.pending.take_if(|pending| pending.id == id) else {
            return Progress::Open;
        };
        let text = words_of(text);
        if pending.is_current {
            if text.is_empty() && self.settled.is_empty() {
                return Progress::Nothing;
            }
            self.heard = Some(Heard {
                text: text.to_owned(),
                asked_at: pending.asked_at,
                at: now,
            });
        }
        if !text.is_empty() {
            out.push(Action::ShowUserText {
                speaker: self.speaker,
                text: join(&self.settled, text),
                is_final: false,
            });
        }
        Progress::Open
    }

    pub(super) fn transcription_failed(&mut self, id: TranscriptionId) -> Progress {
        match self.pending.take_if(|pending| pending.id == id) {
            Some(pending) if pending.is_current => Progress::Failed,
            _ => Progress::Open,
        }
    }

    /// Does what is due.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        settings: &TurnSettings,
        out: &mut Outbox,
    ) -> Progress {
        if let Voice::Unsure { since, .. } = self.voice
            && now >= since + settings.min_voice
        {
            self.go_on(since, settings, out);
            self.voice = Voice::On { since };
        }
        let Voice::Off { since: silent } = self.voice else {
            return Progress::Open;
        };
        let Some(heard) = &self.heard else {
            let is_asked = self.pending.is_some_and(|pending| pending.is_current);
            if !is_asked && now >= silent + settings.speculate_after {
                self.ask(now, out);
            }
            return Progress::Open;
        };
        let text = join(&self.settled, &heard.text);
        let pauses = Pauses::after(&text, settings);
        if self.prepared.is_none() && now >= silent + pauses.prepare {
            let utterance = out.next_utterance();
            out.push(Action::Prepare {
                utterance,
                author: Author::Voice(self.speaker),
                text: text.clone(),
            });
            self.prepared = Some(utterance);
        }
        match self.prepared {
            Some(utterance) if now >= silent + pauses.end => Progress::Decided(
                utterance,
                Decision {
                    speaker: Some(self.speaker),
                    text,
                    ended_at: silent,
                    transcription_asked_at: Some(heard.asked_at),
                    transcribed_at: Some(heard.at),
                    decided_at: now,
                },
            ),
            _ => Progress::Open,
        }
    }

    /// When [`Self::advance`] has something to do.
    pub(super) fn next_deadline(&self, settings: &TurnSettings) -> Option<Instant> {
        let silent = match self.voice {
            Voice::On { .. } => return None,
            Voice::Unsure { since, .. } => return Some(since + settings.min_voice),
            Voice::Off { since } => since,
        };
        let Some(heard) = &self.heard else {
            let is_asked = self.pending.is_some_and(|pending| pending.is_current);
            return (!is_asked).then_some(silent + settings.speculate_after);
        };
        let pauses = Pauses::after(&join(&self.settled, &heard.text), settings);
        Some(match self.prepared {
            Some(_) => silent + pauses.end,
            None => silent + pauses.prepare.min(pauses.end),
        })
    }

    /// Gives up what is under way; the turn is no more.
    pub(super) fn abandon(self, out: &mut Outbox) {
        if let Some(pending) = self.pending {
            out.push(Action::CancelTranscription { id: pending.id });
        }
        if let Some(utterance) = self.prepared {
            out.push(Action::Discard { utterance });
        }
        out.push(Action::Release {
            speaker: self.speaker,
        });
    }

    /// The user did not stop after all: what was prepared answers half a sentence.
    fn go_on(&mut self, since: Instant, settings: &TurnSettings, out: &mut Outbox) {
        if let Some(utterance) = self.prepared.take() {
            out.push(Action::Discard { utterance });
        }
        if let Some(pending) = &mut self.pending {
            pending.is_current = false;
        }
        if let Some(heard) = self.heard.take()
            && since >= self.audio_since + settings.settle_after
        {
            self.settled = join(&self.settled, &heard.text);
            self.audio_since = since;
        }
    }

    fn ask(&mut self, now: Instant, out: &mut Outbox) {
        if let Some(stale) = self.pending.take() {
            out.push(Action::CancelTranscription { id: stale.id });
        }
        let id = out.next_transcription();
        out.push(Action::Transcribe {
            id,
            speaker: self.speaker,
            since: self.audio_since,
        });
        self.pending = Some(Pending {
            id,
            asked_at: now,
            is_current: true,
        });
    }
}

/// How long the silences after some words are.
struct Pauses {
    prepare: Duration,
    end: Duration,
}

impl Pauses {
    fn after(text: &str, settings: &TurnSettings) -> Self {
        if looks_unfinished(text) {
            Self {
                prepare: settings.prepare_unfinished_after,
                end: settings.max_silence,
            }
        } else {
            Self {
                prepare: Duration::ZERO,
                end: settings.min_silence,
            }
        }
    }
}

fn join(settled: &str, text: &str) -> String {
    match (settled.is_empty(), text.is_empty()) {
        (true, _) => text.to_owned(),
        (_, true) => settled.to_owned(),
        _ => format!("{settled} {text}"),
    }
}
