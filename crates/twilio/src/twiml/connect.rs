//! `<Connect><Stream>`: the call becomes a WebSocket.

use super::{
    attributes::{Method, method, text},
    xml::Writer,
};
use std::borrow::Cow;

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
    pub(super) fn write(&self, writer: &mut Writer) {
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
    pub(super) fn write(&self, writer: &mut Writer) {
        let attributes = [
            ("action", text(self.action.as_ref())),
            ("method", method(self.method)),
        ];
        writer.element("Connect", &attributes, |inner| self.stream.write(inner));
    }
}
