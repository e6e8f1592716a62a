//! `<Gather>`: digits or speech.

use super::{
    attributes::{Method, flag, method, number, text},
    speech::{Pause, Play, Say},
    xml::Writer,
};
use std::borrow::Cow;

/// What `<Gather>` listens for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatherInput {
    /// Keys.
    Dtmf,
    /// Speech.
    Speech,
}

/// What is played while `<Gather>` listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// Speaks.
    Say(Say),
    /// Plays.
    Play(Play),
    /// Waits.
    Pause(Pause),
}

/// `<Gather>`: collects digits or speech and posts them to `action`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gather {
    /// Empty means Twilio's default (digits).
    pub input: Vec<GatherInput>,
    /// Done after so many digits.
    pub num_digits: Option<u8>,
    /// Where the result goes.
    pub action: Option<String>,
    /// How.
    pub method: Option<Method>,
    /// Seconds without input after which the call goes on with the next verb.
    pub timeout_s: Option<u16>,
    /// Seconds of silence that end speech, or `auto`.
    pub speech_timeout: Option<String>,
    /// Of the speech, BCP 47.
    pub language: Option<String>,
    /// Words that are likely, comma separated.
    pub hints: Option<String>,
    /// Post to `action` even when nothing came.
    pub action_on_empty_result: bool,
    /// Played meanwhile.
    pub prompts: Vec<Prompt>,
}

impl Gather {
    pub(super) fn write(&self, writer: &mut Writer) {
        let input = self
            .input
            .iter()
            .map(|input| match input {
                GatherInput::Dtmf => "dtmf",
                GatherInput::Speech => "speech",
            })
            .collect::<Vec<_>>()
            .join(" ");
        let attributes = [
            ("input", (!input.is_empty()).then_some(Cow::Owned(input))),
            ("numDigits", number(self.num_digits)),
            ("action", text(self.action.as_ref())),
            ("method", method(self.method)),
            ("timeout", number(self.timeout_s)),
            ("speechTimeout", text(self.speech_timeout.as_ref())),
            ("language", text(self.language.as_ref())),
            ("hints", text(self.hints.as_ref())),
            ("actionOnEmptyResult", flag(self.action_on_empty_result)),
        ];
        writer.element("Gather", &attributes, |inner| {
            for prompt in &self.prompts {
                match prompt {
                    Prompt::Say(say) => say.write(inner),
                    Prompt::Play(play) => play.write(inner),
                    Prompt::Pause(pause) => pause.write(inner),
                }
            }
        });
    }
}
