//! Several speech-to-texts as one.

use super::Fallback;
use crate::{ProviderError, SpeechToText, Transcript, Utterance};
use std::sync::Arc;

impl Fallback<dyn SpeechToText> {
    pub(crate) fn new(list: Vec<Arc<dyn SpeechToText>>) -> Self {
        let named = list.into_iter().map(|p| (p.name().to_owned(), p));
        Self::from_list("stt", named.collect())
    }
}

#[async_trait::async_trait]
impl SpeechToText for Fallback<dyn SpeechToText> {
    fn name(&self) -> &str {
        self.first_name()
    }

    async fn transcribe(&self, utterance: Utterance) -> Result<Transcript, ProviderError> {
        let attempt = |provider: Arc<dyn SpeechToText>| {
            let utterance = utterance.clone();
            async move { provider.transcribe(utterance).await }
        };
        let (transcript, watch) = self.ask(attempt).await?;
        watch.breaker.succeeded();
        Ok(transcript)
    }
}
