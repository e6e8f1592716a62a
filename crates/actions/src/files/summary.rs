//! A summary by the language model.

use casp_providers::{Delta, LanguageModel, ProviderError, first_sentences, summary_request};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::timeout;

/// How long the model may take. The user waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest summary, in bytes; a model that writes more is stopped.
const LONGEST: usize = 2_000;

/// What a text says in short. When the model fails, how it begins.
pub(super) async fn of(text: &str, model: &dyn LanguageModel) -> String {
    let summary = match timeout(PATIENCE, asked(text, model)).await {
        Ok(Ok(summary)) => summary,
        Ok(Err(error)) => {
            tracing::warn!(model = model.name(), %error, "no summary");
            String::new()
        }
        Err(_) => {
            tracing::warn!(model = model.name(), "no summary in time");
            String::new()
        }
    };
    if summary.trim().is_empty() {
        return first_sentences(text);
    }
    summary.trim().to_owned()
}

async fn asked(text: &str, model: &dyn LanguageModel) -> Result<String, ProviderError> {
    // No tools are offered: whatever the text demands, words are all that can come of it.
    let mut answer = model.chat(summary_request(text)).await?;
    let mut summary = String::new();
    while let Some(delta) = answer.next().await {
        match delta? {
            Delta::Text(more) => summary.push_str(&more),
            Delta::Finish(_) => break,
            Delta::ToolCall(_) | Delta::Usage(_) => {}
        }
        if summary.len() > LONGEST {
            break;
        }
    }
    Ok(summary)
}
