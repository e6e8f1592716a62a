//! Settings: the environment first, then `.env`, then `casp.toml`, then the default of [`table`].
//!
//! Every setting stands once, in [`table::TABLE`], with its default and its comment; `.env.example` is printed from
//! it (`casp config example`), and `casp config check` reads it too.

mod accounts;
mod keeping;
mod oauth;
mod read;
mod table;

pub(crate) use accounts::{RateSettings, SpendingSettings};
pub(crate) use keeping::Keeping;
pub(crate) use read::{SettingError, Source, Values};
pub(crate) use table::TABLE;

use casp_control_api::{AccountSettings, OAuthSettings};
use casp_providers::{OpenAiSettings, ProviderName, ProviderSettings};
use casp_telemetry::{LogFormat, LogSettings, Rotation};
use secrecy::SecretString;
use std::{path::PathBuf, time::Duration};

/// Everything the parts are built from. Plain values; nothing below reads the environment.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) bind_address: std::net::IpAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) bridge_public_url: Option<String>,
    pub(crate) frontend_url: Option<String>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) database_url: Option<String>,
    pub(crate) secret_key: Option<SecretString>,
    pub(crate) encryption_keys: Option<SecretString>,
    pub(crate) oauth: OAuthSettings,
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) livekit_url: Option<String>,
    pub(crate) livekit_public_url: Option<String>,
    pub(crate) livekit_api_key: Option<String>,
    pub(crate) livekit_api_secret: Option<SecretString>,
    pub(crate) livekit_server_bin: Option<PathBuf>,
    pub(crate) twilio_account_sid: Option<String>,
    pub(crate) twilio_auth_token: Option<SecretString>,
    pub(crate) twilio_api_base_url: String,
    pub(crate) twilio_intelligence_base_url: String,
    pub(crate) twilio_phone_number: Option<String>,
    pub(crate) twilio_whatsapp_number: Option<String>,
    pub(crate) twilio_fallback_numbers: Vec<String>,
    pub(crate) calls_per_second: f64,
    pub(crate) calls_at_once: u32,
    pub(crate) default_account: Option<String>,
    pub(crate) agent_name: String,
    pub(crate) max_jobs: Option<u32>,
    pub(crate) drain_timeout: Option<Duration>,
    pub(crate) stream_silence_timeout: Duration,
    pub(crate) has_security_headers: bool,
    pub(crate) allows_private_urls: bool,
    pub(crate) trusted_proxies: Vec<std::net::IpAddr>,
    pub(crate) rates: RateSettings,
    pub(crate) accounts: AccountSettings,
    pub(crate) spending: SpendingSettings,
    pub(crate) audio_cleanup: bool,
    pub(crate) keeping: Keeping,
    pub(crate) measures_timer: bool,
    pub(crate) logs: LogSettings,
    pub(crate) providers: ProviderSettings,
    pub(crate) dev: DevAccount,
}

/// The seeded account of `casp dev`, where it is fixed by settings.
#[derive(Debug)]
pub(crate) struct DevAccount {
    pub(crate) email: String,
    pub(crate) password: Option<SecretString>,
    pub(crate) api_key: Option<SecretString>,
    pub(crate) publishable_key: Option<SecretString>,
}

