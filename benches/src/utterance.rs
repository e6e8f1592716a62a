//! What all callers say, encoded once.

use anyhow::{Context, ensure};
use casp_audio::SampleRate;
use casp_audio::opus::{Application, Encoder, EncoderOptions, MAX_PACKET_BYTES};
use casp_audio::pcmu;
use casp_audio::resample::Resampler;
use std::path::Path;

/// Samples below this at either end are trimmed off.
const TRIM: u16 = 300;
/// Frames in the loop of background noise: 4 s.
const NOISE_FRAMES: usize = 200;

/// A frame of 20 ms; `None` is not sent (discontinuous transmission).
pub type Frame = Option<Vec<u8>>;

/// An utterance and the background between utterances, in frames of 20 ms.
#[derive(Debug)]
pub struct Voice {
    /// The utterance.
    pub speech: Vec<Frame>,
    /// The background, to be looped.
    pub noise: Vec<Frame>,
    /// Length of the utterance in seconds.
    pub speech_s: f64,
}

/// How a caller's voice is coded.
#[derive(Debug, Clone, Copy)]
pub enum Coding {
    /// Opus as browsers send it: 48 kHz, Voip, FEC.
    Opus {
        /// Whether silence is left out.
        uses_dtx: bool,
    },
    /// G.711 μ-law.
    Pcmu,
}

impl Voice {
    /// Reads a WAV (16 bit, mono), trims it, and encodes it with noise of `noise_rms` between.
    pub fn load(path: &Path, coding: Coding, noise_rms: f64) -> anyhow::Result<Self> {
        let rate = match coding {
            Coding::Opus { .. } => SampleRate::Hz48000,
            Coding::Pcmu => SampleRate::Hz8000,
        };
        let mut speech = read_trimmed(path, rate.hz())?;
        let speech_s = speech.len() as f64 / f64::from(rate.hz());
        speech.resize(speech.len().next_multiple_of(rate.frame_samples()), 0);
        let noise = noise(NOISE_FRAMES * rate.frame_samples(), noise_rms);
        let (speech, noise) = match coding {
            Coding::Pcmu => (encode_pcmu(&speech), encode_pcmu(&noise)),
            Coding::Opus { uses_dtx } => encode_opus(&speech, &noise, uses_dtx)?,
        };
        Ok(Self {
            speech,
            noise,
            speech_s,
        })
    }
}

fn read_trimmed(path: &Path, rate_hz: u32) -> anyhow::Result<Vec<i16>> {
    let mut reader = hound::WavReader::open(path)
        .with_context(|| format!("cannot read the utterance {}", path.display()))?;
    let spec = reader.spec();
    ensure!(
        spec.channels == 1 && spec.bits_per_sample == 16,
        "the utterance must be mono, 16 bit"
    );
    let recorded = reader.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let mut pcm = Vec::new();
    let mut resampler = Resampler::new(spec.sample_rate, rate_hz)?;
    resampler.process(&recorded, &mut pcm);
    resampler.finish(&mut pcm);
    let is_loud = |sample: &i16| sample.unsigned_abs() > TRIM;
    let (first, last) = pcm
        .iter()
        .position(is_loud)
        .zip(pcm.iter().rposition(is_loud))
        .context("the utterance is silent")?;
    Ok(pcm[first..=last].to_vec())
}

fn encode_pcmu(pcm: &[i16]) -> Vec<Frame> {
    let frame = SampleRate::Hz8000.frame_samples();
    pcm.chunks_exact(frame)
        .map(|pcm| {
            Some(
                pcm.iter()
                    .map(|&sample| pcmu::encode_sample(sample))
                    .collect(),
            )
        })
        .collect()
}

/// One encoder for all, noise first, so that the speech follows upon it as it will on the wire.
fn encode_opus(
    speech: &[i16],
    noise: &[i16],
    uses_dtx: bool,
) -> anyhow::Result<(Vec<Frame>, Vec<Frame>)> {
    let options = EncoderOptions {
        bitrate_bps: 32_000,
        complexity: 9,
        uses_dtx,
        uses_inband_fec: true,
        expected_loss_percent: 5,
        application: Application::Voip,
    };
    let mut encoder = Encoder::new(SampleRate::Hz48000, &options)?;
    let mut packet = [0; MAX_PACKET_BYTES];
    let mut encode = |pcm: &[i16]| -> anyhow::Result<Vec<Frame>> {
        pcm.chunks_exact(SampleRate::Hz48000.frame_samples())
            .map(|frame| {
                let length = encoder.encode(frame, &mut packet)?;
                // RFC 7587, 3.1.3: a packet of up to two bytes need not be sent.
                Ok((length > 2).then(|| packet[..length].to_vec()))
            })
            .collect()
    };
    // The first pass lets the encoder find out that this is noise.
    encode(noise)?;
    let noise = encode(noise)?;
    Ok((encode(speech)?, noise))
}

/// White noise, the same every time.
fn noise(samples: usize, rms: f64) -> Vec<i16> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    (0..samples)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            (uniform * rms * 12.0_f64.sqrt()).round() as i16
        })
        .collect()
}
