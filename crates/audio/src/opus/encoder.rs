//! PCM in, packets out.

use crate::{AudioError, Result, SampleRate};

/// A buffer of this size holds any packet this encoder makes (RFC 6716, 3.4: 1,275 bytes a frame).
pub const MAX_PACKET_BYTES: usize = 1_275;

/// What the encoder is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Application {
    /// Speech through a microphone: high-pass and SILK or hybrid mode preferred.
    Voip,
    /// Faithful to the input; SILK, hybrid or CELT as the bit rate suggests.
    Audio,
    /// CELT alone: the cheapest, 5 ms less delay, no FEC.
    LowDelay,
}

/// Settings of an [`Encoder`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderOptions {
    /// Target rate in bits a second, 6,000 to 510,000.
    pub bitrate_bps: i32,
    /// 0 (cheapest) to 10.
    pub complexity: u8,
    /// Whether silence is sent as one small packet every 400 ms (the other calls return ≤ 2 bytes,
    /// which need not be sent).
    pub uses_dtx: bool,
    /// Whether each packet carries a coarse copy of the one before, for a receiver that lost it.
    /// Works in SILK and hybrid modes only.
    pub uses_inband_fec: bool,
    /// Loss the redundancy is made for, in percent (0 switches it off).
    pub expected_loss_percent: u8,
    /// What it is tuned for.
    pub application: Application,
}

/// For speech made by a machine, at the least CPU: CELT at 48 kbit/s. Measured on speech at 24 kHz (ms
/// of CPU a second on one core of a 2.5 GHz server, libopus 1.6.1; distance of the mel spectrum and
/// noise to signal in its bands, both in dB, less is better):
///
/// | application, kbit/s, complexity | CPU | distance | noise |
/// | --- | --- | --- | --- |
/// | Voip 24, 5 | 6.4 | 1.35 | −6.9 |
/// | Voip 32, 5 | 6.3 | 1.11 | −7.8 |
/// | Voip 32, 10 | 8.3 | 1.00 | −8.2 |
/// | LowDelay 32, 5 | 1.9 | 1.08 | −10.5 |
/// | LowDelay 48, 0 | 1.0 | 0.63 | −12.9 |
/// | **LowDelay 48, 5** | 2.0 | 0.73 | −12.4 |
///
/// Audio is as Voip for speech. Complexity 5 is where CELT begins to filter by pitch, which low
/// voices want. Where packets get lost, take Voip with FEC and a loss to expect.
impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            bitrate_bps: 48_000,
            complexity: 5,
            uses_dtx: false,
            uses_inband_fec: false,
            expected_loss_percent: 0,
            application: Application::LowDelay,
        }
    }
}

/// Encodes one mono stream.
#[derive(Debug)]
pub struct Encoder {
    inner: ::opus::Encoder,
    sample_rate: SampleRate,
}

impl Encoder {
    /// An encoder of PCM at `sample_rate`.
    ///
    /// # Errors
    /// `Opus` when libopus refuses a setting.
    pub fn new(sample_rate: SampleRate, options: &EncoderOptions) -> Result<Self> {
        let application = match options.application {
            Application::Voip => ::opus::Application::Voip,
            Application::Audio => ::opus::Application::Audio,
            Application::LowDelay => ::opus::Application::LowDelay,
        };
        let mut inner =
            ::opus::Encoder::new(sample_rate.hz(), ::opus::Channels::Mono, application)?;
        inner.set_bitrate(::opus::Bitrate::Bits(options.bitrate_bps))?;
        inner.set_complexity(i32::from(options.complexity))?;
        inner.set_signal(::opus::Signal::Voice)?;
        inner.set_dtx(options.uses_dtx)?;
        inner.set_inband_fec(options.uses_inband_fec)?;
        inner.set_packet_loss_perc(i32::from(options.expected_loss_percent))?;
        Ok(Self { inner, sample_rate })
    }

    /// The rate of what goes in.
    pub fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    /// Forgets the signal so far, keeps the settings: for the start of an utterance.
    ///
    /// # Errors
    /// `Opus`; none is known to happen.
    pub fn reset(&mut self) -> Result<()> {
        Ok(self.inner.reset_state()?)
    }

    /// Encodes one frame (2.5, 5, 10, 20, 40 or 60 ms) to the start of `out`; returns the packet's
    /// size in bytes. [`MAX_PACKET_BYTES`] is always enough.
    ///
    /// # Errors
    /// `FrameLength`; `BufferTooSmall`.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize> {
        let unit = self.sample_rate.hz() as usize / 400;
        if !matches!(pcm.len().checked_div(unit), Some(1 | 2 | 4 | 8 | 16 | 24))
            || !pcm.len().is_multiple_of(unit)
        {
            return Err(AudioError::FrameLength {
                samples: pcm.len(),
                sample_rate_hz: self.sample_rate.hz(),
                expected: "2.5, 5, 10, 20, 40 or 60 ms",
            });
        }
        self.inner
            .encode(pcm, out)
            .map_err(|error| match error.code() {
                ::opus::ErrorCode::BufferTooSmall => AudioError::BufferTooSmall {
                    need: MAX_PACKET_BYTES,
                    have: out.len(),
                },
                _ => AudioError::Opus(error),
            })
    }
}
