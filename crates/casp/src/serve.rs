//! The parts as processes of their own.

use crate::{
    keys,
    parts::{self, Parts, local_url, with_scheme},
    recordings, seed,
    settings::Settings,
};
use anyhow::{Context, bail};
use axum::{Router, http::StatusCode, routing::get};
use casp_actions::{ActionServices, connections::Connections};
use casp_agent::turn::TurnSettings;
use casp_agent::{AgentConfig, Liveness, WorkerStatus};
use casp_audio::cleanup::{CleanupOptions, NoiseSuppressionLevel};
use casp_bridge::{BridgeConfig, BridgeState};
use casp_control_api::{
    ControlApi, ControlApiConfig, Limits, PublicUrl, RecordingSettings, TwilioSettings,
    VoiceIntelligenceSettings,
};
use casp_providers::Providers;
use casp_store::{AccountId, Store, accounts};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret, SecretString};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Shortest secret that is taken outside dev.
const MIN_SECRET_CHARS: usize = 32;

/// `AUDIO_CLEANUP=true`
const ALL_CLEANUP: CleanupOptions = CleanupOptions {
    uses_high_pass: true,
    noise_suppression: Some(NoiseSuppressionLevel::Moderate),
    uses_gain_control: true,
    uses_echo_cancellation: true,
};

/// `casp control-api`
pub(crate) async fn control_api(settings: Settings) -> anyhow::Result<()> {
    let secret_key = secret_key(&settings)?;
    if settings.allows_private_urls {
        bail!(
            "ALLOW_PRIVATE_URLS is for `casp dev` alone: with it tenants' URLs reach your own network. Unset it."
        );
    }
    let (listener, address) = parts::listen(&settings).await?;
    let parts = alone(settings, address).await?;
    let stop = parts::stop_on_signals()?;
    let account = default_account(&parts).await?;
    let providers = parts.providers()?;
    let health = Arc::clone(&providers);
    let config = control_api_config(
        &parts,
        &providers,
        secret_key,
        account,
        metrics()?,
        Arc::new(move || health.degraded()),
        &stop,
    )?;
    let api = ControlApi::new(config)?;
    let background = tokio::spawn(casp_control_api::run_background(api.clone(), stop.clone()));
    println!("ready {}", local_url(address));
    parts::give_back_soon();
    parts::serve(listener, casp_control_api::router(api), stop).await?;
    Ok(background.await?)
}

/// `casp bridge`
pub(crate) async fn bridge(settings: Settings) -> anyhow::Result<()> {
    let (listener, address) = parts::listen(&settings).await?;
    let parts = alone(settings, address).await?;
    default_account(&parts).await?;
    let providers = parts.providers()?;
    let signal = parts::stop_on_signals()?;
    let bridge = BridgeState::new(bridge_config(&parts, &providers, None));
    let router =
        casp_bridge::router(bridge.clone()).merge(operations(metrics()?, &signal, || true));
    println!("ready {}", local_url(address));
    parts::give_back_soon();
    let stop = CancellationToken::new();
    let server = tokio::spawn(parts::serve(listener, router, stop.clone()));
    signal.cancelled().await;
    bridge.drain(parts.drain_timeout()).await;
    stop.cancel();
    server.await?
}

/// `casp agent`
pub(crate) async fn agent(settings: Settings) -> anyhow::Result<()> {
    let (listener, address) = parts::listen(&settings).await?;
    let parts = alone(settings, address).await?;
    let providers = parts.providers()?;
    providers.warm();
    let signal = parts::stop_on_signals()?;
    let status = WorkerStatus::new();
    let actions = Arc::new(connections(&parts)?.actions(providers.llm())?);
    let config = agent_config(&parts, &providers, actions, status.clone());
    let router = operations(metrics()?, &signal, move || status.is_registered());
    let stop = CancellationToken::new();
    let server = tokio::spawn(parts::serve(listener, router, stop.clone()));
    println!("ready {}", local_url(address));
    parts::give_back_soon();
    let result = casp_agent::run(config, signal).await;
    stop.cancel();
    server.await??;
    result.context("agent")
}

/// `casp migrate`
pub(crate) async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let store = parts::store(settings).await?;
    store.migrate().await.context("migrations")?;
    println!("the database has this version's schema");
    Ok(())
}

/// `casp healthcheck`
pub(crate) async fn healthcheck(settings: &Settings) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{}/readyz", settings.port);
    let answer = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()?
        .get(&url)
        .send()
        .await?;
    if !answer.status().is_success() {
        bail!(
            "not ready: {} {}",
            answer.status(),
            answer.text().await.unwrap_or_default()
        );
    }
    Ok(())
}

