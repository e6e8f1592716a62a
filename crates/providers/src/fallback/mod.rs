//! An ordered list of providers that behaves like one: the first answers, the next stand in for it.
//!
//! A human waits for the answer, so patience is small: a provider is tried twice at most, the second time
//! within [`EXTRA`] of the first failure, and not again when it was slow. An answer that has begun is never
//! begun again: what was said is said.

mod breaker;
mod chat;
mod speech;
mod transcription;

use crate::ProviderError;
use backon::{BackoffBuilder, ExponentialBuilder};
use breaker::Breaker;
use futures_util::{Stream, StreamExt};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};

/// All that a second try may add: its pause and the try.
const EXTRA: Duration = Duration::from_millis(2_500);
/// The pause before the second try, without its jitter (which may double it).
const PAUSE: Duration = Duration::from_millis(100);

/// Providers of one kind, in order.
#[derive(Debug)]
pub(crate) struct Fallback<T: ?Sized> {
    /// `stt`, `llm` or `tts`, for logs and metrics.
    kind: &'static str,
    entries: Vec<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T: ?Sized> {
    name: String,
    provider: Arc<T>,
    breaker: Arc<Breaker>,
}

/// Watches over an answer that has begun.
struct Watch {
    kind: &'static str,
    name: String,
    breaker: Arc<Breaker>,
}

impl<T: ?Sized> Fallback<T> {
    fn from_list(kind: &'static str, list: Vec<(String, Arc<T>)>) -> Self {
        let entries = list.into_iter().map(|(name, provider)| Entry {
            name,
            provider,
            breaker: Arc::default(),
        });
        Self {
            kind,
            entries: entries.collect(),
        }
    }

    /// The providers that count as down, as `stt:openai`.
    pub(crate) fn degraded(&self) -> impl Iterator<Item = String> {
        let down = self.entries.iter().filter(|entry| entry.breaker.is_down());
        down.map(|entry| format!("{}:{}", self.kind, entry.name))
    }

    fn first_name(&self) -> &str {
        self.entries.first().map_or("none", |entry| &entry.name)
    }

    /// Asks one provider after the other until one answers.
    async fn ask<R, F, Fut>(&self, attempt: F) -> Result<(R, Watch), ProviderError>
    where
        F: Fn(Arc<T>) -> Fut,
        Fut: Future<Output = Result<R, ProviderError>>,
    {
        let is_open = |entry: &Entry<T>| entry.breaker.is_open(Instant::now());
        // With nobody left to ask, asking one that rests is better than silence; once, though.
        let nobody_left = self.entries.iter().all(is_open);
        let mut last = ProviderError::unavailable(self.kind, "no provider is set");
        for entry in &self.entries {
            if !nobody_left && is_open(entry) {
                continue;
            }
            let watch = Watch {
                kind: self.kind,
                name: entry.name.clone(),
                breaker: Arc::clone(&entry.breaker),
            };
            match tries(entry, &watch, &attempt, !nobody_left).await {
                Ok(answer) => return Ok((answer, watch)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

async fn tries<T, R, F, Fut>(
    entry: &Entry<T>,
    watch: &Watch,
    attempt: &F,
    may_retry: bool,
) -> Result<R, ProviderError>
where
    T: ?Sized,
    F: Fn(Arc<T>) -> Fut,
    Fut: Future<Output = Result<R, ProviderError>>,
{
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(PAUSE)
        .with_jitter()
        .with_max_times(usize::from(may_retry))
        .build();
    let mut deadline = None;
    loop {
        let answer = attempt(Arc::clone(&entry.provider));
        let answer = match deadline {
            None => answer.await,
            Some(deadline) => timeout_at(deadline, answer)
                .await
                .unwrap_or_else(|_| Err(ProviderError::timeout(&entry.name, "second try"))),
        };
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        watch.failed(&error);
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + EXTRA);
        let pause = pauses.next().and_then(|pause| pause_after(&error, pause));
        match pause {
            Some(pause) if Instant::now() + pause < deadline => sleep(pause).await,
            _ => return Err(error),
        }
    }
}

/// How long to wait before the same provider is asked again; `None` when that is of no use.
fn pause_after(error: &ProviderError, pause: Duration) -> Option<Duration> {
    match error {
        // Who was slow will be slow again, and the caller has waited enough.
        ProviderError::Timeout { .. } => None,
        ProviderError::RateLimited { retry_after, .. } => {
            Some(pause.max(retry_after.unwrap_or_default()))
        }
        error => error.is_transient().then_some(pause),
    }
}

impl Watch {
    /// Says so in the log (never what was said), counts it, and remembers it where it is about the
    /// provider and not about this request.
    fn failed(&self, error: &ProviderError) {
        // What a provider wrote itself may quote the user; the rest are words of ours.
        if let ProviderError::Rejected { status, .. } = error {
            tracing::warn!(kind = self.kind, provider = %self.name, status, "a provider refused a request");
            tracing::debug!(kind = self.kind, %error, "what the provider said");
        } else {
            tracing::warn!(kind = self.kind, provider = %self.name, %error, "a provider failed");
        }
        metrics::counter!(
            "casp_provider_failures_total",
            "kind" => self.kind,
            "provider" => self.name.clone(),
            "reason" => error.reason(),
        )
        .increment(1);
        // A model or path that the provider does not have is a setting, not this request's fault.
        let is_ours = matches!(error, ProviderError::Rejected { status, .. } if *status != 404);
        if !is_ours {
            self.breaker.failed(Instant::now());
        }
    }

    /// Passes an answer on; its end and its failures are remembered. One that is dropped says nothing about
    /// the provider.
    fn over<I>(
        self,
        answer: impl Stream<Item = Result<I, ProviderError>>,
    ) -> impl Stream<Item = Result<I, ProviderError>> {
        let mut has_failed = false;
        let answer = answer.map(Some).chain(futures_util::stream::iter([None]));
        answer.filter_map(move |item| {
            match &item {
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    has_failed = true;
                    self.failed(error);
                }
                None if has_failed => {}
                None => self.breaker.succeeded(),
            }
            std::future::ready(item)
        })
    }
}
