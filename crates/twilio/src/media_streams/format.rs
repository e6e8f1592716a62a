//! What `start.mediaFormat` can say.

use serde::Deserialize;

/// The coding of the payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// G.711 μ-law, one byte a sample.
    Mulaw,
    /// Signed 16 bit, little endian.
    Pcm16,
    /// Opus packets, one a message.
    Opus,
}

/// The coding and rate of a stream's audio, both ways. Mono.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaFormat {
    /// Coding.
    pub encoding: Encoding,
    /// Samples a second.
    pub sample_rate_hz: u32,
}

impl MediaFormat {
    /// Twilio's only format, and the default.
    pub const MULAW: Self = Self {
        encoding: Encoding::Mulaw,
        sample_rate_hz: 8_000,
    };

    /// Seconds of audio in a payload of `len` bytes; Opus packets count as 20 ms.
    pub fn seconds(self, len: usize) -> f64 {
        let rate = f64::from(self.sample_rate_hz);
        match self.encoding {
            Encoding::Mulaw => len as f64 / rate,
            Encoding::Pcm16 => len as f64 / 2.0 / rate,
            Encoding::Opus => 0.02,
        }
    }
}

/// A media format that CASP does not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unsupported mediaFormat: use audio/x-mulaw at 8000, audio/pcm at 8000, 16000, 24000 or 48000, or audio/opus at 48000, with 1 channel"
)]
pub struct UnsupportedFormat;

/// As it stands in the message.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct RawFormat {
    encoding: Option<String>,
    #[serde(
        rename = "sampleRate",
        default,
        deserialize_with = "super::incoming::lenient_number"
    )]
    sample_rate_hz: Option<u64>,
    #[serde(default, deserialize_with = "super::incoming::lenient_number")]
    channels: Option<u64>,
}

impl TryFrom<&RawFormat> for MediaFormat {
    type Error = UnsupportedFormat;

    fn try_from(raw: &RawFormat) -> Result<Self, UnsupportedFormat> {
        if raw.channels.is_some_and(|channels| channels != 1) {
            return Err(UnsupportedFormat);
        }
        let (encoding, sample_rate_hz) = match (raw.encoding.as_deref(), raw.sample_rate_hz) {
            (None | Some("audio/x-mulaw"), None | Some(8_000)) => (Encoding::Mulaw, 8_000),
            (Some("audio/pcm"), Some(rate @ (8_000 | 16_000 | 24_000 | 48_000))) => {
                (Encoding::Pcm16, rate as u32)
            }
            (Some("audio/opus"), None | Some(48_000)) => (Encoding::Opus, 48_000),
            _ => return Err(UnsupportedFormat),
        };
        Ok(Self {
            encoding,
            sample_rate_hz,
        })
    }
}