/// What a part that runs alone builds on.
async fn alone(settings: Settings, address: SocketAddr) -> anyhow::Result<Parts> {
    let store = parts::store(&settings).await?;
    let livekit = parts::livekit(&settings)?;
    let public_url = settings
        .public_url
        .as_deref()
        .map_or_else(|| local_url(address), with_scheme);
    Ok(Parts {
        settings: Arc::new(settings),
        store,
        livekit,
        is_dev: false,
        public_url,
        data_dir: PathBuf::from("."),
    })
}

pub(crate) fn secret_key(settings: &Settings) -> anyhow::Result<SecretString> {
    let key = settings
        .secret_key
        .clone()
        .context("SECRET_KEY is not set: 32 random characters or more (openssl rand -hex 32)")?;
    let text = key.expose_secret();
    if text.len() < MIN_SECRET_CHARS {
        bail!(
            "SECRET_KEY is shorter than {MIN_SECRET_CHARS} characters; make one with: openssl rand -hex 32"
        );
    }
    if is_sample(text) {
        bail!("SECRET_KEY is a sample that anybody knows; make one with: openssl rand -hex 32");
    }
    Ok(key)
}

/// Whether a secret is one of those that stand in examples, whatever is put between the words.
fn is_sample(secret: &str) -> bool {
    let letters: String = secret
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    [
        "yoursecret",
        "secretkeyhere",
        "changeme",
        "changethis",
        "replaceme",
        "replacethis",
    ]
    .iter()
    .any(|sample| letters.contains(sample))
}

/// The account that calls belong to: `DEFAULT_ACCOUNT`, or the one of the seeded key.
async fn default_account(parts: &Parts) -> anyhow::Result<Option<AccountId>> {
    let seeded = match &parts.settings.dev.api_key {
        Some(_) => Some(
            seed::dev_account(&parts.store, &parts.settings.dev)
                .await?
                .0
                .id,
        ),
        None => None,
    };
    named_account(&parts.store, parts.settings.default_account.as_deref())
        .await
        .map(|named| named.or(seeded))
}

/// The account of an e-mail in the settings; one that is not there is an error.
pub(crate) async fn named_account(
    store: &Store,
    email: Option<&str>,
) -> anyhow::Result<Option<AccountId>> {
    let Some(email) = email else { return Ok(None) };
    let account = accounts::by_email(store, email)
        .await?
        .with_context(|| format!("DEFAULT_ACCOUNT: there is no account {email}"))?;
    Ok(Some(account.id))
}

pub(crate) fn control_api_config(
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
fn connections(parts: &Parts) -> anyhow::Result<Connections> {
    let settings = &parts.settings;
    let keyring = keys::keyring(settings, &secret_key(settings)?)?;
    let connections = settings.oauth.connections(parts.store.clone(), keyring);
    connections.context("HTTP client")
}

fn call_interval(calls_per_second: f64) -> anyhow::Result<Duration> {
    if calls_per_second <= 0.0 {
        bail!("CALLS_PER_SECOND must be more than 0");
    }
    Duration::try_from_secs_f64(calls_per_second.recip()).context("CALLS_PER_SECOND")
}

pub(crate) fn bridge_config(
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

pub(crate) fn agent_config(
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

/// Installs the recorder of metrics; once a process.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .context("metrics")?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(5));
        loop {
            every.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

/// `/healthz`, `/readyz` and `/metrics` of a part that serves little else.
fn operations(
    metrics: PrometheusHandle,
    stopping: &CancellationToken,
    is_ready: impl Fn() -> bool + Clone + Send + Sync + 'static,
) -> Router {
    let stopping = stopping.clone();
    let ready = move || {
        let is_ready = is_ready() && !stopping.is_cancelled();
        let answer = if is_ready {
            (StatusCode::OK, "ready")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        };
        std::future::ready(answer)
    };
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route(
            "/metrics",
            get(move || std::future::ready(metrics.render())),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_secrets() {
        for sample in [
            "your_secret_key_here_your_secret_key_here",
            "change-me-change-me-change-me-change-me",
            "Change this to something long and random",
        ] {
            assert!(is_sample(sample), "{sample}");
        }
        for secret in [
            "8f2e61c0a7b34d95e1f06b7c2a9d48537e40c1b8f65a2d93",
            "q7Rk2vXw9LmZp4TsYb6NdGh8JcFa3EuQ",
        ] {
            assert!(!is_sample(secret), "{secret}");
        }
    }
}
