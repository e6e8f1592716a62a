//! Several text-to-speeches as one.

use super::Fallback;
use crate::{ProviderError, SpeechRequest, SpeechStream, TextToSpeech};
use futures_util::{StreamExt, stream};
use std::sync::Arc;

impl Fallback<dyn TextToSpeech> {
    pub(crate) fn new(list: Vec<Arc<dyn TextToSpeech>>) -> Self {
        let named = list.into_iter().map(|p| (p.name().to_owned(), p));
        Self::from_list("tts", named.collect())
    }
}

#[async_trait::async_trait]
impl TextToSpeech for Fallback<dyn TextToSpeech> {
    fn name(&self) -> &str {
        self.first_name()
    }

    /// Returns with the first sound: until it came, another provider can still speak instead.
    async fn synthesize(&self, request: SpeechRequest) -> Result<SpeechStream, ProviderError> {
        let attempt = |provider: Arc<dyn TextToSpeech>| {
            let request = request.clone();
            async move {
                let mut speech = provider.synthesize(request).await?;
                let first = speech.chunks.next().await.transpose()?;
                Ok((first, speech))
            }
        };
        let ((first, speech), watch) = self.ask(attempt).await?;
        let chunks = stream::iter(first.map(Ok)).chain(speech.chunks);
        Ok(SpeechStream {
            sample_rate_hz: speech.sample_rate_hz,
            chunks: watch.over(chunks).boxed(),
        })
    }
}
