//! The call itself: putting it through, pressing keys.
//!
//! Actions wish, the conversation's loop does: only it knows who is there and what is being said. A call is put through
//! in this order: the last words are heard; whom to dial is written down, where control-api finds it; the bridge leaves,
//! upon which Twilio asks control-api how the call goes on. The agent waits in the room. When nobody answers, a bridge
//! comes back, and the caller is told so and helped on; when none does, somebody has answered.

use super::{Ending, conversation::Conversation, inbox::Report, people::is_bridge, speech::Speech};
use crate::{
    clock::unix_ms,
    turn::{TurnEvent, UtteranceId},
};
use casp_conversation::{CallControl, Keys, apology::Apology, event::Event};
use casp_store::{
    Store,
    transfers::{self, TransferFailure, TransferState},
};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// How long the agent waits for the caller to come back. It rings for 25 s at most; the rest is for Twilio.
const AWAY: Duration = Duration::from_mins(1);
/// A bridge that comes back hears the agent after this.
const HEARING: Duration = Duration::from_millis(800);

const NO_TELEPHONE: &str = "There is nobody on the telephone now.";
const GONE: &str = "The call is over.";

/// What an action wants done with the call.
#[derive(Debug)]
pub(super) enum Wish {
    /// Put it through to this number.
    Transfer(String),
    /// Press these keys.
    Press(Keys),
}

/// Who alone hears the agent, if it is one alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Listener(Arc<RwLock<Option<String>>>);

impl Listener {
    pub(super) fn set(&self, identity: Option<&str>) {
        let mut listener = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *listener = identity.map(str::to_owned);
    }

    fn is(&self, identity: &str) -> bool {
        let listener = self.0.read().unwrap_or_else(PoisonError::into_inner);
        listener.as_deref() == Some(identity)
    }
}

/// The call, as actions see it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) listener: Listener,
}

impl Line {
    async fn wish(&self, wish: Wish) -> Result<(), String> {
        let (answer, answered) = oneshot::channel();
        let report = Report::Wish { wish, answer };
        let sent = self.reports.send(report).await;
        sent.map_err(|_| GONE.to_owned())?;
        let granted = answered.await.map_err(|_| GONE.to_owned())?;
        granted.map_err(str::to_owned)
    }
}

#[async_trait::async_trait]
impl CallControl for Line {
    async fn transfer(&self, number: &str) -> Result<(), String> {
        self.wish(Wish::Transfer(number.to_owned())).await
    }

    async fn send_dtmf(&self, keys: &Keys) -> Result<(), String> {
        self.wish(Wish::Press(keys.clone())).await
    }

    fn is_heard_only_by(&self, identity: &str) -> bool {
        is_bridge(identity) && self.listener.is(identity)
    }
}

/// How far a transfer is.
#[derive(Debug, Default)]
pub(super) enum Transfer {
    /// There is none.
    #[default]
    None,
    /// It begins when this has been heard.
    AfterWords {
        utterance: UtteranceId,
        number: String,
    },
    /// These bridges leave, or have left; who comes back by then was not put through.
    Away {
        bridges: Vec<String>,
        until: Instant,
    },
}

impl Transfer {
    /// When it is known that nobody comes back.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        match self {
            Self::Away { until, .. } => Some(*until),
            Self::None | Self::AfterWords { .. } => None,
        }
    }

    /// How a conversation ends whose people have all gone.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Away { .. } => Ending::Transferred,
            Self::None | Self::AfterWords { .. } => Ending::Deserted,
        }
    }
}

