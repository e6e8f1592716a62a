//! How attributes are written.

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
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

pub(super) fn text(value: Option<&String>) -> Option<Cow<'_, str>> {
    value.map(|value| Cow::Borrowed(value.as_str()))
}

pub(super) fn number(value: Option<impl ToString>) -> Option<Cow<'static, str>> {
    value.map(|value| Cow::Owned(value.to_string()))
}

pub(super) fn method(value: Option<Method>) -> Option<Cow<'static, str>> {
    value.map(|value| Cow::Borrowed(value.as_str()))
}

pub(super) fn flag(value: bool) -> Option<Cow<'static, str>> {
    value.then_some(Cow::Borrowed("true"))
}
