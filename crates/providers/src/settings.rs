//! Which providers are used, and with what patience.

use secrecy::{ExposeSecret, SecretString};
use std::{str::FromStr, time::Duration};

/// What is wrong with the settings. Says which setting and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A name that CASP knows, of a provider that is not compiled in.
    #[error("{0:?} is not in this build; STT, LLM and TTS take a list of `builtin` and `openai`")]
    NotInThisBuild(String),
    /// A name that nobody knows.
    #[error("there is no provider {0:?}; STT, LLM and TTS take a list of `builtin` and `openai`")]
    Unknown(String),
    /// Not a base URL.
    #[error(
        "OPENAI_BASE_URL is not usable: {0}; write it like https://api.openai.com/v1 or http://127.0.0.1:8000/v1"
    )]
    BaseUrl(String),
    /// Characters that no HTTP header can carry.
    #[error("OPENAI_API_KEY holds characters that a header cannot carry; copy it again")]
    ApiKey,
    /// OpenAI itself without a key.
    #[error(
        "provider `openai` needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server that asks for none"
    )]
    NoApiKey,
    /// The HTTP client could not be made (no certificates on the machine, for one).
    #[error("the HTTP client cannot start: {0}; is the package ca-certificates installed?")]
    HttpClient(String),
}

/// A provider of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderName {
    /// Offline: PocketSphinx, the rule-based assistant, Flite.
    Builtin,
    /// OpenAI, or any server that speaks its API.
    OpenAi,
}

impl ProviderName {
    /// As written in settings, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::OpenAi => "openai",
        }
    }

    /// Reads an ordered list (`openai, builtin`). Empty gives an empty list, which means the default.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, SettingsError> {
        list.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl std::fmt::Display for ProviderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderName {
    type Err = SettingsError;

    fn from_str(name: &str) -> Result<Self, SettingsError> {
        match name.to_ascii_lowercase().as_str() {
            "builtin" => Ok(Self::Builtin),
            "openai" => Ok(Self::OpenAi),
            "deepgram" | "assemblyai" | "anthropic" | "gemini" | "elevenlabs" | "cartesia" => {
                Err(SettingsError::NotInThisBuild(name.to_owned()))
            }
            _ => Err(SettingsError::Unknown(name.to_owned())),
        }
    }
}

/// OpenAI, or a server that speaks its API.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// Bearer key; without one no `Authorization` header is sent.
    pub api_key: Option<SecretString>,
    /// Base with its `/v1`; `None` is OpenAI's own.
    pub base_url: Option<String>,
    /// Model of `/audio/transcriptions`.
    pub stt_model: String,
    /// Model of `/chat/completions`.
    pub llm_model: String,
    /// Model of `/audio/speech`.
    pub tts_model: String,
    /// Voice of a request that names none.
    pub tts_voice: String,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            api_key: None,
            base_url: None,
            stt_model: "gpt-4o-mini-transcribe".into(),
            llm_model: "gpt-4.1-mini".into(),
            tts_model: "gpt-4o-mini-tts".into(),
            tts_voice: "alloy".into(),
        }
    }
}

impl OpenAiSettings {
    /// Whether anything was set that makes OpenAI the default.
    fn is_set(&self) -> bool {
        let has_key = self
            .api_key
            .as_ref()
            .is_some_and(|key| !key.expose_secret().trim().is_empty());
        has_key
            || self
                .base_url
                .as_ref()
                .is_some_and(|url| !url.trim().is_empty())
    }
}

/// How long is waited for what. A human is waiting too, so these are short.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// A transcription, whole.
    pub stt_total: Duration,
    /// From the request to the first piece of the model's answer.
    pub llm_first_byte: Duration,
    /// Between two pieces.
    pub llm_gap: Duration,
    /// From the request to the first sound.
    pub tts_first_byte: Duration,
    /// Between two pieces of sound.
    pub tts_gap: Duration,
    /// A connection idle this long is used once, so that neither side closes it.
    pub warm_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            stt_total: Duration::from_secs(8),
            llm_first_byte: Duration::from_secs(8),
            llm_gap: Duration::from_secs(8),
            tts_first_byte: Duration::from_secs(5),
            tts_gap: Duration::from_secs(5),
            warm_idle: Duration::from_secs(30),
        }
    }
}

/// All settings of this crate.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// Speech-to-text, the first used, the next as fallbacks; empty for the default.
    pub stt: Vec<ProviderName>,
    /// Language models, likewise.
    pub llm: Vec<ProviderName>,
    /// Text-to-speech, likewise.
    pub tts: Vec<ProviderName>,
    /// OpenAI or the like.
    pub openai: OpenAiSettings,
    /// Patience.
    pub timeouts: Timeouts,
}

impl ProviderSettings {
    /// The list, or its default: OpenAI once a key or a base URL is set, else the offline ones.
    pub(crate) fn chosen<'a>(&self, list: &'a [ProviderName]) -> &'a [ProviderName] {
        match list {
            [] if self.openai.is_set() => &[ProviderName::OpenAi],
            [] => &[ProviderName::Builtin],
            list => list,
        }
    }
}