impl Settings {
    /// Reads them all; the error lists every wrong one.
    pub(crate) fn from_values(values: &Values) -> Result<Self, Vec<SettingError>> {
        let mut get = values.getter();
        let settings = Self {
            port: get.parsed("PORT").unwrap_or(8080),
            bind_address: get
                .parsed("BIND_ADDRESS")
                .unwrap_or(std::net::Ipv4Addr::LOCALHOST.into()),
            public_url: get.text("PUBLIC_URL").or_else(|| get.text("WEBHOOK_URL")),
            bridge_public_url: get.text("BRIDGE_PUBLIC_URL"),
            frontend_url: get.text("FRONTEND_URL"),
            cors_origins: get.list("CORS_ORIGINS"),
            database_url: get.text("DATABASE_URL"),
            secret_key: get.secret("SECRET_KEY"),
            encryption_keys: get.secret("ENCRYPTION_KEYS"),
            oauth: oauth::oauth(&mut get),
            metrics_token: get.secret("METRICS_TOKEN"),
            livekit_url: get.text("LIVEKIT_URL"),
            livekit_public_url: get.text("LIVEKIT_PUBLIC_URL"),
            livekit_api_key: get.text("LIVEKIT_API_KEY"),
            livekit_api_secret: get.secret("LIVEKIT_API_SECRET"),
            livekit_server_bin: get.text("LIVEKIT_SERVER_BIN").map(PathBuf::from),
            twilio_account_sid: get.text("TWILIO_ACCOUNT_SID"),
            twilio_auth_token: get.secret("TWILIO_AUTH_TOKEN"),
            twilio_api_base_url: get.text("TWILIO_API_BASE_URL").unwrap_or_default(),
            twilio_intelligence_base_url: get
                .text("TWILIO_INTELLIGENCE_BASE_URL")
                .unwrap_or_default(),
            twilio_phone_number: get.text("TWILIO_PHONE_NUMBER"),
            twilio_whatsapp_number: get
                .text("TWILIO_WHATSAPP_NUMBER")
                .map(|number| number.trim_start_matches("whatsapp:").to_owned()),
            twilio_fallback_numbers: get.list("TWILIO_FALLBACK_NUMBERS"),
            calls_per_second: get.parsed("CALLS_PER_SECOND").unwrap_or(1.0),
            calls_at_once: get.parsed("CALLS_AT_ONCE").unwrap_or(10),
            default_account: get.text("DEFAULT_ACCOUNT"),
            agent_name: get.text("AGENT_NAME").unwrap_or_default(),
            max_jobs: get.parsed("MAX_JOBS"),
            drain_timeout: get.parsed("DRAIN_TIMEOUT").map(Duration::from_secs),
            stream_silence_timeout: Duration::from_secs(
                get.parsed("STREAM_SILENCE_TIMEOUT").unwrap_or(45).max(3),
            ),
            has_security_headers: get.parsed("ENABLE_SECURITY_HEADERS").unwrap_or(true),
            allows_private_urls: get.parsed("ALLOW_PRIVATE_URLS").unwrap_or(false),
            trusted_proxies: get.parsed_list("TRUSTED_PROXIES"),
            rates: accounts::rates(&mut get),
            accounts: accounts::accounts(&mut get),
            spending: accounts::spending(&mut get),
            audio_cleanup: get.parsed("AUDIO_CLEANUP").unwrap_or(false),
            keeping: keeping::keeping(&mut get),
            measures_timer: get.parsed("CASP_MEASURE_TIMER").unwrap_or(false),
            logs: LogSettings {
                part: String::new(),
                format: get.parsed::<LogFormat>("LOG_FORMAT").unwrap_or_default(),
                folder: get.text("LOG_FOLDER").map(PathBuf::from),
                rotation: get.parsed::<Rotation>("LOG_ROTATION").unwrap_or_default(),
                files_kept: get.parsed("LOG_FILES_KEPT").unwrap_or(14),
                otlp_endpoint: get.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
            },
            providers: ProviderSettings {
                stt: get.parsed_list::<ProviderName>("STT"),
                llm: get.parsed_list::<ProviderName>("LLM"),
                tts: get.parsed_list::<ProviderName>("TTS"),
                openai: OpenAiSettings {
                    api_key: get.secret("OPENAI_API_KEY"),
                    base_url: get.text("OPENAI_BASE_URL"),
                    stt_model: get.text("OPENAI_STT_MODEL").unwrap_or_default(),
                    llm_model: get.text("OPENAI_LLM_MODEL").unwrap_or_default(),
                    tts_model: get.text("OPENAI_TTS_MODEL").unwrap_or_default(),
                    tts_voice: get.text("OPENAI_TTS_VOICE").unwrap_or_default(),
                },
                ..ProviderSettings::default()
            },
            dev: DevAccount {
                email: get.text("CASP_DEV_EMAIL").unwrap_or_default(),
                password: get.secret("CASP_DEV_PASSWORD"),
                api_key: get.secret("CASP_DEV_API_KEY"),
                publishable_key: get.secret("CASP_DEV_PUBLISHABLE_KEY"),
            },
        };
        get.finish(settings)
    }
}

/// All wrong settings in one error for the terminal.
pub(crate) fn report(errors: &[SettingError]) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(|error| format!("  {error}")).collect();
    anyhow::anyhow!(
        "settings are wrong:\n{}\nSee .env.example, or run `casp config check`.",
        lines.join("\n")
    )
}
