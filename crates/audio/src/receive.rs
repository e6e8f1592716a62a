//! From the packets of a remote track to 16 kHz PCM for voice detection and speech recognition.

mod concealment;
mod pcmu_stream;

use crate::opus::Decoder;
use crate::{AudioError, Result, SampleRate};
use concealment::Gap;
use pcmu_stream::PcmuStream;

/// The rate that comes out, in Hz.
pub const OUTPUT_HZ: u32 = 16_000;

/// The longest packet that is taken, in samples at 16 kHz (120 ms).
const MAX_PACKET_SAMPLES: usize = SampleRate::Hz16000.max_packet_samples();
/// 20 ms at 16 kHz.
const FRAME_SAMPLES: usize = SampleRate::Hz16000.frame_samples();

/// How a packet is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Opus, mono or stereo.
    Opus,
    /// G.711 μ-law at 8 kHz.
    Pcmu,
}

/// What [`StreamDecoder::decode`] put into the buffer, in samples at 16 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decoded {
    /// In place of lost packets: restored from redundancy (FEC) or guessed.
    pub concealed: usize,
    /// In place of packets lost beyond those: silence.
    pub silent: usize,
    /// Of the packet itself, last in the buffer.
    pub received: usize,
}

impl Decoded {
    /// All of it: the length of the buffer.
    pub fn samples(self) -> usize {
        self.concealed + self.silent + self.received
    }
}

/// Decodes one remote track, whatever its codec is from packet to packet.
///
/// A packet of n ms gives n ms of PCM, delayed by the codec (Opus by 6.5 ms at most, μ-law by 4 ms of
/// resampling). Up to three lost packets in a row are concealed, the last of them from the redundancy
/// in the packet that came, if there is any; the rest, up to a second, is silence. Gaps without loss
/// (DTX, a muted microphone) show in the RTP timestamps and are the reader's business: nothing comes
/// out for them.
#[derive(Debug)]
pub struct StreamDecoder {
    current: Option<Current>,
    /// Duration of the latest packet, which is what a lost one is taken to have had.
    packet_samples: usize,
    /// Packets that came but could not be decoded since the last good one: as good as lost.
    undecodable: u16,
}

#[derive(Debug)]
enum Current {
    Opus(Decoder),
    Pcmu(Box<PcmuStream>),
}

impl Current {
    fn codec(&self) -> Codec {
        match self {
            Self::Opus(_) => Codec::Opus,
            Self::Pcmu(_) => Codec::Pcmu,
        }
    }

    fn new(codec: Codec) -> Result<Self> {
        Ok(match codec {
            Codec::Opus => Self::Opus(Decoder::new(SampleRate::Hz16000)?),
            Codec::Pcmu => Self::Pcmu(Box::new(PcmuStream::new()?)),
        })
    }
}

impl Default for StreamDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamDecoder {
    /// A decoder that has seen nothing. Codec state is made when a packet shows the codec.
    pub fn new() -> Self {
        Self {
            current: None,
            packet_samples: FRAME_SAMPLES,
            undecodable: 0,
        }
    }

    /// Decodes `payload`, before which `lost_before` packets were lost, and replaces the contents of
    /// `out` (which stops allocating once it has held the largest).
    ///
    /// # Errors
    /// `InvalidPacket` for what is not a packet of this codec or lasts over 120 ms: `out` is empty
    /// then, and the packet is counted as lost before the next one.
    pub fn decode(
        &mut self,
        codec: Codec,
        lost_before: u16,
        payload: &[u8],
        out: &mut Vec<i16>,
    ) -> Result<Decoded> {
        out.clear();
        let lost = lost_before.saturating_add(self.undecodable);
        let result = self.decode_after(lost, codec, payload, out);
        if let Ok(decoded) = &result {
            self.packet_samples = decoded.received;
            self.undecodable = 0;
        } else {
            out.clear();
            self.undecodable = lost.saturating_add(1);
        }
        result
    }

    fn decode_after(
        &mut self,
        lost: u16,
        codec: Codec,
        payload: &[u8],
        out: &mut Vec<i16>,
    ) -> Result<Decoded> {
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.codec() != codec)
        {
            self.current = None;
            self.packet_samples = FRAME_SAMPLES;
        }
        let current = match &mut self.current {
            Some(current) => current,
            none => none.insert(Current::new(codec)?),
        };
        let gap = Gap::of(lost, self.packet_samples);
        let received = match current {
            Current::Opus(decoder) => decode_opus(decoder, &gap, payload, out)?,
            Current::Pcmu(stream) => {
                let received = payload.len() * 2;
                if payload.is_empty() || received > MAX_PACKET_SAMPLES {
                    return Err(AudioError::InvalidPacket { len: payload.len() });
                }
                stream.conceal(&gap, out);
                stream.decode(payload, out);
                received
            }
        };
        Ok(Decoded {
            concealed: gap.concealed(),
            silent: gap.silent,
            received,
        })
    }
}

fn decode_opus(
    decoder: &mut Decoder,
    gap: &Gap,
    payload: &[u8],
    out: &mut Vec<i16>,
) -> Result<usize> {
    // Looked at first, so that a bad packet leaves the decoder as it was.
    let received = decoder.packet_samples(payload)?;
    out.resize(gap.samples() + received, 0);
    // The redundancy is that of the packet right before, so silence stands inside the gap.
    let (guessed, rest) = out.split_at_mut(gap.guessed);
    let (restored, packet) = rest[gap.silent..].split_at_mut(gap.restored);
    for frame in guessed.chunks_exact_mut(gap.packet_samples) {
        decoder.conceal(frame)?;
    }
    if !restored.is_empty() {
        decoder.decode_fec(payload, restored)?;
    }
    decoder.decode(payload, packet)
}
