//! `POST /audio/transcriptions`.

use super::{
    NAME,
    endpoint::{Endpoint, InFlight, read_all},
};
use crate::{ProviderError, SpeechToText, Transcript, Utterance, wav};
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Longest answer.
const ANSWER_BYTES: usize = 1024 * 1024;
/// OpenAI refuses less than a tenth of a second; there is no word in it either.
const SHORTEST: Duration = Duration::from_millis(100);

/// Speech-to-text by the server.
#[derive(Debug)]
pub(crate) struct Transcription {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) model: String,
    pub(crate) total: Duration,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
}

#[async_trait::async_trait]
impl SpeechToText for Transcription {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn transcribe(&self, utterance: Utterance) -> Result<Transcript, ProviderError> {
        if utterance.pcm.len() < samples_in(SHORTEST, utterance.sample_rate_hz) {
            return Ok(Transcript {
                text: String::new(),
            });
        }
        let mut in_flight = InFlight::new(Arc::clone(&self.endpoint));
        let text = tokio::time::timeout(self.total, self.ask(utterance))
            .await
            .map_err(|_| ProviderError::timeout(NAME, "whole answer"))??;
        in_flight.complete();
        Ok(Transcript { text })
    }
}

impl Transcription {
    async fn ask(&self, utterance: Utterance) -> Result<String, ProviderError> {
        let form = self.form(&utterance)?;
        drop(utterance);
        let request = self.endpoint.post("/audio/transcriptions").multipart(form);
        let response = self.endpoint.send(request).await?;
        let body = read_all(response, ANSWER_BYTES).await?;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| ProviderError::bad_answer(NAME, "no JSON with a `text`"))?;
        Ok(answer.text.trim().to_owned())
    }

    fn form(&self, utterance: &Utterance) -> Result<Form, ProviderError> {
        let wav = wav::encode(&utterance.pcm, utterance.sample_rate_hz);
        let file = Part::bytes(wav)
            .file_name("speech.wav")
            .mime_str("audio/wav")
            .map_err(|_| ProviderError::unavailable(NAME, "the upload cannot be built"))?;
        let mut form = Form::new()
            .text("model", self.model.clone())
            .text("response_format", "json")
            .part("file", file);
        if let Some(language) = iso_639_1(&utterance.language) {
            form = form.text("language", language);
        }
        Ok(form)
    }
}

/// The two letters that OpenAI takes, of a BCP 47 tag.
fn iso_639_1(tag: &str) -> Option<String> {
    let primary = tag.split(['-', '_']).next()?;
    let is_two_letters = primary.len() == 2 && primary.bytes().all(|b| b.is_ascii_alphabetic());
    is_two_letters.then(|| primary.to_ascii_lowercase())
}

fn samples_in(time: Duration, sample_rate_hz: u32) -> usize {
    (time.as_millis() as usize) * sample_rate_hz as usize / 1_000
}

#[cfg(test)]
mod tests {
    use super::iso_639_1;

    #[test]
    fn only_two_letter_languages_are_sent() {
        assert_eq!(iso_639_1("en-US").as_deref(), Some("en"));
        assert_eq!(iso_639_1("DE").as_deref(), Some("de"));
        assert_eq!(iso_639_1("yue-HK"), None);
        assert_eq!(iso_639_1(""), None);
    }
}
