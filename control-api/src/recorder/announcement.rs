//! What everybody hears before their words are recorded, as packets to be sent.

use super::mixer::{FRAME, SAMPLE_RATE_HZ};
use bytes::Bytes;
use casp_audio::{
    AudioError, SampleRate,
    opus::{Encoder, EncoderOptions, MAX_PACKET_BYTES},
    resample::Resampler,
};
use casp_providers::{ProviderError, SpeechRequest, TextToSpeech};
use futures_util::StreamExt as _;
use std::time::Duration;

/// The words.
pub(crate) const WORDS: &str = "This conversation is being recorded.";
/// Text-to-speech that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest announcement, in packets of 20 ms.
const MOST_PACKETS: usize = 50 * 20;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnnouncementError {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Audio(#[from] AudioError),
    #[error("text-to-speech took too long")]
    TooSlow,
    #[error("text-to-speech made no sound, or far too much")]
    Length,
}

/// Has it spoken; 20 ms a packet.
pub(super) async fn make(
    text_to_speech: &dyn TextToSpeech,
    voice_type: &str,
) -> Result<Vec<Bytes>, AnnouncementError> {
    let spoken = tokio::time::timeout(PATIENCE, speak(text_to_speech, voice_type));
    let pcm = spoken.await.map_err(|_| AnnouncementError::TooSlow)??;
    if !(1..=MOST_PACKETS * FRAME).contains(&pcm.len()) {
        return Err(AnnouncementError::Length);
    }
    let mut encoder = Encoder::new(SampleRate::Hz16000, &EncoderOptions::default())?;
    let mut packets = Vec::new();
    for part in pcm.chunks(FRAME) {
        let mut frame = [0; FRAME];
        frame[..part.len()].copy_from_slice(part);
        let mut packet = vec![0; MAX_PACKET_BYTES];
        let len = encoder.encode(&frame, &mut packet)?;
        packet.truncate(len);
        packets.push(packet.into());
    }
    Ok(packets)
}

async fn speak(
    text_to_speech: &dyn TextToSpeech,
    voice_type: &str,
) -> Result<Vec<i16>, AnnouncementError> {
    let request = SpeechRequest {
        text: WORDS.to_owned(),
        voice_type: voice_type.to_owned(),
        language: "en-US".to_owned(),
    };
    let mut speech = text_to_speech.synthesize(request).await?;
    let mut resampler = Resampler::new(speech.sample_rate_hz, SAMPLE_RATE_HZ)?;
    let mut pcm = Vec::new();
    while let Some(chunk) = speech.chunks.next().await {
        resampler.process(&chunk?, &mut pcm);
        if pcm.len() > MOST_PACKETS * FRAME {
            return Err(AnnouncementError::Length);
        }
    }
    resampler.finish(&mut pcm);
    Ok(pcm)
}
