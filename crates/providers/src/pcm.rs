//! Bytes that should be sound → samples, whatever the sizes of the pieces, and a refusal when they are
//! something else. No I/O.

use crate::{
    tts::SpeechChunk,
    wav::{self, Parsed, WavHeader},
};

/// Enough to tell text and every container from samples; what it delays is 0.7 ms of sound at 24 kHz.
const SNIFF_BYTES: usize = 32;
/// A WAV whose sound does not begin by then is no answer.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Rates that a [`crate::SpeechStream`] may have.
const RATES_HZ: [u32; 4] = [8_000, 16_000, 24_000, 48_000];

/// Reads a body of samples.
#[derive(Debug)]
pub(crate) struct PcmReader {
    /// Rate of a body without a header; replaced by the header's.
    sample_rate_hz: u32,
    /// Samples that may still come.
    samples_left: usize,
    /// Bytes not yet given out: the beginning until it is known what it is, then at most one odd byte.
    held: Vec<u8>,
    started: bool,
    /// Bytes of sound still to come where a WAV header gives the size; what follows is not sound.
    data_left: Option<usize>,
}

impl PcmReader {
    /// A body of s16le mono at `sample_rate_hz`, of at most `max_seconds`.
    pub(crate) fn new(sample_rate_hz: u32, max_seconds: usize) -> Self {
        Self {
            sample_rate_hz,
            samples_left: max_seconds * sample_rate_hz as usize,
            held: Vec::new(),
            started: false,
            data_left: None,
        }
    }

    /// The rate; certain once samples came.
    pub(crate) fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Takes the next piece; gives the samples that are complete, possibly none yet.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<SpeechChunk, &'static str> {
        if self.started {
            return self.samples(bytes);
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() < SNIFF_BYTES {
            return Ok(SpeechChunk::new());
        }
        self.start()
    }

    /// The body has ended; gives what was still held.
    pub(crate) fn finish(&mut self) -> Result<SpeechChunk, &'static str> {
        let last = if self.started {
            SpeechChunk::new()
        } else if self.held.is_empty() {
            return Err("no audio");
        } else {
            let chunk = self.start()?;
            if !self.started {
                return Err("a WAV header and no audio");
            }
            chunk
        };
        if self.held.is_empty() {
            Ok(last)
        } else {
            Err("half a sample at the end")
        }
    }

    /// Decides what the held bytes are.
    fn start(&mut self) -> Result<SpeechChunk, &'static str> {
        if let Some(what) = something_else(&self.held) {
            return Err(what);
        }
        if self.held.starts_with(b"RIFF") {
            match wav::parse(&self.held) {
                Parsed::NeedMore if self.held.len() < MAX_HEADER_BYTES => {
                    return Ok(SpeechChunk::new());
                }
                Parsed::NeedMore | Parsed::Broken => return Err("a broken WAV header"),
                Parsed::Header(header) => self.honour(&header)?,
            }
        }
        self.started = true;
        let held = std::mem::take(&mut self.held);
        self.samples(&held)
    }

    fn honour(&mut self, header: &WavHeader) -> Result<(), &'static str> {
        if !header.is_pcm16 || header.channels != 1 {
            return Err("a WAV that is not 16-bit mono");
        }
        if !RATES_HZ.contains(&header.sample_rate_hz) {
            return Err("a WAV of an unusual sample rate");
        }
        let max_seconds = self.samples_left / self.sample_rate_hz as usize;
        self.samples_left = max_seconds * header.sample_rate_hz as usize;
        self.sample_rate_hz = header.sample_rate_hz;
        // A server that streams does not know the size: it writes none, or one beyond any limit.
        let said = header.data_bytes as usize;
        self.data_left = (said > 0 && said <= self.samples_left * 2).then_some(said);
        self.held.drain(..header.data_at);
        Ok(())
    }

    fn samples(&mut self, bytes: &[u8]) -> Result<SpeechChunk, &'static str> {
        let mut bytes = bytes;
        if let Some(left) = &mut self.data_left {
            bytes = &bytes[..bytes.len().min(*left)];
            *left -= bytes.len();
        }
        let mut chunk = SpeechChunk::with_capacity(bytes.len() / 2 + 1);
        if let (Some(&low), Some((&high, rest))) = (self.held.first(), bytes.split_first()) {
            chunk.push(i16::from_le_bytes([low, high]));
            self.held.clear();
            bytes = rest;
        }
        let pairs = bytes.chunks_exact(2);
        self.held.extend_from_slice(pairs.remainder());
        chunk.extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        match self.samples_left.checked_sub(chunk.len()) {
            Some(left) => self.samples_left = left,
            None => return Err("more audio than any answer has"),
        }
        Ok(chunk)
    }
}

/// What the bytes are when they are not samples.
fn something_else(bytes: &[u8]) -> Option<&'static str> {
    // 32 printable bytes would be speech that begins at a quarter of full scale and stays there.
    let beginning = &bytes[..bytes.len().min(SNIFF_BYTES)];
    if beginning
        .iter()
        .all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
    {
        return Some("text instead of audio");
    }
    let magics: [(&[u8], &str); 6] = [
        (b"\xEF\xBB\xBF", "text instead of audio"),
        (b"ID3", "MP3 instead of PCM"),
        (b"OggS", "Ogg instead of PCM"),
        (b"fLaC", "FLAC instead of PCM"),
        (b"\x1F\x8B\x08", "gzip instead of audio"),
        (b"\x1A\x45\xDF\xA3", "WebM instead of PCM"),
    ];
    magics
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, what)| *what)
        .or_else(|| is_mp3_frame(bytes).then_some("MP3 instead of PCM"))
}

