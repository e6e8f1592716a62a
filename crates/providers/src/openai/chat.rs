//! `POST /chat/completions`, streamed.

use super::{
    NAME,
    chat_answer::Answer,
    chat_request::Body,
    endpoint::{Endpoint, InFlight, broke_off, content_type},
    event_lines::EventLines,
};
use crate::{ChatRequest, ChatStream, Delta, LanguageModel, ProviderError};
use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout_at};
use tracing::Span;

/// How long the rest of a body is waited for once the answer is complete. Read to its end, the connection
/// goes back into the pool; the end itself is normally in the same packet.
const GRACE: Duration = Duration::from_millis(50);

/// A language model at the server.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) model: String,
    pub(crate) first_byte: Duration,
    pub(crate) gap: Duration,
    /// The server does not know `stream_options`.
    pub(crate) refuses_usage: AtomicBool,
}

impl Chat {
    /// Sends the request, and once more without what a server may not know.
    async fn ask(&self, request: &ChatRequest) -> Result<reqwest::Response, ProviderError> {
        let asks_for_usage = !self.refuses_usage.load(Ordering::Relaxed);
        match self.send(request, asks_for_usage).await {
            Err(ProviderError::Rejected {
                status: 400 | 422,
                message,
                ..
            }) if asks_for_usage && message.contains("stream_options") => {
                self.refuses_usage.store(true, Ordering::Relaxed);
                self.send(request, false).await
            }
            other => other,
        }
    }

    async fn send(
        &self,
        request: &ChatRequest,
        asks_for_usage: bool,
    ) -> Result<reqwest::Response, ProviderError> {
        let is_openai_itself = self.endpoint.is_openai_itself();
        let body = Body::new(&self.model, request, is_openai_itself, asks_for_usage);
        let request = self.endpoint.post("/chat/completions").json(&body);
        self.endpoint.send(request).await
    }
}

#[async_trait::async_trait]
impl LanguageModel for Chat {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let deadline = Instant::now() + self.first_byte;
        let in_flight = InFlight::new(Arc::clone(&self.endpoint));
        // Of the span of whoever asks: it does not know the model.
        Span::current().record("gen_ai.request.model", self.model.as_str());
        let response = timeout_at(deadline, self.ask(&request))
            .await
            .map_err(|_| ProviderError::timeout(NAME, "first byte"))??;
        let kind = content_type(&response);
        if kind.contains("json") || kind == "text/html" {
            return Err(ProviderError::bad_answer(NAME, "not a stream of events"));
        }
        let mut lines = EventLines::default();
        let reading = Reading {
            events: response
                .bytes_stream()
                .map(move |piece| lines.check(piece))
                .eventsource()
                .boxed(),
            answer: Some(Answer::default()),
            ready: VecDeque::new(),
            deadline: Some(deadline),
            gap: self.gap,
            in_flight,
        };
        let deltas = stream::unfold(reading, |mut reading| async move {
            let delta = reading.next().await?;
            Some((delta, reading))
        });
        Ok(deltas.boxed())
    }
}

type Events = BoxStream<'static, Result<Event, EventStreamError<ProviderError>>>;

/// An answer that is being read.
struct Reading {
    events: Events,
    /// Gone once its end was given out or it failed.
    answer: Option<Answer>,
    ready: VecDeque<Delta>,
    /// For the first event; later ones have the gap.
    deadline: Option<Instant>,
    gap: Duration,
    in_flight: InFlight,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Delta, ProviderError>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Some(Ok(delta));
            }
            let mut answer = self.answer.take()?;
            let read = if answer.is_finished() {
                self.rest(&mut answer).await;
                answer.end(&mut self.ready)
            } else {
                match self.event().await {
                    Ok(Some(event)) => {
                        let read = answer.event(&event.data, &mut self.ready);
                        self.answer = read.is_ok().then_some(answer);
                        read
                    }
                    Ok(None) => answer.end(&mut self.ready),
                    Err(error) => Err(error),
                }
            };
            if let Err(error) = read {
                self.ready.clear();
                return Some(Err(error));
            }
        }
    }

    async fn event(&mut self) -> Result<Option<Event>, ProviderError> {
        let phase = if self.deadline.is_some() {
            "first byte"
        } else {
            "next byte"
        };
        let deadline = self
            .deadline
            .take()
            .unwrap_or_else(|| Instant::now() + self.gap);
        match timeout_at(deadline, self.events.next()).await {
            Err(_) => Err(ProviderError::timeout(NAME, phase)),
            Ok(None) => Ok(None),
            Ok(Some(Ok(event))) => Ok(Some(event)),
            Ok(Some(Err(EventStreamError::Transport(error)))) => Err(error),
            Ok(Some(Err(_))) => Err(broke_off()),
        }
    }

    /// Reads what follows the end of the answer (usage, `[DONE]`, the end of the body). Nothing in it is an error any
    /// more.
    async fn rest(&mut self, answer: &mut Answer) {
        let deadline = Instant::now() + GRACE;
        let mut unused = VecDeque::new();
        loop {
            match timeout_at(deadline, self.events.next()).await {
                Ok(Some(Ok(event))) => {
                    let _ = answer.event(&event.data, &mut unused);
                }
                Ok(None) => return self.in_flight.complete(),
                Ok(Some(Err(_))) | Err(_) => return,
            }
        }
    }
}
