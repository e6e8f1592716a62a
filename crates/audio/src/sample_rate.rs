//! The rates Opus works at.

use crate::AudioError;

/// A sample rate that Opus encodes from and decodes to as it is (RFC 6716, 2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SampleRate {
    /// 8 kHz: telephony.
    Hz8000,
    /// 12 kHz.
    Hz12000,
    /// 16 kHz: speech recognition and voice detection.
    Hz16000,
    /// 24 kHz: most text-to-speech.
    Hz24000,
    /// 48 kHz.
    Hz48000,
}

impl SampleRate {
    /// Samples a second.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz12000 => 12_000,
            Self::Hz16000 => 16_000,
            Self::Hz24000 => 24_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// Samples in a frame of 20 ms.
    pub const fn frame_samples(self) -> usize {
        self.hz() as usize / 50
    }

    /// Samples in the longest Opus packet, 120 ms.
    pub const fn max_packet_samples(self) -> usize {
        self.frame_samples() * 6
    }
}

impl TryFrom<u32> for SampleRate {
    type Error = AudioError;

    fn try_from(hz: u32) -> Result<Self, AudioError> {
        match hz {
            8_000 => Ok(Self::Hz8000),
            12_000 => Ok(Self::Hz12000),
            16_000 => Ok(Self::Hz16000),
            24_000 => Ok(Self::Hz24000),
            48_000 => Ok(Self::Hz48000),
            other => Err(AudioError::SampleRate(other)),
        }
    }
}
