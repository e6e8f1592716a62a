//! What `start.mediaFormat` can say.

use serde::Deserialize;
use std::time::Duration;

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

    /// How long a payload lasts; `None` for what is not one of this format.
    pub fn duration(self, payload: &[u8]) -> Option<Duration> {
        let bytes_a_sample = match self.encoding {
            Encoding::Mulaw => 1,
            Encoding::Pcm16 => 2,
            Encoding::Opus => return opus_packet_duration(payload),
        };
        if !payload.len().is_multiple_of(bytes_a_sample) {
            return None;
        }
        let samples = (payload.len() / bytes_a_sample) as f64;
        Some(Duration::from_secs_f64(
            samples / f64::from(self.sample_rate_hz),
        ))
    }
}

/// How long an Opus packet lasts, by its first bytes (RFC 6716, 3.1 and 3.2.5); `None` for what cannot be one.
pub fn opus_packet_duration(packet: &[u8]) -> Option<Duration> {
    let (toc, rest) = packet.split_first()?;
    let frame_us = match usize::from(toc >> 3) {
        silk @ 0..12 => [10_000, 20_000, 40_000, 60_000][silk % 4],
        hybrid @ 12..16 => [10_000, 20_000][hybrid % 2],
        celt => [2_500, 5_000, 10_000, 20_000][celt % 4],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(rest.first()? & 0x3F),
    };
    let us = frame_us * frames;
    (1..=120_000)
        .contains(&us)
        .then(|| Duration::from_micros(us))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opus_packet_says_how_long_it_lasts() {
        let ms = |packet: &[u8]| {
            opus_packet_duration(packet).map(|length| length.as_secs_f64() * 1_000.0)
        };
        assert_eq!(ms(&[1 << 3, 9]), Some(20.0), "SILK");
        assert_eq!(ms(&[3 << 3, 9]), Some(60.0));
        assert_eq!(ms(&[12 << 3, 9]), Some(10.0), "hybrid");
        assert_eq!(ms(&[16 << 3, 9]), Some(2.5), "CELT");
        assert_eq!(ms(&[31 << 3, 9]), Some(20.0));
        assert_eq!(ms(&[31 << 3 | 1, 9]), Some(40.0), "two frames");
        assert_eq!(ms(&[31 << 3 | 3, 6, 9]), Some(120.0), "six frames");
        for none in [
            &[][..],
            &[31 << 3 | 3],
            &[31 << 3 | 3, 0],
            &[31 << 3 | 3, 7],
        ] {
            assert_eq!(ms(none), None, "{none:?}");
        }
    }

    #[test]
    fn pcm_has_whole_samples() {
        let pcm = MediaFormat {
            encoding: Encoding::Pcm16,
            sample_rate_hz: 16_000,
        };
        assert_eq!(pcm.duration(&[0; 640]), Some(Duration::from_millis(20)));
        assert_eq!(pcm.duration(&[0; 641]), None);
    }
}
