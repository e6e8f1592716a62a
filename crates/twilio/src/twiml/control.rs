//! Where the call goes: `<Redirect>`, `<Reject>`, `<Dial>`.

use super::{
    attributes::{Method, method, number, text},
    xml::Writer,
};
use std::borrow::Cow;

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
    pub(super) fn write(&self, writer: &mut Writer) {
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
    pub(super) fn write(self, writer: &mut Writer) {
        let reason = match self.reason {
            RejectReason::Rejected => "rejected",
            RejectReason::Busy => "busy",
        };
        writer.element("Reject", &[("reason", Some(Cow::Borrowed(reason)))], |_| {});
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
    /// Seconds the two may talk (Twilio's own limit is four hours).
    pub time_limit_s: Option<u32>,
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
    pub(super) fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("callerId", text(self.caller_id.as_ref())),
            ("timeout", number(self.timeout_s)),
            ("timeLimit", number(self.time_limit_s)),
            ("action", text(self.action.as_ref())),
        ];
        writer.element("Dial", &attributes, |inner| {
            inner.element("Number", &[], |number| number.text(&self.number));
        });
    }
}
