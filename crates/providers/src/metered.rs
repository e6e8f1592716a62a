//! A language model whose answers are counted, those too that nobody waits for to the end.

use crate::{ChatRequest, ChatStream, Delta, LanguageModel, ProviderError, Usage};
use futures_util::StreamExt;
use std::{fmt, sync::Arc};

/// Is told what each answer cost, once, when it is over; must not block.
pub type Meter = dyn Fn(Usage) + Send + Sync;

/// A language model whose answers are counted: by the provider's own figures, and by an estimate where it tells none,
/// as of an answer that was thrown away when it had begun. A request that failed before its first word costs nothing.
#[derive(Clone)]
pub struct Metered {
    model: Arc<dyn LanguageModel>,
    meter: Arc<Meter>,
}

impl Metered {
    /// Counts what `model` answers.
    pub fn new(
        model: Arc<dyn LanguageModel>,
        meter: impl Fn(Usage) + Send + Sync + 'static,
    ) -> Self {
        let meter = Arc::new(meter);
        Self { model, meter }
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metered").field(&self.model).finish()
    }
}

/// One answer. Tells the meter when it is dropped.
struct Count {
    meter: Arc<Meter>,
    /// As long as nothing was written.
    asked: Usage,
    written_bytes: usize,
    told: Option<Usage>,
    is_free: bool,
}

impl Count {
    fn see(&mut self, delta: &Delta) {
        match delta {
            Delta::Text(text) => self.written_bytes += text.len(),
            Delta::ToolCall(call) => self.written_bytes += call.name.len() + call.arguments.len(),
            Delta::Usage(told) => self.told = Some(*told),
            Delta::Finish(_) => {}
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if self.is_free {
            return;
        }
        let estimated = Usage {
            prompt_tokens: self.asked.prompt_tokens,
            ..Usage::estimated(&ChatRequest::default(), self.written_bytes)
        };
        (self.meter)(self.told.unwrap_or(estimated));
    }
}

#[async_trait::async_trait]
impl LanguageModel for Metered {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let mut count = Count {
            meter: self.meter.clone(),
            asked: Usage::estimated(&request, 0),
            written_bytes: 0,
            told: None,
            is_free: false,
        };
        let deltas = self.model.chat(request).await.inspect_err(|_| {
            count.is_free = true;
        })?;
        let counted = deltas.inspect(move |delta| {
            if let Ok(delta) = delta {
                count.see(delta);
            }
        });
        Ok(counted.boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChatMessage, FinishReason};
    use futures_util::stream;
    use std::sync::Mutex;

    /// Answers with these, or not at all.
    #[derive(Debug)]
    struct Fixed(Option<Vec<Delta>>);

    #[async_trait::async_trait]
    impl LanguageModel for Fixed {
        fn name(&self) -> &'static str {
            "fixed"
        }

        async fn chat(&self, _request: ChatRequest) -> Result<ChatStream, ProviderError> {
            match &self.0 {
                Some(deltas) => Ok(stream::iter(deltas.clone()).map(Ok).boxed()),
                None => Err(ProviderError::bad_answer("fixed", "nothing")),
            }
        }
    }

    /// What is counted of an answer of which so many pieces are read.
    async fn counted(answer: Option<Vec<Delta>>, read: usize) -> Vec<Usage> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let meter = told.clone();
        let model = Metered::new(Arc::new(Fixed(answer)), move |usage| {
            meter.lock().unwrap().push(usage);
        });
        let request = ChatRequest {
            messages: vec![ChatMessage::User {
                content: "x".repeat(40),
            }],
            ..ChatRequest::default()
        };
        if let Ok(deltas) = model.chat(request).await {
            deltas.take(read).for_each(|_| async {}).await;
        }
        told.lock().unwrap().clone()
    }

    fn usage(prompt_tokens: u64, completion_tokens: u64) -> Usage {
        Usage {
            prompt_tokens,
            completion_tokens,
        }
    }

    fn answer(told: Option<Usage>) -> Vec<Delta> {
        let words = ["Hello, ", "my dear "].map(|text| Delta::Text(text.to_owned()));
        let usage = told.map(Delta::Usage);
        let end = Delta::Finish(FinishReason::Stop);
        words.into_iter().chain(usage).chain([end]).collect()
    }

    #[tokio::test]
    async fn an_answer_costs_what_the_provider_says_once() {
        assert_eq!(
            counted(Some(answer(Some(usage(7, 2)))), 9).await,
            [usage(7, 2)]
        );
    }

    #[tokio::test]
    async fn where_it_says_nothing_the_cost_is_estimated() {
        assert_eq!(counted(Some(answer(None)), 9).await, [usage(10, 4)]);
    }

    #[tokio::test]
    async fn an_answer_that_is_thrown_away_costs_what_there_was_of_it() {
        assert_eq!(
            counted(Some(answer(Some(usage(7, 9)))), 1).await,
            [usage(10, 2)]
        );
        assert_eq!(counted(Some(answer(None)), 0).await, [usage(10, 0)]);
    }

    #[tokio::test]
    async fn a_refused_request_is_free() {
        assert_eq!(counted(None, 1).await, []);
    }
}
