//! A worker by itself, set up from the environment, for measurements:
//! `LIVEKIT_URL`, `LIVEKIT_API_KEY`, `LIVEKIT_API_SECRET`, `OPENAI_BASE_URL`, `MAX_JOBS`.

use casp_agent::{AgentConfig, Liveness, WorkerStatus, turn::TurnSettings};
use casp_providers::{OpenAiSettings, ProviderSettings, Providers};
use casp_room::admin::LiveKit;
use casp_store::Store;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(false)
        .init();
    let livekit = LiveKit::new(
        &std::env::var("LIVEKIT_URL")?,
        &std::env::var("LIVEKIT_API_KEY")?,
        &std::env::var("LIVEKIT_API_SECRET")?,
    )?;
    let providers = Providers::new(&ProviderSettings {
        openai: OpenAiSettings {
            base_url: std::env::var("OPENAI_BASE_URL").ok(),
            ..OpenAiSettings::default()
        },
        ..ProviderSettings::default()
    })?;
    providers.warm();
    let folder = tempfile::tempdir()?;
    let store = Store::connect(&format!("sqlite://{}/casp.db", folder.path().display())).await?;
    store.migrate().await?;
    let status = WorkerStatus::new();
    let config = AgentConfig {
        livekit,
        store,
        speech_to_text: providers.stt(),
        language_model: providers.llm(),
        text_to_speech: providers.tts(),
        actions: None,
        agent_name: std::env::var("AGENT_NAME").unwrap_or_default(),
        max_jobs: std::env::var("MAX_JOBS").map_or(Ok(100), |jobs| jobs.parse())?,
        drain_timeout: Duration::from_secs(1),
        turn: TurnSettings::default(),
        cleanup: None,
        liveness: Liveness::default(),
        worker_id: format!("example-{}", uuid::Uuid::new_v4()),
        status: status.clone(),
    };
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn(casp_agent::run(config, shutdown.clone()));
    status.registered().await;
    println!("registered worker");
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    shutdown.cancel();
    worker.await??;
    Ok(())
}
