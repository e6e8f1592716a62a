//! PINs and codes on their way: asked for, keyed or said, compared; and never told to the model or written down.

use super::{
    conversation::Conversation,
    digits,
    inbox::Report,
    proofs::{self, ProofCheck, said_digits},
};
use crate::{
    clock::unix_ms,
    turn::{Author, Decision, TurnEvent, UtteranceId},
};
use casp_store::{
    Store,
    call_codes::{self, CodeState, SentBy},
};
use std::time::{Duration, Instant};

/// Whoever waits for a code is told within this time that none will come.
const SENDING: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What is written down of a code that was said.
const SAID: &str = "(I said [digits].)";

/// A turn that is nothing but a PIN or a code.
#[derive(Debug)]
pub(super) struct Said {
    utterance: UtteranceId,
    identity: String,
    digits: String,
}

impl Conversation {
    /// Digits of a telephone: a PIN or code that was asked for, which nobody else is told of, or a turn.
    pub(super) fn keyed(&mut self, identity: String, digits: &str, now: Instant) {
        if !self.proves(&identity, digits.trim_end_matches('#')) {
            self.typed(identity, digits::turn(digits), now);
        }
    }

    /// Has these digits compared, if they are to prove something.
    fn proves(&mut self, identity: &str, digits: &str) -> bool {
        let Some(proof) = self.principals.proof_of(identity, digits) else {
            return false;
        };
        let session = self.session_id.clone().unwrap_or_default();
        let (store, reports) = (self.services.store.clone(), self.reports.clone());
        let (identity, digits) = (identity.to_owned(), digits.to_owned());
        self.tasks.spawn(async move {
            let check = proofs::check(&store, &session, proof, digits, unix_ms()).await;
            // Without a loop nobody waits for it.
            let _ = reports.send(Report::Proved { identity, check }).await;
        });
        true
    }

    pub(super) fn proved(&mut self, identity: String, check: ProofCheck, now: Instant) {
        match check {
            ProofCheck::Right => self.principals.caller_is_verified(),
            ProofCheck::NoCode => self.principals.wanted().set_code(false),
            ProofCheck::WrongPin | ProofCheck::PinLocked | ProofCheck::WrongCode => {}
        }
        self.typed(identity, check.words().to_owned(), now);
    }

    /// Keeps a turn that is a PIN or code from the model; whether it is one.
    pub(super) fn withholds(
        &mut self,
        utterance: UtteranceId,
        author: &Author,
        text: &str,
    ) -> bool {
        let Author::Voice(speaker) = author else {
            return false;
        };
        let Some(speaker) = self.speakers.get(speaker) else {
            return false;
        };
        let digits = said_digits(text);
        let digits = digits.filter(|digits| {
            let proof = self.principals.proof_of(&speaker.identity, digits);
            proof.is_some()
        });
        self.said = digits.map(|digits| Said {
            utterance,
            identity: speaker.identity.clone(),
            digits,
        });
        self.said.is_some()
    }

    /// The turn that was kept from the model is over.
    pub(super) fn said_it(&mut self, utterance: UtteranceId, decision: &Decision) -> bool {
        let said = self.said.take_if(|said| said.utterance == utterance);
        let Some(said) = said else { return false };
        let timings = super::speech::user_timings(decision);
        self.scribe.turn("user", SAID.to_owned(), false, timings);
        self.trace.next_turn();
        self.proves(&said.identity, &said.digits)
    }

    /// A user's words, as others may read them.
    pub(super) fn without_proofs(&self, identity: &str, text: String) -> String {
        let is_one = said_digits(&text)
            .is_some_and(|digits| self.principals.proof_of(identity, &digits).is_some());
        if is_one { SAID.to_owned() } else { text }
    }

    /// An action needs a code. Nothing is sent for a turn that is still a guess.
    pub(super) fn code_wanted(&mut self) {
        match &mut self.speech {
            Some(speech) if speech.decision.is_none() => speech.wants_code = true,
            Some(_) => self.send_code(),
            None => {}
        }
    }

    /// A turn is over: whoever has no PIN at hand gets a code.
    pub(super) fn heed_lack_of_pin(&mut self, text: &str) {
        // What we say in their place is in brackets.
        let is_theirs = !text.starts_with('(');
        if is_theirs && self.principals.wanted().is_pin() && proofs::has_no_pin(text) {
            self.send_code();
        }
    }

    /// Has control-api send a code: it alone has mail server and Twilio, and makes the code itself.
    pub(super) fn send_code(&mut self) {
        let wanted = self.principals.wanted();
        let (Some(account), Some(session)) = (self.principals.account(), self.session_id.clone())
        else {
            return;
        };
        if wanted.is_code() {
            return;
        }
        wanted.set_code(true);
        let (store, reports) = (self.services.store.clone(), self.reports.clone());
        self.tasks.spawn(async move {
            let sent_by = match call_codes::want(&store, account, &session, unix_ms()).await {
                Ok(true) => sent_within(&store, &session, SENDING).await,
                Ok(false) => None,
                Err(error) => {
                    tracing::error!(%error, session, "a code was not asked for");
                    None
                }
            };
            let _ = reports.send(Report::CodeSent { sent_by }).await;
        });
    }

    /// The code is on its way, or will not come.
    pub(super) fn code_sent(&mut self, sent_by: Option<SentBy>, now: Instant) {
        let text = match sent_by {
            Some(SentBy::Message) => {
                "I have sent you a code by text message. Please key it in on your telephone."
            }
            Some(SentBy::Email) => {
                "I have sent you a code by e-mail. Please key it in on your telephone."
            }
            None => {
                self.principals.wanted().set_code(false);
                "I'm sorry, I can't send you a code, so I can't do that on the telephone."
            }
        };
        let text = text.to_owned();
        let actions = self.machine.handle(TurnEvent::Say { text }, now);
        self.act(actions);
    }
}

/// Where the code went; `None` when it has gone nowhere by then.
async fn sent_within(store: &Store, session: &str, time: Duration) -> Option<SentBy> {
    let sent = async {
        loop {
            match call_codes::state(store, session).await {
                Ok(Some(CodeState::Sent(sent_by))) => return Some(sent_by),
                Ok(Some(CodeState::Failed) | None) => return None,
                Ok(Some(CodeState::Wanted)) => {}
                Err(error) => {
                    tracing::warn!(%error, session, "whether a code was sent is not known");
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(time, sent).await.unwrap_or(None)
}