impl Conversation {
    pub(super) fn wished(&mut self, wish: Wish) -> Result<(), &'static str> {
        let Some(speech) = &self.speech else {
            return Err(GONE);
        };
        match wish {
            Wish::Transfer(number) => {
                if self.people.bridges().is_empty() {
                    return Err(NO_TELEPHONE);
                }
                let utterance = speech.utterance;
                self.transfer = Transfer::AfterWords { utterance, number };
                Ok(())
            }
            Wish::Press(keys) => self.press(speech, keys),
        }
    }

    /// As tones for telephones, which know nothing else, and as LiveKit's packets for all others.
    fn press(&self, speech: &Speech, keys: Keys) -> Result<(), &'static str> {
        if self.people.is_anybody_there_but_bridges() {
            self.courier.keys(keys.clone());
        }
        if !self.people.bridges().is_empty() && !speech.press(keys) {
            return Err("The keys could not be pressed.");
        }
        Ok(())
    }

    /// An utterance has been heard, or was cut: what was to happen after it does, or does not.
    pub(super) fn words_are_over(&mut self, utterance: UtteranceId, was_heard: bool) {
        let is_it = |of: &UtteranceId| *of == utterance;
        let number = match &self.transfer {
            Transfer::AfterWords { utterance, number } if is_it(utterance) => number.clone(),
            _ => return,
        };
        self.transfer = Transfer::None;
        if !was_heard {
            self.dialogue
                .system_note("The caller spoke up before they were put through, so they were not.");
            return;
        }
        let Some(session) = self.session_id.clone() else {
            return;
        };
        let until = Instant::now() + AWAY;
        let bridges = self.people.bridges();
        self.transfer = Transfer::Away { bridges, until };
        self.people.expect_back(until);
        let (store, reports) = (self.services.store.clone(), self.reports.clone());
        self.tasks.spawn(async move {
            let wanted = transfers::want(&store, &session, &number, unix_ms()).await;
            let is_noted = wanted.unwrap_or_else(|error| {
                tracing::error!(%error, session, "a call cannot be put through");
                false
            });
            // Without a loop there is no call.
            let _ = reports.send(Report::TransferNoted { is_noted }).await;
        });
    }

    /// Whom to dial is written down, or could not be.
    pub(super) fn transfer_noted(&mut self, is_noted: bool, now: Instant) {
        if is_noted {
            self.tell_bridges(Event::Transfer {});
        } else {
            self.transfer_failed(TransferFailure::Undialable, now);
        }
    }

    /// Somebody is there. A bridge that was not before brings the caller back.
    pub(super) fn may_be_back(&mut self, identity: &str) {
        let Transfer::Away { bridges, .. } = &self.transfer else {
            return;
        };
        if !is_bridge(identity) || bridges.iter().any(|gone| gone == identity) {
            return;
        }
        self.transfer = Transfer::None;
        let Some(session) = self.session_id.clone() else {
            return;
        };
        let (store, reports) = (self.services.store.clone(), self.reports.clone());
        self.tasks.spawn(async move {
            let failure = why(&store, &session).await;
            tokio::time::sleep(HEARING).await;
            let _ = reports.send(Report::TransferFailed { failure }).await;
        });
    }

    /// The caller is told, and helped on.
    pub(super) fn transfer_failed(&mut self, failure: TransferFailure, now: Instant) {
        self.transfer = Transfer::None;
        self.people.expect_nobody();
        let apology = match failure {
            TransferFailure::NobodyThere => Apology::NobodyAnswered,
            TransferFailure::NotAllowed | TransferFailure::Undialable => Apology::NotPutThrough,
        };
        let text = apology.text(&self.dialogue.assistant().language).to_owned();
        let actions = self.machine.handle(TurnEvent::Say { text }, now);
        self.act(actions);
    }

    /// A minute after: whoever is still on the line was not put through.
    pub(super) fn transfer_is_due(&mut self, now: Instant) {
        if self.transfer.ends_at().is_none_or(|at| at > now) {
            return;
        }
        if !self.people.bridges().is_empty() {
            self.transfer_failed(TransferFailure::Undialable, now);
        } else if self.people.is_anybody_there() {
            // The others in the room go on.
            self.transfer = Transfer::None;
        }
    }
}

/// Why the caller is back.
async fn why(store: &Store, session: &str) -> TransferFailure {
    match transfers::state(store, session).await {
        Ok(Some(TransferState::Failed(failure))) => failure,
        Ok(_) => TransferFailure::Undialable,
        Err(error) => {
            tracing::warn!(%error, session, "why a call was not put through is not known");
            TransferFailure::Undialable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_telephone_that_is_alone_hears_keys_alone() {
        let (reports, _inbox) = mpsc::channel(1);
        let line = Line {
            reports,
            listener: Listener::default(),
        };
        assert!(!line.is_heard_only_by("caller-1"));
        line.listener.set(Some("caller-1"));
        assert!(line.is_heard_only_by("caller-1"));
        assert!(!line.is_heard_only_by("caller-2"));
        line.listener.set(Some("ann"));
        assert!(!line.is_heard_only_by("ann"), "a browser presses nothing");
        line.listener.set(None);
        assert!(!line.is_heard_only_by("caller-1"), "there are others");
    }

    #[test]
    fn who_does_not_come_back_was_put_through() {
        let until = Instant::now() + AWAY;
        let away = Transfer::Away {
            bridges: Vec::new(),
            until,
        };
        assert_eq!(
            (away.ending(), away.ends_at()),
            (Ending::Transferred, Some(until))
        );
        let none = Transfer::None;
        assert_eq!((none.ending(), none.ends_at()), (Ending::Deserted, None));
    }
}
