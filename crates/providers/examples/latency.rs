//! How long each call takes, from here to the first and the last byte.
//!
//! `OPENAI_BASE_URL=http://127.0.0.1:27900/v1 cargo run --release --example latency -p casp-providers`;
//! without the variable, the offline providers.

use casp_providers::{
    ChatMessage, ChatRequest, OpenAiSettings, ProviderSettings, Providers, SpeechRequest, Utterance,
};
use futures_util::StreamExt;
use std::time::{Duration, Instant};

const ROUNDS: usize = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let providers = Providers::new(&ProviderSettings {
        openai: OpenAiSettings {
            base_url: std::env::var("OPENAI_BASE_URL").ok(),
            api_key: std::env::var("OPENAI_API_KEY").ok().map(Into::into),
            ..OpenAiSettings::default()
        },
        ..ProviderSettings::default()
    })?;
    providers.warm();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (mut stt, mut llm, mut tts_first, mut tts_all) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let request = SpeechRequest {
            text: "What is on my calendar today?".into(),
            ..SpeechRequest::default()
        };
        let started = Instant::now();
        let mut speech = providers.tts().synthesize(request).await?;
        let mut pcm = Vec::new();
        while let Some(chunk) = speech.chunks.next().await {
            if pcm.is_empty() {
                tts_first.push(started.elapsed());
            }
            pcm.extend(chunk?);
        }
        tts_all.push(started.elapsed());

        if speech.sample_rate_hz != 16_000 {
            pcm = vec![0; 2 * 16_000];
        }
        let utterance = Utterance {
            pcm: pcm.into(),
            sample_rate_hz: 16_000,
            language: "en-US".into(),
        };
        let started = Instant::now();
        providers.stt().transcribe(utterance).await?;
        stt.push(started.elapsed());

        let request = ChatRequest {
            messages: vec![ChatMessage::User {
                content: "Hello".into(),
            }],
            ..ChatRequest::default()
        };
        let started = Instant::now();
        let mut answer = providers.llm().chat(request).await?;
        llm.push(started.elapsed());
        while let Some(delta) = answer.next().await {
            delta?;
        }
    }
    for (what, mut times) in [
        ("speech to text, whole", stt),
        ("language model, first delta", llm),
        ("text to speech, first sound", tts_first),
        ("text to speech, whole", tts_all),
    ] {
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!(
            "{what}: median {:.1} ms, worst {:.1} ms",
            ms(median),
            ms(worst)
        );
    }
    Ok(())
}