/// An MPEG audio layer III frame header (ISO/IEC 11172-3, 2.4.1.3). The first two bytes alone could be a
/// quiet sample, so every field that has forbidden values is looked at, and the side information that
/// encoders leave alike.
fn is_mp3_frame(bytes: &[u8]) -> bool {
    let [sync, version_layer, rates, mode, ..] = bytes else {
        return false;
    };
    let is_layer_3 = version_layer & 0b0000_0110 == 0b0000_0010;
    let has_version = version_layer & 0b0001_1000 != 0b0000_1000;
    let bitrate = rates >> 4;
    let emphasis = mode & 0b11;
    *sync == 0xFF
        && version_layer & 0b1110_0000 == 0b1110_0000
        && is_layer_3
        && has_version
        && bitrate != 0
        && bitrate != 15
        && rates & 0b1100 != 0b1100
        && emphasis == 0
}

#[cfg(test)]
mod tests {
    use super::PcmReader;
    use crate::wav;
    use proptest::prelude::*;

    /// What a reader makes of a body that comes in these pieces: samples, rate.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<i16>, u32), &'static str> {
        let mut reader = PcmReader::new(24_000, 2);
        let mut samples = Vec::new();
        for piece in pieces {
            samples.extend(reader.push(piece)?);
        }
        samples.extend(reader.finish()?);
        Ok((samples, reader.sample_rate_hz()))
    }

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|s| s.to_le_bytes()).collect()
    }

    #[test]
    fn a_wav_header_is_honoured_not_played() {
        let pcm: Vec<i16> = (0..100).collect();
        let mut wav = wav::encode(&pcm, 16_000);
        wav.extend_from_slice(b"LIST\x04\0\0\0abcd");
        assert_eq!(read(&[&wav]), Ok((pcm, 16_000)));
    }

    #[test]
    fn a_streamed_wav_of_unknown_size_is_read_to_its_end() {
        for said in [0, u32::MAX, 0x7FFF_FFFF] {
            let mut wav = wav::encode(&[5; 50], 24_000);
            wav[40..44].copy_from_slice(&said.to_le_bytes());
            assert_eq!(read(&[&wav]), Ok((vec![5; 50], 24_000)));
        }
    }

    #[test]
    fn what_is_not_sound_is_refused() {
        let mut stereo = wav::encode(&[5; 50], 24_000);
        stereo[22] = 2;
        let mp3 = [b"\xFF\xFB\x90\x64".as_slice(), &[0; 40]].concat();
        let cases: [(&[u8], &str); 11] = [
            (b"", "no audio"),
            (
                b"<!DOCTYPE html><html><body>Bad gateway</body></html>",
                "text instead of audio",
            ),
            (b"{\"error\":{}}", "text instead of audio"),
            (
                b"\xEF\xBB\xBF<html>............................",
                "text instead of audio",
            ),
            (
                b"ID3\x04\0\0\0\0\0\0...............................",
                "MP3 instead of PCM",
            ),
            (&mp3, "MP3 instead of PCM"),
            (
                b"OggS\0\x02...................................",
                "Ogg instead of PCM",
            ),
            (
                b"RIFF\0\0\0\0AVI .....................",
                "a broken WAV header",
            ),
            (&stereo, "a WAV that is not 16-bit mono"),
            (
                &wav::encode(&[5; 50], 11_025),
                "a WAV of an unusual sample rate",
            ),
            (&[0; 41], "half a sample at the end"),
        ];
        for (body, complaint) in cases {
            assert_eq!(read(&[body]), Err(complaint));
        }
        assert_eq!(
            read(&[&wav::encode(&[5; 50], 24_000)[..40]]),
            Err("a WAV header and no audio")
        );
    }

    #[test]
    fn an_endless_body_is_cut() {
        let mut reader = PcmReader::new(24_000, 2);
        let second = vec![0; 48_000];
        assert!(reader.push(&second).is_ok() && reader.push(&second).is_ok());
        assert_eq!(reader.push(&second), Err("more audio than any answer has"));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_samples(
            speech in proptest::collection::vec(any::<i16>(), 1..400),
            cuts in proptest::collection::vec(1_usize..50, 1..40),
            with_header: bool,
        ) {
            // Speech begins in silence; without it the first bytes may happen to be another format's.
            let samples = [vec![0; 20], speech].concat();
            let body = if with_header { wav::encode(&samples, 24_000) } else { bytes(&samples) };
            let mut pieces = Vec::new();
            let (mut rest, mut cuts) = (body.as_slice(), cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(read(&pieces), Ok((samples, 24_000)));
        }

        #[test]
        fn no_body_breaks_the_reader(pieces in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..60), 0..20,
        ), magic in prop_oneof![Just(&b"RIFF\0\0\0\0WAVE"[..]), Just(&b""[..])]) {
            let mut pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            pieces.insert(0, magic);
            if let Ok((samples, _)) = read(&pieces) {
                prop_assert!(samples.len() * 2 <= pieces.iter().map(|p| p.len()).sum::<usize>());
            }
        }
    }
}
