//! TwiML for voice, typed: what cannot be said in it does not compile, and whatever text goes in, well-formed XML
//! comes out.
//!
//! ```
//! use casp_twilio::twiml::{Connect, Response, Say, Stream};
//!
//! let stream = Stream::new("wss://example.com/twilio/stream/CA1").parameter("token", "abc");
//! let twiml = Response::new()
//!     .with(Say::new("One moment."))
//!     .with(Connect::new(stream).action("/twilio/resume/CA1"));
//! assert!(twiml.to_xml().contains(r#"<Parameter name="token" value="abc"/>"#));
//! ```

mod attributes;
mod connect;
mod control;
mod gather;
mod recording;
mod speech;
mod xml;

pub use attributes::Method;
pub use connect::{Connect, Stream};
pub use control::{Dial, Redirect, Reject, RejectReason};
pub use gather::{Gather, GatherInput, Prompt};
pub use recording::{Record, RecordingEvent, StartRecording};
pub use speech::{Pause, Play, Say};

use std::fmt;
use xml::Writer;

/// The MIME type of a TwiML answer.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// One step of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Speaks a text.
    Say(Say),
    /// Plays a file or digits.
    Play(Play),
    /// Waits.
    Pause(Pause),
    /// Collects digits or speech.
    Gather(Gather),
    /// Joins the call to a media stream, both ways.
    Connect(Connect),
    /// Goes on with the TwiML of another URL.
    Redirect(Redirect),
    /// Refuses the call before it is answered.
    Reject(Reject),
    /// Ends the call.
    Hangup,
    /// Records the caller.
    Record(Record),
    /// Records the call from here on.
    StartRecording(StartRecording),
    /// Calls somebody else.
    Dial(Dial),
}

impl Verb {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Say(verb) => verb.write(writer),
            Self::Play(verb) => verb.write(writer),
            Self::Pause(verb) => verb.write(writer),
            Self::Gather(verb) => verb.write(writer),
            Self::Connect(verb) => verb.write(writer),
            Self::Redirect(verb) => verb.write(writer),
            Self::Reject(verb) => verb.write(writer),
            Self::Hangup => writer.element("Hangup", &[], |_| {}),
            Self::Record(verb) => verb.write(writer),
            Self::StartRecording(verb) => verb.write(writer),
            Self::Dial(verb) => verb.write(writer),
        }
    }
}

macro_rules! into_verb {
    ($($name:ident),*) => {
        $(impl From<$name> for Verb {
            fn from(verb: $name) -> Self {
                Self::$name(verb)
            }
        })*
    };
}
into_verb!(
    Say,
    Play,
    Pause,
    Gather,
    Connect,
    Redirect,
    Reject,
    Record,
    StartRecording,
    Dial
);

/// A whole answer. Verbs are done in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    verbs: Vec<Verb>,
}

impl Response {
    /// An answer that does nothing yet (Twilio hangs up at its end).
    pub const fn new() -> Self {
        Self { verbs: Vec::new() }
    }

    /// Adds a verb.
    #[must_use]
    pub fn with(mut self, verb: impl Into<Verb>) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// Goes on with the verbs of another answer.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.verbs.extend(next.verbs);
        self
    }

    /// The document, with its XML declaration.
    pub fn to_xml(&self) -> String {
        let mut writer = xml::Writer::document();
        writer.element("Response", &[], |inner| {
            for verb in &self.verbs {
                verb.write(inner);
            }
        });
        writer.finish()
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_xml())
    }
}

#[cfg(test)]
mod tests;
