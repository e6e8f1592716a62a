//! Audio files as people upload them: WAV, MP3, M4A, FLAC, Ogg (Vorbis, Opus), WebM. Decoded packet by packet to mono
//! at 16 kHz, so that no file, however long, is in memory as a whole.

use crate::{AudioError, Result, SampleRate, opus::Decoder as OpusDecoder, resample::Resampler};
use symphonia::core::{
    codecs::{
        CodecParameters,
        audio::{AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS},
    },
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

/// The rate of what comes out.
pub const SAMPLE_RATE: SampleRate = SampleRate::Hz16000;
/// Longest Opus packet: 120 ms.
const OPUS_SAMPLES: usize = 16_000 * 120 / 1_000;

/// A file that is being read.
pub struct AudioFile {
    format: Box<dyn FormatReader>,
    track: u32,
    decoder: Decoder,
    resampler: Option<Resampler>,
    interleaved: Vec<i16>,
    mono: Vec<i16>,
    out: Vec<i16>,
}

enum Decoder {
    Opus(OpusDecoder),
    Other(Box<dyn AudioDecoder>),
}

impl std::fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioFile").finish_non_exhaustive()
    }
}

impl AudioFile {
    /// Begins to read.
    ///
    /// # Errors
    /// `File` when there is no sound in it that can be decoded.
    pub fn open(file: std::fs::File) -> Result<Self> {
        let source = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
        let format = symphonia::default::get_probe()
            .probe(
                &Hint::new(),
                source,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
            .map_err(|error| unreadable(&error))?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or(AudioError::File("there is no sound in it"))?;
        let Some(CodecParameters::Audio(codec)) = &track.codec_params else {
            return Err(AudioError::File("there is no sound in it"));
        };
        let decoder = if codec.codec == CODEC_ID_OPUS {
            Decoder::Opus(OpusDecoder::new(SAMPLE_RATE)?)
        } else {
            let decoder = symphonia::default::get_codecs()
                .make_audio_decoder(codec, &AudioDecoderOptions::default());
            Decoder::Other(decoder.map_err(|error| unreadable(&error))?)
        };
        Ok(Self {
            track: track.id,
            format,
            decoder,
            resampler: None,
            interleaved: Vec::new(),
            mono: Vec::new(),
            out: Vec::new(),
        })
    }

    /// The next samples, mono at [`SAMPLE_RATE`]; `None` at the end. A damaged packet is passed over; a file that was
    /// cut off ends there.
    ///
    /// # Errors
    /// `File` when it cannot be read on, `SampleRate` for rates that nobody has.
    #[allow(
        clippy::should_implement_trait,
        reason = "it lends its own buffer, which no iterator can"
    )]
    pub fn next(&mut self) -> Result<Option<&[i16]>> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) | Err(Error::IoError(_) | Error::ResetRequired) => return Ok(self.rest()),
                Err(error) => return Err(unreadable(&error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            let rate_hz = match &mut self.decoder {
                Decoder::Opus(opus) => {
                    self.mono.resize(OPUS_SAMPLES, 0);
                    let Ok(samples) = opus.decode(&packet.data, &mut self.mono) else {
                        continue;
                    };
                    self.mono.truncate(samples);
                    SAMPLE_RATE.hz()
                }
                Decoder::Other(decoder) => {
                    let Ok(sound) = decoder.decode(&packet) else {
                        continue;
                    };
                    let channels = sound.spec().channels().count().max(1);
                    sound.copy_to_vec_interleaved(&mut self.interleaved);
                    mix(&self.interleaved, channels, &mut self.mono);
                    sound.spec().rate()
                }
            };
            if self.mono.is_empty() {
                continue;
            }
            if rate_hz == SAMPLE_RATE.hz() {
                return Ok(Some(&self.mono));
            }
            let resampler = match &mut self.resampler {
                Some(resampler) if resampler.from_hz() == rate_hz => resampler,
                other => other.insert(Resampler::new(rate_hz, SAMPLE_RATE.hz())?),
            };
            self.out.clear();
            resampler.process(&self.mono, &mut self.out);
            return Ok(Some(&self.out));
        }
    }

    /// What the filter still holds.
    fn rest(&mut self) -> Option<&[i16]> {
        let mut resampler = self.resampler.take()?;
        self.out.clear();
        resampler.finish(&mut self.out);
        Some(&self.out)
    }
}

fn mix(interleaved: &[i16], channels: usize, mono: &mut Vec<i16>) {
    mono.clear();
    let mixed = interleaved.chunks_exact(channels).map(|frame| {
        let sum: i32 = frame.iter().map(|sample| i32::from(*sample)).sum();
        (sum / channels as i32) as i16
    });
    mono.extend(mixed);
}

fn unreadable(error: &Error) -> AudioError {
    AudioError::File(match error {
        Error::Unsupported(what) | Error::DecodeError(what) | Error::LimitError(what) => what,
        _ => "it cannot be read",
    })
}
