//! What a caller hears when nobody comes: rendered once at start-up, so that it needs no agent when it is needed.

use casp_audio::{pcmu, resample::Resampler};
use casp_conversation::apology::Apology;
use casp_providers::{SpeechRequest, TextToSpeech};
use futures_util::StreamExt as _;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

const SAMPLE_RATE_HZ: u32 = 8_000;
/// More than this is not an apology but a fault.
const LONGEST: usize = 20 * SAMPLE_RATE_HZ as usize;
/// The waits before a failed rendering is tried again.
const RETRIES: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(10),
];

/// The clip, as μ-law.
#[derive(Debug, Default)]
pub(crate) struct ApologyClip(OnceLock<Arc<[u8]>>);

impl ApologyClip {
    /// The clip, or three beeps while there is none.
    pub(crate) fn get(&self) -> Arc<[u8]> {
        self.0.get().cloned().unwrap_or_else(beeps)
    }

    /// Renders the clip; when that fails, later again.
    pub(crate) async fn render(&self, text_to_speech: &dyn TextToSpeech) {
        let mut retries = RETRIES.iter();
        loop {
            match speak(text_to_speech).await {
                Ok(clip) => {
                    let _ = self.0.set(clip);
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "the apology could not be rendered; callers would hear beeps");
                }
            }
            match retries.next() {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => return,
            }
        }
    }
}

async fn speak(text_to_speech: &dyn TextToSpeech) -> Result<Arc<[u8]>, String> {
    let request = SpeechRequest {
        text: Apology::NobodyThere.text("en-US").to_owned(),
        language: "en-US".to_owned(),
        ..SpeechRequest::default()
    };
    let mut speech = text_to_speech
        .synthesize(request)
        .await
        .map_err(|error| error.to_string())?;
    let mut resampler =
        Resampler::new(speech.sample_rate_hz, SAMPLE_RATE_HZ).map_err(|error| error.to_string())?;
    let mut pcm = Vec::new();
    while let Some(chunk) = speech.chunks.next().await {
        resampler.process(&chunk.map_err(|error| error.to_string())?, &mut pcm);
        if pcm.len() > LONGEST {
            return Err("the speech has no end".to_owned());
        }
    }
    resampler.finish(&mut pcm);
    if pcm.is_empty() {
        return Err("the speech is empty".to_owned());
    }
    Ok(pcm.into_iter().map(pcmu::encode_sample).collect())
}

/// Three beeps of 950 Hz.
fn beeps() -> Arc<[u8]> {
    const BEEP: usize = 2_400;
    let sample = |index: usize| {
        if index % (2 * BEEP) >= BEEP {
            return pcmu::SILENCE;
        }
        let at = index as f64 / f64::from(SAMPLE_RATE_HZ) * std::f64::consts::TAU;
        pcmu::encode_sample(((at * 950.0).sin() * 6_000.0) as i16)
    };
    (0..6 * BEEP).map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_providers::{ProviderError, SpeechStream};
    use futures_util::stream;

    #[derive(Debug)]
    struct Voice(Vec<Result<Vec<i16>, ()>>);

    #[async_trait::async_trait]
    impl TextToSpeech for Voice {
        fn name(&self) -> &'static str {
            "test"
        }
        async fn synthesize(&self, request: SpeechRequest) -> Result<SpeechStream, ProviderError> {
            assert!(request.text.contains("sorry"));
            let chunks = self.0.clone().into_iter().map(|chunk| {
                chunk.map_err(|()| ProviderError::BadAnswer {
                    provider: "test".into(),
                    message: "broke off".into(),
                })
            });
            Ok(SpeechStream {
                sample_rate_hz: 16_000,
                chunks: stream::iter(chunks.collect::<Vec<_>>()).boxed(),
            })
        }
    }

    #[tokio::test]
    async fn speech_becomes_mulaw_at_8_khz() {
        let clip = ApologyClip::default();
        clip.render(&Voice(vec![Ok(vec![1_000; 8_000]), Ok(vec![1_000; 8_000])]))
            .await;
        let codes = clip.get();
        assert_eq!(codes.len(), 8_000);
        let middle = pcmu::decode_sample(codes[4_000]);
        assert!((900..1_100).contains(&middle), "{middle}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_speech_there_are_beeps_and_half_a_sentence_is_not_kept() {
        let clip = ApologyClip::default();
        clip.render(&Voice(vec![Ok(vec![1_000; 8_000]), Err(())]))
            .await;
        assert_eq!(clip.get().len(), 14_400);
    }
}
