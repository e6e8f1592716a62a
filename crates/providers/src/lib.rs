//! Speech-to-text, language models and text-to-speech behind three traits.

pub mod builtin;
mod error;
mod fallback;
mod llm;
mod metered;
mod openai;
mod pcm;
mod providers;
mod settings;
pub mod spoken_numbers;
mod stt;
mod summary;
mod tts;
mod usage;
mod voices;
mod wav;

pub use error::ProviderError;
pub use llm::{
    ChatMessage, ChatOptions, ChatRequest, ChatStream, Delta, FinishReason, LanguageModel,
    ResponseFormat, ToolCall, ToolChoice, ToolSpec,
};
pub use metered::{Meter, Metered};
pub use providers::Providers;
pub use settings::{OpenAiSettings, ProviderName, ProviderSettings, SettingsError, Timeouts};
pub use stt::{SpeechToText, Transcript, Utterance};
pub use summary::{first_sentences, summary_request};
pub use tts::{SpeechChunk, SpeechRequest, SpeechStream, TextToSpeech};
pub use usage::Usage;
pub use voices::voice_types;
