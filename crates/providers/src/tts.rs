//! Text-to-speech.

use crate::ProviderError;
use futures_util::stream::BoxStream;

/// What to say and how.
#[derive(Debug, Clone, Default)]
pub struct SpeechRequest {
    /// Text of one clause or more.
    pub text: String,
    /// CASP's `voice_type` (`concerned_female`, …) or a provider's own voice id; empty for the default.
    pub voice_type: String,
    /// BCP 47; empty when unknown.
    pub language: String,
}

/// A piece of speech: mono, 16 bit, at the stream's rate.
pub type SpeechChunk = Vec<i16>;

/// Speech as it comes.
pub struct SpeechStream {
    /// Samples a second (8,000, 16,000, 24,000 or 48,000).
    pub sample_rate_hz: u32,
    /// The pieces; an error ends it.
    pub chunks: BoxStream<'static, Result<SpeechChunk, ProviderError>>,
}

/// Turns text into speech.
#[async_trait::async_trait]
pub trait TextToSpeech: Send + Sync + std::fmt::Debug {
    /// Short name for logs and metrics.
    fn name(&self) -> &str;
    /// Starts to speak. Returns when the provider accepted the request; dropping the stream cancels it.
    async fn synthesize(&self, request: SpeechRequest) -> Result<SpeechStream, ProviderError>;
}
