//! RIFF/WAVE headers: written for uploads, read from answers.
//! Source: Microsoft's "Multimedia Programming Interface and Data Specifications 1.0", RIFF WAVE.

/// Where the sound begins in a WAV, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WavHeader {
    /// Samples a second.
    pub(crate) sample_rate_hz: u32,
    /// Channels.
    pub(crate) channels: u16,
    /// Whether the samples are 16-bit integers.
    pub(crate) is_pcm16: bool,
    /// Offset of the first sample.
    pub(crate) data_at: usize,
    /// Bytes of sound as the header says; streams write 0 or the largest number.
    pub(crate) data_bytes: u32,
}

/// What the first bytes of a WAV say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// More bytes are needed.
    NeedMore,
    /// A header.
    Header(WavHeader),
    /// Not a WAV that makes sense.
    Broken,
}

/// Uncompressed.
const FORMAT_PCM: u16 = 1;
/// The format stands in a sub-format field.
const FORMAT_EXTENSIBLE: u16 = 0xFFFE;

/// A whole WAV: mono, 16 bit.
pub(crate) fn encode(pcm: &[i16], sample_rate_hz: u32) -> Vec<u8> {
    let data_bytes = u32::try_from(pcm.len() * 2).unwrap_or(u32::MAX - 36);
    let mut wav = Vec::with_capacity(44 + pcm.len() * 2);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&FORMAT_PCM.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&sample_rate_hz.to_le_bytes());
    wav.extend_from_slice(&sample_rate_hz.wrapping_mul(2).to_le_bytes());
    wav.extend_from_slice(&2_u16.to_le_bytes());
    wav.extend_from_slice(&16_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&data_bytes.to_le_bytes());
    for sample in pcm {
        wav.extend_from_slice(&sample.to_le_bytes());
    }
    wav
}

/// Reads as far as the beginning of the sound.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let Some(riff) = bytes.get(..12) else {
        return Parsed::NeedMore;
    };
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return Parsed::Broken;
    }
    let mut at = 12;
    let mut format = None;
    loop {
        let (Some(id), Some(size)) = (bytes.get(at..at + 4), u32_at(bytes, at + 4)) else {
            return Parsed::NeedMore;
        };
        let body = at + 8;
        if id == b"data" {
            return match format {
                Some((is_pcm16, channels, sample_rate_hz)) => Parsed::Header(WavHeader {
                    sample_rate_hz,
                    channels,
                    is_pcm16,
                    data_at: body,
                    data_bytes: size,
                }),
                None => Parsed::Broken,
            };
        }
        if id == b"fmt " {
            if size < 16 {
                return Parsed::Broken;
            }
            let (Some(tag), Some(channels), Some(rate), Some(bits)) = (
                u16_at(bytes, body),
                u16_at(bytes, body + 2),
                u32_at(bytes, body + 4),
                u16_at(bytes, body + 14),
            ) else {
                return Parsed::NeedMore;
            };
            let tag = if tag == FORMAT_EXTENSIBLE && size >= 26 {
                match u16_at(bytes, body + 24) {
                    Some(tag) => tag,
                    None => return Parsed::NeedMore,
                }
            } else {
                tag
            };
            format = Some((tag == FORMAT_PCM && bits == 16, channels, rate));
        }
        // Chunks are padded to an even size.
        at = body
            .saturating_add(size as usize)
            .saturating_add(size as usize % 2);
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Parsed, encode, parse};

    #[test]
    fn what_is_written_is_read_back_by_a_library_and_by_us() {
        let pcm = [1_i16, -2, i16::MAX, i16::MIN];
        let wav = encode(&pcm, 16_000);
        let mut reader = hound::WavReader::new(wav.as_slice()).unwrap();
        assert_eq!(reader.spec().sample_rate, 16_000);
        let read: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(read, pcm);
        let Parsed::Header(header) = parse(&wav) else {
            panic!("no header");
        };
        assert_eq!(
            (header.sample_rate_hz, header.channels, header.is_pcm16),
            (16_000, 1, true)
        );
        assert_eq!((header.data_at, header.data_bytes), (44, 8));
    }

    #[test]
    fn every_cut_of_a_header_asks_for_more() {
        let wav = encode(&[0; 4], 8_000);
        for length in 0..44 {
            assert_eq!(parse(&wav[..length]), Parsed::NeedMore, "{length} bytes");
        }
    }

    #[test]
    fn other_chunks_are_stepped_over_and_huge_sizes_do_not_overflow() {
        let mut wav = encode(&[7], 8_000);
        let mut list = b"LIST".to_vec();
        list.extend_from_slice(&3_u32.to_le_bytes());
        list.extend_from_slice(b"abc\0");
        wav.splice(36..36, list);
        let Parsed::Header(header) = parse(&wav) else {
            panic!("no header");
        };
        assert_eq!(header.data_at, 56);

        let mut wav = encode(&[7], 8_000);
        wav[36..40].copy_from_slice(b"junk");
        wav[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(parse(&wav), Parsed::NeedMore);
    }

    #[test]
    fn sound_before_its_format_is_broken() {
        let mut wav = encode(&[7], 8_000);
        wav.drain(12..36);
        assert_eq!(parse(&wav), Parsed::Broken);
    }
}
