//! Speech-to-text.

use crate::ProviderError;
use std::sync::Arc;

/// A stretch of speech: mono, 16 bit.
#[derive(Debug, Clone)]
pub struct Utterance {
    /// Samples.
    pub pcm: Arc<[i16]>,
    /// Samples a second (8,000 or 16,000).
    pub sample_rate_hz: u32,
    /// BCP 47 language of the assistant, as a hint (`en-US`); empty when unknown.
    pub language: String,
}

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The words; empty when there were none.
    pub text: String,
}

/// Turns a stretch of speech into text.
#[async_trait::async_trait]
pub trait SpeechToText: Send + Sync + std::fmt::Debug {
    /// Short name for logs and metrics (`openai`, `builtin`).
    fn name(&self) -> &str;
    /// Transcribes. Dropping the future cancels the request.
    async fn transcribe(&self, utterance: Utterance) -> Result<Transcript, ProviderError>;
}
