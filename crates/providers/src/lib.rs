//! Speech-to-text, language models and text-to-speech behind three traits.

pub mod builtin;
mod error;
mod llm;
mod stt;
mod tts;

pub use error::ProviderError;
pub use llm::{
    ChatMessage, ChatRequest, ChatStream, Delta, FinishReason, LanguageModel, ToolCall, ToolSpec,
};
pub use stt::{SpeechToText, Transcript, Utterance};
pub use tts::{SpeechChunk, SpeechRequest, SpeechStream, TextToSpeech};
