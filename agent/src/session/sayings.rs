//! What the agent says that no model wrote.

use crate::turn::Saying;
use casp_conversation::apology::Apology;
use casp_providers::{SpeechRequest, TextToSpeech};
use futures_util::StreamExt;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// The words of a saying.
pub(super) fn text(saying: &Saying, language: &str) -> String {
    match saying {
        Saying::Opening(text) | Saying::Text(text) => text.clone(),
        Saying::Apology => Apology::ProviderFailed.text(language).to_owned(),
        Saying::StillThere => "Are you still there?".to_owned(),
        Saying::Goodbye => "I can't hear anybody, so I will hang up now. Goodbye.".to_owned(),
        Saying::TimeIsUp => Apology::TimeIsUp.text(language).to_owned(),
        Saying::SpentUp => Apology::SpentUp.text(language).to_owned(),
        Saying::ClosingDown => Apology::ClosingDown.text(language).to_owned(),
    }
}

/// Speech that was made before.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) pcm: Vec<i16>,
    pub(super) sample_rate_hz: u32,
}

/// Longest apology that is kept.
const MAX_SECONDS: usize = 15;
const TIMEOUT: Duration = Duration::from_secs(20);

/// The apology as sound, made while text-to-speech still works: for when it does not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fallback {
    rendered: Arc<OnceLock<Rendered>>,
}

impl Fallback {
    /// The sound, once it is there.
    pub(super) fn get(&self) -> Option<&Rendered> {
        self.rendered.get()
    }

    /// Makes it; tries again, ever more seldom, until text-to-speech answers.
    pub(crate) async fn render(self, text_to_speech: Arc<dyn TextToSpeech>) {
        let mut wait = Duration::from_secs(1);
        while self.get().is_none() {
            let attempt = tokio::time::timeout(TIMEOUT, attempt(text_to_speech.as_ref()));
            if let Ok(Some(rendered)) = attempt.await {
                // Nobody else sets it.
                let _ = self.rendered.set(rendered);
            } else {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_mins(1));
            }
        }
    }
}

async fn attempt(text_to_speech: &dyn TextToSpeech) -> Option<Rendered> {
    let request = SpeechRequest {
        text: Apology::ProviderFailed.text("").to_owned(),
        ..SpeechRequest::default()
    };
    let mut speech = text_to_speech.synthesize(request).await.ok()?;
    let limit = MAX_SECONDS * speech.sample_rate_hz as usize;
    let mut pcm = Vec::new();
    while let Some(chunk) = speech.chunks.next().await {
        pcm.extend_from_slice(&chunk.ok()?);
        if pcm.len() > limit {
            return None;
        }
    }
    pcm.shrink_to_fit();
    (!pcm.is_empty()).then_some(Rendered {
        pcm,
        sample_rate_hz: speech.sample_rate_hz,
    })
}
