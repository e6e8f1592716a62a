//! OpenAI, and every server that speaks its API: `/audio/transcriptions`, `/chat/completions`,
//! `/audio/speech`. Source: OpenAI's API reference.

mod chat;
mod chat_answer;
mod chat_request;
mod endpoint;
mod event_lines;
mod speech;
mod transcription;

pub(crate) use chat::Chat;
pub(crate) use endpoint::Endpoint;
pub(crate) use speech::Speech;
pub(crate) use transcription::Transcription;

/// Name in logs and metrics.
const NAME: &str = "openai";
