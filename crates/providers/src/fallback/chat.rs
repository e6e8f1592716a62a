//! Several language models as one.

use super::Fallback;
use crate::{ChatRequest, ChatStream, Delta, LanguageModel, ProviderError};
use futures_util::{StreamExt, stream};
use std::sync::Arc;

impl Fallback<dyn LanguageModel> {
    pub(crate) fn new(list: Vec<Arc<dyn LanguageModel>>) -> Self {
        let named = list.into_iter().map(|p| (p.name().to_owned(), p));
        Self::from_list("llm", named.collect())
    }
}

#[async_trait::async_trait]
impl LanguageModel for Fallback<dyn LanguageModel> {
    fn name(&self) -> &str {
        self.first_name()
    }

    /// Returns with the first word or call: until it came, another provider can still answer instead. An answer
    /// without any is a failure like another.
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let attempt = |provider: Arc<dyn LanguageModel>| {
            let request = request.clone();
            async move {
                let mut deltas = provider.chat(request).await?;
                loop {
                    match deltas.next().await {
                        Some(Ok(Delta::Text(text))) if text.trim().is_empty() => {}
                        Some(Ok(Delta::Usage(_))) => {}
                        Some(Ok(Delta::Finish(_))) | None => {
                            let name = provider.name();
                            return Err(ProviderError::bad_answer(name, "an empty answer"));
                        }
                        Some(Ok(first)) => return Ok((first, deltas)),
                        Some(Err(error)) => return Err(error),
                    }
                }
            }
        };
        let ((first, rest), watch) = self.ask(attempt).await?;
        Ok(watch.over(stream::iter([Ok(first)]).chain(rest)).boxed())
    }
}
