//! What the caller says, as frames of μ-law.

use super::args::Source;
use anyhow::{Context as _, bail};
use casp_audio::{pcmu, resample::Resampler};
use std::path::Path;
use tokio::process::Command;

/// Samples (and bytes) of 20 ms at 8 kHz.
pub(super) const FRAME_LEN: usize = 160;
const SAMPLE_RATE_HZ: u32 = 8_000;

/// One line of the script.
#[derive(Debug, Clone)]
pub(super) struct Speech {
    /// For the report.
    pub(super) label: String,
    /// Whole frames.
    pub(super) frames: Vec<[u8; FRAME_LEN]>,
}

/// Reads or renders a line.
pub(super) async fn load(source: &Source) -> anyhow::Result<Speech> {
    match source {
        Source::Wav(path) => {
            let pcm = read_wav(path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_name().unwrap_or(path.as_os_str());
            speech(name.to_string_lossy().into_owned(), &pcm)
        }
        Source::Text(text) => speech(text.clone(), &speak(text).await?),
    }
}

/// Silence around the speech does not count as speech: latency is measured from its audible end.
fn speech(label: String, pcm: &[i16]) -> anyhow::Result<Speech> {
    const AUDIBLE: u16 = 200;
    let is_audible = |sample: &i16| sample.unsigned_abs() > AUDIBLE;
    let (Some(first), Some(last)) = (
        pcm.iter().position(is_audible),
        pcm.iter().rposition(is_audible),
    ) else {
        bail!("{label}: there is nothing to hear in it");
    };
    let frames = pcm[first..=last]
        .chunks(FRAME_LEN)
        .map(|chunk| {
            let mut frame = [pcmu::SILENCE; FRAME_LEN];
            pcmu::encode(chunk, &mut frame);
            frame
        })
        .collect();
    Ok(Speech { label, frames })
}

/// Any WAV of integers or floats, mixed down to mono at 8 kHz.
fn read_wav(path: &Path) -> anyhow::Result<Vec<i16>> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            let full_scale = (1_i64 << (spec.bits_per_sample - 1)) as f32;
            let scaled = reader
                .samples::<i32>()
                .map(|sample| sample.map(|sample| sample as f32 / full_scale));
            scaled.collect::<Result<_, _>>()?
        }
    };
    let mono: Vec<i16> = samples
        .chunks(usize::from(spec.channels.max(1)))
        .map(|frame| {
            let mean = frame.iter().sum::<f32>() / frame.len() as f32;
            (mean.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16
        })
        .collect();
    let mut resampler = Resampler::new(spec.sample_rate, SAMPLE_RATE_HZ).with_context(|| {
        format!(
            "convert it first: sox {} -r 8000 -c 1 -b 16 out.wav",
            path.display()
        )
    })?;
    let mut pcm = Vec::new();
    resampler.process(&mono, &mut pcm);
    resampler.finish(&mut pcm);
    Ok(pcm)
}

/// The text in flite's voice. A text cannot be taken for an option: it comes after `-t`.
async fn speak(text: &str) -> anyhow::Result<Vec<i16>> {
    if text.trim().is_empty() {
        bail!("--text is empty");
    }
    let folder = std::env::temp_dir().join(format!("casp-call-{}", uuid::Uuid::new_v4()));
    tokio::fs::create_dir(&folder).await?;
    let wav = folder.join("line.wav");
    let run = Command::new("flite")
        .args(["-voice", "slt", "-t", text, "-o"])
        .arg(&wav)
        .kill_on_drop(true)
        .output();
    let result = match run.await {
        Ok(output) if output.status.success() => read_wav(&wav).context("flite wrote no WAV"),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(anyhow::anyhow!("flite failed ({}): {words}", output.status))
        }
        Err(error) => Err(error)
            .context("flite is not there: install it (Debian: apt install flite), or use --wav"),
    };
    let _ = tokio::fs::remove_dir_all(&folder).await;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(spec: hound::WavSpec, samples: impl IntoIterator<Item = i16>) -> tempfile::TempPath {
        let path = tempfile::Builder::new()
            .suffix(".wav")
            .tempfile()
            .unwrap()
            .into_temp_path();
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        path
    }

    fn spec(channels: u16, sample_rate: u32) -> hound::WavSpec {
        hound::WavSpec {
            channels,
            sample_rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        }
    }

    #[tokio::test]
    async fn stereo_at_16_khz_becomes_frames_without_the_silence_around() {
        let silence = || std::iter::repeat_n(0, 16_000);
        let tone = (0..32_000).map(|index: i32| if index / 64 % 2 == 0 { 8_000 } else { -8_000 });
        let path = write(spec(2, 16_000), silence().chain(tone).chain(silence()));
        let speech = load(&Source::Wav(path.to_path_buf())).await.unwrap();
        assert!(
            (50..=52).contains(&speech.frames.len()),
            "{} frames of a second",
            speech.frames.len()
        );
    }

    #[tokio::test]
    async fn what_cannot_be_said_is_told() {
        let silent = write(spec(1, 8_000), [0; 800]);
        let error = load(&Source::Wav(silent.to_path_buf())).await.unwrap_err();
        assert!(format!("{error:#}").contains("nothing to hear"));
        let error = load(&Source::Wav("/no/such.wav".into())).await.unwrap_err();
        assert!(format!("{error:#}").contains("cannot read /no/such.wav"));
        let odd = write(spec(1, 11_025), [9_000; 800]);
        let error = load(&Source::Wav(odd.to_path_buf())).await.unwrap_err();
        assert!(format!("{error:#}").contains("sox"), "{error:#}");
    }
}
