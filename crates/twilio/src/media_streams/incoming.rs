//! What a client says, as types: strict about what matters, forgiving about the rest.
//!
//! Numbers may be strings (Twilio's are), fields may be missing or unknown, and unknown events are no error.
//! Parsing borrows from the message; nothing is copied unless JSON escapes make it necessary.

use super::format::RawFormat;
use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, collections::BTreeMap, fmt, ops::Deref};

/// A string that stays in the message where it can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// A number, or a string of digits; anything else counts as absent.
pub(super) fn lenient_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Option<u64>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number or a string of digits")
        }
        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }
        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok(u64::try_from(value).ok())
        }
        fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
            Ok((0.0..9e15).contains(&value).then_some(value as u64))
        }
        fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
            Ok(value.parse().ok())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map
                .next_entry::<de::IgnoredAny, de::IgnoredAny>()?
                .is_some()
            {}
            Ok(None)
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// One message of a client's.
#[derive(Debug, Clone, Deserialize)]
pub struct Incoming<'a> {
    /// `connected`, `start`, `media`, …
    #[serde(borrow)]
    pub event: Text<'a>,
    /// The stream it belongs to.
    #[serde(borrow, default, rename = "streamSid")]
    pub stream_sid: Option<Text<'a>>,
    /// Of `media` and `transcript`.
    #[serde(borrow, default)]
    pub media: Option<Media<'a>>,
    #[serde(default)]
    pub(super) start: Option<RawStart>,
    #[serde(borrow, default)]
    pub(super) dtmf: Option<Dtmf<'a>>,
    #[serde(borrow, default)]
    pub(super) mark: Option<Mark<'a>>,
}

impl<'a> Incoming<'a> {
    /// Reads one message.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// The body of `media`, and of `transcript`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Media<'a> {
    /// `inbound` (the caller), `audio` (S0's name for it), `outbound`.
    #[serde(borrow, default)]
    pub track: Option<Text<'a>>,
    /// Count of chunks of this track, from 1.
    #[serde(default, deserialize_with = "lenient_number")]
    pub chunk: Option<u64>,
    /// Milliseconds from the start of the stream.
    #[serde(default, deserialize_with = "lenient_number")]
    pub timestamp: Option<u64>,
    /// Base64.
    #[serde(borrow, default)]
    pub payload: Option<Text<'a>>,
    /// Of a transcript: `user` or `assistant`.
    #[serde(borrow, default)]
    pub role: Option<Text<'a>>,
    /// Of a transcript.
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Dtmf<'a> {
    #[serde(borrow, default)]
    pub(super) digit: Option<Text<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Mark<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
}

/// `start` as it stands in the message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawStart {
    pub(super) account_sid: Option<String>,
    pub(super) call_sid: Option<String>,
    pub(super) stream_sid: Option<String>,
    #[serde(default)]
    tracks: Option<Vec<String>>,
    #[serde(default)]
    custom_parameters: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    pub(super) media_format: Option<RawFormat>,
    resource: Option<String>,
    #[serde(rename = "conf_name")]
    conf_name: Option<String>,
    bearer: Option<String>,
}

/// What `start` says, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// Twilio's account; empty when none was sent.
    pub account_sid: String,
    /// The call, where the client knows one (Twilio always does).
    pub call_sid: Option<crate::CallSid>,
    /// The stream; every message back carries it.
    pub stream_sid: crate::StreamSid,
    /// `inbound`, …
    pub tracks: Vec<String>,
    /// The `<Parameter>`s of the TwiML. Values that were not strings are their JSON text.
    pub custom_parameters: BTreeMap<String, String>,
    /// Coding of the payloads.
    pub media_format: super::MediaFormat,
    /// The end user's address (S0), from `start` or a parameter.
    pub resource: Option<String>,
    /// The assistant's name (S0), from `start` or a parameter.
    pub conf_name: Option<String>,
    /// Base64 JSON of settings for this session (S0), from `start` or a parameter.
    pub bearer: Option<String>,
}

/// Parameters hold tokens: they stay out of logs.
impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("call_sid", &self.call_sid)
            .field("stream_sid", &self.stream_sid)
            .field("media_format", &self.media_format)
            .finish_non_exhaustive()
    }
}

impl Start {
    pub(super) fn read(raw: RawStart, outer_stream_sid: Option<&str>) -> Result<Self, String> {
        let stream_sid = raw
            .stream_sid
            .as_deref()
            .or(outer_stream_sid)
            .ok_or("start.streamSid is missing")?;
        let stream_sid = crate::StreamSid::new(stream_sid).map_err(|error| error.to_string())?;
        let call_sid = raw
            .call_sid
            .map(crate::CallSid::new)
            .transpose()
            .map_err(|error| error.to_string())?;
        let media_format = raw
            .media_format
            .as_ref()
            .map_or(Ok(super::MediaFormat::MULAW), super::MediaFormat::try_from)
            .map_err(|error| error.to_string())?;
        let custom_parameters: BTreeMap<String, String> = raw
            .custom_parameters
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| match value {
                serde_json::Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect();
        let either =
            |own: Option<String>, name: &str| own.or_else(|| custom_parameters.get(name).cloned());
        Ok(Self {
            account_sid: raw.account_sid.unwrap_or_default(),
            call_sid,
            stream_sid,
            tracks: raw.tracks.unwrap_or_default(),
            media_format,
            resource: either(raw.resource, "resource"),
            conf_name: either(raw.conf_name, "conf_name"),
            bearer: either(raw.bearer, "bearer"),
            custom_parameters,
        })
    }
}
