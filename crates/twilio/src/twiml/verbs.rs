//! The verbs and nouns, each with the attributes that CASP uses (source: Twilio's "TwiML for Programmable Voice").

use super::{
    Verb,
    xml::{Attribute, Writer},
};
use std::borrow::Cow;

/// How Twilio asks for the next TwiML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST (Twilio's default).
    Post,
}

impl Method {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// `<Say>`: speaks a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Say {
    /// What is said.
    pub text: String,
    /// `Polly.Joanna`, `alice`, …
    pub voice: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
}

impl Say {
    /// In Twilio's default voice.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
    /// Sets the voice.
    #[must_use]
    pub fn voice(mut self, voice: impl Into<String>) -> Self {
        self.voice = Some(voice.into());
        self
    }
    /// Sets the language.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }
    fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("voice", text(self.voice.as_ref())),
            ("language", text(self.language.as_ref())),
        ];
        writer.element("Say", &attributes, |inner| inner.text(&self.text));
    }
}

/// `<Play>`: plays a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Play {
    /// Of an audio file.
    pub url: String,
    /// How often; 0 is for ever.
    pub loop_count: Option<u16>,
}

impl Play {
    /// Once.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            loop_count: None,
        }
    }
    fn write(&self, writer: &mut Writer) {
        writer.element("Play", &[("loop", number(self.loop_count))], |inner| {
            inner.text(&self.url);
        });
    }
}

/// `<Pause>`: waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Seconds.
    pub length_s: u16,
}

impl Pause {
    fn write(self, writer: &mut Writer) {
        writer.element("Pause", &[("length", number(Some(self.length_s)))], |_| {});
    }
}

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
    fn write(&self, writer: &mut Writer) {
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

/// `<Stream>` inside `<Connect>`: Twilio opens a WebSocket to `url`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// `wss://…`; Twilio drops a query string.
    pub url: String,
    /// Where Twilio reports start, stop and errors.
    pub status_callback: Option<String>,
    /// Come back as `start.customParameters`.
    pub parameters: Vec<(String, String)>,
}

impl Stream {
    /// A stream to this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }
    /// Adds a `<Parameter>`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }
    fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("url", Some(Cow::from(&self.url))),
            ("statusCallback", text(self.status_callback.as_ref())),
        ];
        writer.element("Stream", &attributes, |inner| {
            for (name, value) in &self.parameters {
                let attributes = [
                    ("name", Some(Cow::from(name))),
                    ("value", Some(Cow::from(value))),
                ];
                inner.element("Parameter", &attributes, |_| {});
            }
        });
    }
}

/// `<Connect>`: joins the call to a stream until either side ends it, then asks `action` how to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The stream.
    pub stream: Stream,
    /// Asked when the stream has ended.
    pub action: Option<String>,
    /// How it is asked.
    pub method: Option<Method>,
}

impl Connect {
    /// Without action: the call goes on with the next verb.
    pub const fn new(stream: Stream) -> Self {
        Self {
            stream,
            action: None,
            method: None,
        }
    }
    /// Sets the action.
    #[must_use]
    pub fn action(mut self, url: impl Into<String>) -> Self {
        self.action = Some(url.into());
        self
    }
    fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("action", text(self.action.as_ref())),
            ("method", method(self.method)),
        ];
        writer.element("Connect", &attributes, |inner| self.stream.write(inner));
    }
}

/// `<Redirect>`: goes on with the TwiML of another URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Where.
    pub url: String,
    /// How.
    pub method: Option<Method>,
}

impl Redirect {
    /// By POST.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: None,
        }
    }
    fn write(&self, writer: &mut Writer) {
        writer.element("Redirect", &[("method", method(self.method))], |inner| {
            inner.text(&self.url);
        });
    }
}

/// What the caller of a rejected call hears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RejectReason {
    /// A "not in service" message (Twilio's default).
    #[default]
    Rejected,
    /// The busy tone.
    Busy,
}

/// `<Reject>`: refuses the call; nothing is billed. Only as the first verb.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reject {
    /// What the caller hears.
    pub reason: RejectReason,
}

impl Reject {
    fn write(self, writer: &mut Writer) {
        let reason = match self.reason {
            RejectReason::Rejected => "rejected",
            RejectReason::Busy => "busy",
        };
        writer.element("Reject", &[("reason", Some(Cow::Borrowed(reason)))], |_| {});
    }
}

/// `<Record>`: records the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Asked for TwiML afterwards.
    pub action: Option<String>,
    /// Seconds at most.
    pub max_length_s: Option<u32>,
    /// Seconds of silence that end it.
    pub timeout_s: Option<u16>,
    /// Without the beep.
    pub is_silent: bool,
    /// Where Twilio tells that the file is there.
    pub recording_status_callback: Option<String>,
}

impl Record {
    fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("action", text(self.action.as_ref())),
            ("maxLength", number(self.max_length_s)),
            ("timeout", number(self.timeout_s)),
            ("playBeep", self.is_silent.then_some(Cow::Borrowed("false"))),
            (
                "recordingStatusCallback",
                text(self.recording_status_callback.as_ref()),
            ),
        ];
        writer.element("Record", &attributes, |_| {});
    }
}

/// `<Dial>`: calls a number and joins the two calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dial {
    /// E.164.
    pub number: String,
    /// Shown to the one who is called.
    pub caller_id: Option<String>,
    /// Seconds of ringing.
    pub timeout_s: Option<u16>,
    /// Asked for TwiML afterwards.
    pub action: Option<String>,
}

impl Dial {
    /// Calls a number.
    pub fn new(number: impl Into<String>) -> Self {
        Self {
            number: number.into(),
            ..Self::default()
        }
    }
    fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("callerId", text(self.caller_id.as_ref())),
            ("timeout", number(self.timeout_s)),
            ("action", text(self.action.as_ref())),
        ];
        writer.element("Dial", &attributes, |inner| {
            inner.element("Number", &[], |number| number.text(&self.number));
        });
    }
}

impl Verb {
    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Say(verb) => verb.write(writer),
            Self::Play(verb) => verb.write(writer),
            Self::Pause(verb) => verb.write(writer),
            Self::Gather(verb) => verb.write(writer),
            Self::Connect(verb) => verb.write(writer),
            Self::Redirect(verb) => verb.write(writer),
            Self::Reject(verb) => verb.write(writer),
            Self::Hangup => writer.element("Hangup", &[] as &[Attribute<'_>], |_| {}),
            Self::Record(verb) => verb.write(writer),
            Self::Dial(verb) => verb.write(writer),
        }
    }
}

fn text(value: Option<&String>) -> Option<Cow<'_, str>> {
    value.map(|value| Cow::Borrowed(value.as_str()))
}

fn number(value: Option<impl ToString>) -> Option<Cow<'static, str>> {
    value.map(|value| Cow::Owned(value.to_string()))
}

fn method(value: Option<Method>) -> Option<Cow<'static, str>> {
    value.map(|value| Cow::Borrowed(value.as_str()))
}

fn flag(value: bool) -> Option<Cow<'static, str>> {
    value.then_some(Cow::Borrowed("true"))
}
