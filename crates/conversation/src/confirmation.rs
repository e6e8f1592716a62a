//! The user's yes before something is changed.
//!
//! A model proposes, the user decides, and code stands between them: a call that needs consent is held, its question
//! is spoken in words that the action makes of the very arguments it would run with, and only the next turn of the
//! one who asked for it, if it is a plain yes, releases it, once. Anything else drops it: a no, another topic, somebody
//! else's wish, an interruption of the question. A model can neither skip the question nor answer it.

mod consent;

use crate::{ActionName, ReplyOutcome, Speaker, speakable};
use casp_providers::ToolCall;
use consent::Consent;
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A call that waits for its speaker's yes. Copies are one call, so that it runs once however many replies (guesses among
/// them) were begun.
#[derive(Debug, Clone)]
pub struct HeldCall(Arc<Held>);

#[derive(Debug)]
struct Held {
    call: ToolCall,
    /// What the call was settled to mean when it was asked about.
    arguments: Value,
    question: String,
    speaker: Speaker,
    is_spent: AtomicBool,
}

impl PartialEq for HeldCall {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl HeldCall {
    pub(crate) fn new(
        call: ToolCall,
        arguments: Value,
        question: String,
        speaker: Speaker,
    ) -> Self {
        Self(Arc::new(Held {
            call,
            arguments,
            question,
            speaker,
            is_spent: AtomicBool::new(false),
        }))
    }

    /// A call that was asked about, as it was written down then.
    pub fn restored(call: ToolCall, arguments: Value, question: String, speaker: Speaker) -> Self {
        Self::new(call, arguments, question, speaker)
    }

    /// The call as the model made it.
    pub fn call(&self) -> &ToolCall {
        &self.0.call
    }

    /// What it was settled to mean.
    pub fn arguments(&self) -> &Value {
        &self.0.arguments
    }

    /// Who asked for it.
    pub fn speaker(&self) -> &Speaker {
        &self.0.speaker
    }

    /// What is to be done.
    pub fn action(&self) -> ActionName {
        ActionName::from_tool(&self.0.call.name)
    }

    /// What the user is asked.
    pub fn question(&self) -> &str {
        &self.0.question
    }

    /// The call and its arguments, the first time; it is never given out again.
    pub(crate) fn release(&self) -> Option<(ToolCall, Value)> {
        let is_first = !self.0.is_spent.swap(true, Ordering::SeqCst);
        is_first.then(|| (self.0.call.clone(), self.0.arguments.clone()))
    }
}

/// What a turn means for the call that waits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// Nothing waits: a turn like any other.
    Nothing,
    /// The speaker agrees: run it.
    Agreed(HeldCall),
    /// A yes that does not count; the question is put again, after these words.
    Unclear(HeldCall, &'static str),
    /// It will not be done.
    Dropped(HeldCall),
}

/// The call that waits, if any.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    held: HeldCall,
    /// The question was heard to its end, and nothing was said since.
    was_heard: bool,
}

const HEAR_FIRST: &str = "Please hear what I am about to do first.";
const NOT_YOURS: &str = "Only the one who asked for it can agree to that.";

impl Confirmation {
    /// What these words of this speaker mean. Changes nothing: the turn may be a guess.
    pub(crate) fn answered(&self, speaker: &Speaker, text: &str) -> Answer {
        let Some(Asked { held, was_heard }) = &self.asked else {
            return Answer::Nothing;
        };
        if consent::read(text, held.question()) != Consent::Yes {
            return Answer::Dropped(held.clone());
        }
        if speaker.identity != held.0.speaker.identity {
            Answer::Unclear(held.clone(), NOT_YOURS)
        } else if *was_heard {
            Answer::Agreed(held.clone())
        } else {
            Answer::Unclear(held.clone(), HEAR_FIRST)
        }
    }

    /// A turn has become history: a call that waited before it waits no more, one that it asked about does.
    pub(crate) fn settle(&mut self, outcome: &ReplyOutcome) {
        self.asked = outcome.held.clone().map(|held| Asked {
            was_heard: outcome
                .heard
                .as_deref()
                .is_none_or(|heard| has_heard(heard, held.question())),
            held,
        });
    }

    /// This was asked about, and the question was read.
    pub(crate) fn ask_about(&mut self, held: HeldCall) {
        self.asked = Some(Asked {
            held,
            was_heard: true,
        });
    }

    /// The assistant has said something else since the question, which a yes may be meant for.
    pub(crate) fn spoke_of_something_else(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.was_heard = false;
        }
    }
}

/// Whether what was heard ends with the whole question. What is heard is written without markup.
fn has_heard(heard: &str, question: &str) -> bool {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>()
    };
    words(heard).ends_with(&words(&speakable(question)))
}

#[cfg(test)]
mod tests;
