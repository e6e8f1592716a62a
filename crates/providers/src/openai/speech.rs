//! `POST /audio/speech`, streamed as raw samples.

use super::{
    NAME,
    endpoint::{Endpoint, InFlight, broke_off, content_type},
};
use crate::{
    ProviderError, SpeechChunk, SpeechRequest, SpeechStream, TextToSpeech, pcm::PcmReader, voices,
};
use futures_util::{StreamExt, stream};
use reqwest::Response;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// What `response_format: "pcm"` is: s16le, mono.
const SAMPLE_RATE_HZ: u32 = 24_000;
/// Longest speech of one request.
const MAX_SECONDS: usize = 120;

/// Text-to-speech at the server.
#[derive(Debug)]
pub(crate) struct Speech {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) model: String,
    pub(crate) voice: String,
    pub(crate) first_byte: Duration,
    pub(crate) gap: Duration,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a str,
    voice: &'a str,
    response_format: &'static str,
}

#[async_trait::async_trait]
impl TextToSpeech for Speech {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Returns with the first samples: only they tell the rate, where the server sends a WAV after all.
    async fn synthesize(&self, request: SpeechRequest) -> Result<SpeechStream, ProviderError> {
        let input = request.text.trim();
        if input.is_empty() {
            return Ok(SpeechStream {
                sample_rate_hz: SAMPLE_RATE_HZ,
                chunks: stream::empty().boxed(),
            });
        }
        let mut speaking = Speaking {
            in_flight: InFlight::new(Arc::clone(&self.endpoint)),
            body: None,
            reader: PcmReader::new(SAMPLE_RATE_HZ, MAX_SECONDS),
            gap: self.gap,
        };
        let body = Body {
            model: &self.model,
            input,
            voice: voices::openai(
                &request.voice_type,
                &self.voice,
                !self.endpoint.is_openai_itself(),
            ),
            response_format: "pcm",
        };
        let sent = self
            .endpoint
            .send(self.endpoint.post("/audio/speech").json(&body));
        let deadline = Instant::now() + self.first_byte;
        let first = timeout_at(deadline, async {
            let response = sent.await?;
            let kind = content_type(&response);
            if kind.contains("json") || kind.starts_with("text/") {
                return Err(ProviderError::bad_answer(NAME, "text instead of audio"));
            }
            speaking.body = Some(response);
            speaking.chunk().await
        });
        let first = first
            .await
            .map_err(|_| ProviderError::timeout(NAME, "first byte"))??;
        let sample_rate_hz = speaking.reader.sample_rate_hz();
        let rest = stream::unfold(speaking, |mut speaking| async move {
            let chunk = speaking.next().await?;
            Some((chunk, speaking))
        });
        Ok(SpeechStream {
            sample_rate_hz,
            chunks: stream::iter(first.map(Ok)).chain(rest).boxed(),
        })
    }
}

/// Speech that is being read.
struct Speaking {
    in_flight: InFlight,
    /// Gone once it ended or failed.
    body: Option<Response>,
    reader: PcmReader,
    gap: Duration,
}

impl Speaking {
    async fn next(&mut self) -> Option<Result<SpeechChunk, ProviderError>> {
        let deadline = Instant::now() + self.gap;
        match timeout_at(deadline, self.chunk()).await {
            Ok(Ok(chunk)) => chunk.map(Ok),
            Ok(Err(error)) => {
                self.body = None;
                Some(Err(error))
            }
            Err(_) => {
                self.body = None;
                Some(Err(ProviderError::timeout(NAME, "next byte")))
            }
        }
    }

    /// The next samples; `None` at the end.
    async fn chunk(&mut self) -> Result<Option<SpeechChunk>, ProviderError> {
        while let Some(body) = &mut self.body {
            let samples = if let Some(bytes) = body.chunk().await.map_err(|_| broke_off())? {
                self.reader.push(&bytes)
            } else {
                self.body = None;
                self.in_flight.complete();
                self.reader.finish()
            };
            let samples = samples.map_err(|what| ProviderError::bad_answer(NAME, what))?;
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        Ok(None)
    }
}
