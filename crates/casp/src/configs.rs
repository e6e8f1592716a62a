//! What each part is made of, from the settings.

use crate::{keys, parts::Parts, recordings, secret_key};
use anyhow::{Context, bail};
use casp_actions::{ActionServices, connections::Connections};
use casp_agent::{AgentConfig, Liveness, WorkerStatus, turn::TurnSettings};
use casp_audio::cleanup::{CleanupOptions, NoiseSuppressionLevel};
use casp_bridge::BridgeConfig;
use casp_control_api::{
    ControlApiConfig, Limits, PublicUrl, RecordingSettings, TwilioSettings,
    VoiceIntelligenceSettings,
};
use casp_providers::Providers;
use casp_store::AccountId;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// `AUDIO_CLEANUP=true`
const ALL_CLEANUP: CleanupOptions = CleanupOptions {
    uses_high_pass: true,
    noise_suppression: Some(NoiseSuppressionLevel::Moderate),
    uses_gain_control: true,
    uses_echo_cancellation: true,
};

pub(crate) fn control_api(
    parts: &Parts,
    providers: &Providers,
    secret_key: SecretString,
    default_account: Option<AccountId>,
    metrics: PrometheusHandle,
    degraded: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    stop: &CancellationToken,
) -> anyhow::Result<ControlApiConfig> {
    let settings = &parts.settings;
    let keeping = &settings.keeping;
    let url = |name: &'static str, text: &str| {
        text.parse::<PublicUrl>()
            .with_context(|| format!("{name}: {text:?}"))
    };
    let optional =
        |name, text: &Option<String>| text.as_deref().map(|text| url(name, text)).transpose();
    Ok(ControlApiConfig {
        store: parts.store.clone(),
        livekit: parts.livekit.clone(),
        is_dev: parts.is_dev,
        language_model: providers.llm(),
        public_url: url("PUBLIC_URL", &parts.public_url)?,
        livekit_public_url: optional("LIVEKIT_PUBLIC_URL", &settings.livekit_public_url)?,
        bridge_public_url: url("BRIDGE_PUBLIC_URL", &parts.bridge_public_url())?,
        twilio: TwilioSettings {
            account_sid: settings.twilio_account_sid.clone(),
            auth_token: settings.twilio_auth_token.clone(),
            api_base_url: settings.twilio_api_base_url.clone(),
            intelligence_base_url: settings.twilio_intelligence_base_url.clone(),
            phone_number: settings.twilio_phone_number.clone(),
            whatsapp_number: settings.twilio_whatsapp_number.clone(),
            fallback_numbers: settings.twilio_fallback_numbers.clone(),
        },
        speech_to_text: Some(providers.stt()),
        text_to_speech: Some(providers.tts()),
        recordings: RecordingSettings {
            files: recordings::open(keeping.recordings_url.as_deref(), &parts.data_dir)?,
            is_deleted_at_twilio: keeping.deletes_at_twilio,
        },
        voice_intelligence: keeping.voice_intelligence_sid.clone().map(|service_sid| {
            VoiceIntelligenceSettings {
                service_sid,
                is_automatic: keeping.uses_voice_intelligence,
            }
        }),
        retention: (keeping.retention_days > 0)
            .then(|| Duration::from_hours(24) * keeping.retention_days),
        keyring: keys::keyring(settings, &secret_key)?,
        oauth: settings.oauth.clone(),
        secret_key,
        metrics_token: settings.metrics_token.clone(),
        metrics: Some(metrics),
        cors_origins: settings.cors_origins.clone(),
        frontend_url: optional("FRONTEND_URL", &settings.frontend_url)?,
        agent_name: settings.agent_name.clone(),
        default_account,
        allows_private_urls: settings.allows_private_urls,
        has_security_headers: settings.has_security_headers,
        trusted_proxies: settings.trusted_proxies.clone(),
        accounts: settings.accounts.clone(),
        limits: Limits {
            auth_per_minute: settings.rates.auth,
            calls_per_minute: settings.rates.calls,
            scenarios_per_minute: settings.rates.scenarios,
            guest_joins_per_minute: settings.rates.guest_joins,
            chats_per_minute: settings.rates.chats,
            call_interval: call_interval(settings.calls_per_second)?,
            calls_at_once: settings.calls_at_once,
            ..Limits::default()
        },
        degraded,
        draining: stop.clone(),
        shutdown: stop.clone(),
    })
}

/// What users have connected, for a part that only acts.
pub(crate) fn connections(parts: &Parts) -> anyhow::Result<Connections> {
    let settings = &parts.settings;
    let keyring = keys::keyring(settings, &secret_key::of(settings)?)?;
    let connections = settings.oauth.connections(parts.store.clone(), keyring);
    connections.context("HTTP client")
}

fn call_interval(calls_per_second: f64) -> anyhow::Result<Duration> {
    if calls_per_second <= 0.0 {
        bail!("CALLS_PER_SECOND must be more than 0");
    }
    Duration::try_from_secs_f64(calls_per_second.recip()).context("CALLS_PER_SECOND")
}

pub(crate) fn bridge(
    parts: &Parts,
    providers: &Providers,
    dev_account: Option<AccountId>,
) -> BridgeConfig {
    let config = BridgeConfig::new(
        parts.livekit.clone(),
        parts.store.clone(),
        providers.tts(),
        parts.settings.agent_name.clone(),
    );
    BridgeConfig {
        dev_account,
        silence_timeout: parts.settings.stream_silence_timeout,
        ..config
    }
}

pub(crate) fn agent(
    parts: &Parts,
    providers: &Providers,
    actions: Arc<ActionServices>,
    status: WorkerStatus,
) -> AgentConfig {
    AgentConfig {
        livekit: parts.livekit.clone(),
        store: parts.store.clone(),
        speech_to_text: providers.stt(),
        language_model: providers.llm(),
        text_to_speech: providers.tts(),
        actions: Some(actions),
        agent_name: parts.settings.agent_name.clone(),
        max_jobs: parts.max_jobs(),
        drain_timeout: parts.drain_timeout(),
        turn: TurnSettings::default(),
        cleanup: parts.settings.audio_cleanup.then_some(ALL_CLEANUP),
        liveness: Liveness::default(),
        worker_id: format!("worker-{}", uuid::Uuid::new_v4().simple()),
        status,
    }
}
