//! Packets in, PCM out.

use crate::{AudioError, Result, SampleRate};

/// Decodes one Opus stream to mono at the rate its reader asks for: libopus decodes to 8 or 16 kHz
/// by itself, so that nothing needs to be resampled.
#[derive(Debug)]
pub struct Decoder {
    inner: ::opus::Decoder,
    sample_rate: SampleRate,
}

impl Decoder {
    /// A decoder with no history.
    ///
    /// # Errors
    /// `Opus` when libopus cannot allocate its state.
    pub fn new(sample_rate: SampleRate) -> Result<Self> {
        let inner = ::opus::Decoder::new(sample_rate.hz(), ::opus::Channels::Mono)?;
        Ok(Self { inner, sample_rate })
    }

    /// The rate of what comes out.
    pub fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    /// Samples that `packet` will decode to, without decoding it.
    ///
    /// # Errors
    /// `InvalidPacket`.
    pub fn packet_samples(&self, packet: &[u8]) -> Result<usize> {
        if packet.is_empty() {
            return Err(AudioError::InvalidPacket { len: 0 });
        }
        ::opus::packet::get_nb_samples(packet, self.sample_rate.hz())
            .map_err(|_| AudioError::InvalidPacket { len: packet.len() })
    }

    /// Decodes a packet to the start of `out` and returns the number of samples.
    ///
    /// # Errors
    /// `InvalidPacket`; `BufferTooSmall` (120 ms always fits the largest). The decoder stays usable.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize> {
        let need = self.packet_samples(packet)?;
        if out.len() < need {
            return Err(AudioError::BufferTooSmall {
                need,
                have: out.len(),
            });
        }
        self.inner
            .decode(packet, &mut out[..need], false)
            .map_err(|_| AudioError::InvalidPacket { len: packet.len() })
    }

    /// Fills all of `out` with a guess at audio that was lost (2.5 to 120 ms, a multiple of 2.5 ms).
    ///
    /// # Errors
    /// `FrameLength`.
    pub fn conceal(&mut self, out: &mut [i16]) -> Result<()> {
        self.check_concealed_length(out.len())?;
        self.inner.decode(&[], out, false)?;
        Ok(())
    }

    /// Fills all of `out` with the packet lost right before `next_packet`, from the redundancy (FEC)
    /// in it; conceals when it carries none. Decode `next_packet` itself afterwards.
    ///
    /// # Errors
    /// `InvalidPacket`, `FrameLength` (as [`Self::conceal`]).
    pub fn decode_fec(&mut self, next_packet: &[u8], out: &mut [i16]) -> Result<()> {
        self.packet_samples(next_packet)?;
        self.check_concealed_length(out.len())?;
        self.inner
            .decode(next_packet, out, true)
            .map_err(|_| AudioError::InvalidPacket {
                len: next_packet.len(),
            })?;
        Ok(())
    }

    fn check_concealed_length(&self, samples: usize) -> Result<()> {
        let unit = self.sample_rate.hz() as usize / 400;
        let is_possible = samples > 0
            && samples <= self.sample_rate.max_packet_samples()
            && samples.is_multiple_of(unit);
        if is_possible {
            return Ok(());
        }
        Err(AudioError::FrameLength {
            samples,
            sample_rate_hz: self.sample_rate.hz(),
            expected: "2.5 to 120 ms in steps of 2.5 ms",
        })
    }
}
