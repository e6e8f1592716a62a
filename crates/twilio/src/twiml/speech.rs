//! What the caller hears: `<Say>`, `<Play>`, `<Pause>` (source: Twilio's "TwiML for Programmable Voice", as for all
//! verbs here).

use super::{
    attributes::{number, text},
    xml::Writer,
};

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
    pub(super) fn write(&self, writer: &mut Writer) {
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
    pub(super) fn write(&self, writer: &mut Writer) {
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
    pub(super) fn write(self, writer: &mut Writer) {
        writer.element("Pause", &[("length", number(Some(self.length_s)))], |_| {});
    }
}
