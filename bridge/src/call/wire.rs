//! What goes over the socket: the format that `start` agreed on, for both directions.

use casp_audio::SampleRate;
use casp_room::AudioCodec;
use casp_twilio::media_streams::{Encoding, MediaFormat};

/// The format of a stream's payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// G.711 μ-law at 8 kHz: Twilio's.
    Mulaw,
    /// Signed 16 bit, little endian.
    Pcm(SampleRate),
    /// One Opus packet a message.
    Opus,
}

impl Wire {
    /// The format that was asked for; `None` for a rate that Opus does not know.
    pub(crate) fn of(format: MediaFormat) -> Option<Self> {
        Some(match format.encoding {
            Encoding::Mulaw => Self::Mulaw,
            Encoding::Pcm16 => Self::Pcm(SampleRate::try_from(format.sample_rate_hz).ok()?),
            Encoding::Opus => Self::Opus,
        })
    }

    /// The rate at which voices are decoded, where they are: an Opus client's speech is wide enough at 24 kHz.
    pub(crate) const fn sample_rate(self) -> SampleRate {
        match self {
            Self::Mulaw => SampleRate::Hz8000,
            Self::Pcm(rate) => rate,
            Self::Opus => SampleRate::Hz24000,
        }
    }

    /// The codec of the caller's track: telephone audio stays what it is, all else is Opus.
    pub(crate) const fn codec(self) -> AudioCodec {
        match self {
            Self::Mulaw => AudioCodec::Pcmu,
            Self::Pcm(_) | Self::Opus => AudioCodec::Opus,
        }
    }

    /// Bytes of 20 ms that come from the client; `None` where packets have a length of their own.
    pub(crate) const fn frame_bytes(self) -> Option<usize> {
        match self {
            Self::Mulaw => Some(160),
            Self::Pcm(rate) => Some(2 * rate.frame_samples()),
            Self::Opus => None,
        }
    }

    /// RTP ticks of 20 ms on the clock that the caller's frames are counted on.
    pub(crate) const fn frame_ticks(self) -> u32 {
        self.codec().clock_rate_hz() / 50
    }
}
