//! The answer as it is made: server-sent events, each a `chat.completion.chunk`, the last one `[DONE]`.

use super::{
    answer::{CallView, CaspReport, TokenUsage, new_id, now_s},
    run::{End, Piece, Run},
};
use crate::openai::error::OpenAiError;
use axum::response::{
    IntoResponse as _, Response,
    sse::{Event, KeepAlive, Sse},
};
use casp_providers::ToolCall;
use futures_util::stream;
use serde::Serialize;
use std::{collections::VecDeque, convert::Infallible, time::Duration};
use utoipa::ToSchema;

/// A silent stream says that it is alive, so that proxies keep it, and a client that went away is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// An event of a stream.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct ChatEvent {
    /// A `chat.completion.chunk` as JSON; of the last event `[DONE]`.
    #[schema(
        example = r#"{"id":"chatcmpl-364c26f07e54979d","object":"chat.completion.chunk","created":1795282170,"model":"casp-realtime","choices":[{"index":0,"delta":{"content":"Good"},"finish_reason":null}]}"#
    )]
    data: String,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'static str,
    service_tier: &'static str,
    system_fingerprint: (),
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "ChunkUsage::is_left_out")]
    usage: ChunkUsage,
    #[serde(skip_serializing_if = "Option::is_none")]
    casp: Option<&'a CaspReport>,
}

/// Where it was asked for, null in every chunk but the last, as OpenAI does.
#[derive(Serialize)]
#[serde(untagged)]
enum ChunkUsage {
    LeftOut,
    Null,
    Told(TokenUsage),
}

impl ChunkUsage {
    fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: (),
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallDelta>,
}

#[derive(Serialize)]
struct CallDelta {
    index: usize,
    #[serde(flatten)]
    call: CallView,
}

/// The answer's beginning; the rest follows as the client reads it. When it goes away, the model is stopped.
pub(super) fn respond(run: Run, model: &'static str, wants_usage: bool) -> Response {
    let writer = Writer {
        id: new_id(),
        created: now_s(),
        model,
        wants_usage,
    };
    let ready = VecDeque::from([writer.delta(Delta {
        role: Some("assistant"),
        content: Some(""),
        ..Delta::default()
    })]);
    let state = (Some(run), writer, ready);
    let events = stream::unfold(state, async |(mut run, writer, mut ready)| {
        loop {
            if let Some(event) = ready.pop_front() {
                return Some((Ok::<_, Infallible>(event), (run, writer, ready)));
            }
            let reading = run.as_mut()?;
            match reading.next().await {
                Ok(Some(Piece::End(end))) => {
                    writer.end(end, &mut ready);
                    run = None;
                }
                Ok(Some(Piece::Text(text))) => ready.push_back(writer.text(&text)),
                Ok(Some(Piece::Refusal(why))) => ready.push_back(writer.refusal(&why)),
                Ok(Some(Piece::Calls(calls))) => ready.push_back(writer.calls(calls)),
                Ok(None) => run = None,
                Err(error) => {
                    ready.push_back(failure(error));
                    run = None;
                }
            }
        }
    });
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    // Proxies of the nginx kind pass events on at once then.
    let unbuffered = axum::http::HeaderValue::from_static("no");
    response
        .headers_mut()
        .insert("x-accel-buffering", unbuffered);
    response
}

struct Writer {
    id: String,
    created: i64,
    model: &'static str,
    wants_usage: bool,
}

impl Writer {
    fn text(&self, text: &str) -> Event {
        let content = Some(text);
        self.delta(Delta {
            content,
            ..Delta::default()
        })
    }

    fn refusal(&self, why: &str) -> Event {
        let refusal = Some(why);
        self.delta(Delta {
            refusal,
            ..Delta::default()
        })
    }

    fn calls(&self, calls: Vec<ToolCall>) -> Event {
        let calls = calls.into_iter().enumerate();
        let tool_calls = calls.map(|(index, call)| CallDelta {
            index,
            call: call.into(),
        });
        self.delta(Delta {
            tool_calls: tool_calls.collect(),
            ..Delta::default()
        })
    }

    fn delta(&self, delta: Delta<'_>) -> Event {
        self.chunk(delta, None, None)
    }

    fn end(&self, end: End, ready: &mut VecDeque<Event>) {
        let casp = CaspReport {
            actions: end.actions,
        };
        let casp_here = (!self.wants_usage).then_some(&casp);
        ready.push_back(self.chunk(Delta::default(), Some(end.reason), casp_here));
        if self.wants_usage {
            ready.push_back(self.event(&[], Some(end.usage.into()), Some(&casp)));
        }
        ready.push_back(Event::default().data("[DONE]"));
    }

    fn chunk(
        &self,
        delta: Delta<'_>,
        finish_reason: Option<&'static str>,
        casp: Option<&CaspReport>,
    ) -> Event {
        let choice = ChunkChoice {
            index: 0,
            delta,
            logprobs: (),
            finish_reason,
        };
        self.event(&[choice], None, casp)
    }

    fn event(
        &self,
        choices: &[ChunkChoice<'_>],
        usage: Option<TokenUsage>,
        casp: Option<&CaspReport>,
    ) -> Event {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: self.model,
            service_tier: "default",
            system_fingerprint: (),
            choices,
            usage: match usage {
                Some(usage) => ChunkUsage::Told(usage),
                None if self.wants_usage => ChunkUsage::Null,
                None => ChunkUsage::LeftOut,
            },
            casp,
        };
        Event::default().data(serde_json::to_string(&chunk).unwrap_or_default())
    }
}

/// An error after the answer has begun: OpenAI's clients raise it where they read. No `[DONE]` follows.
fn failure(error: OpenAiError) -> Event {
    let body = error.into_body();
    Event::default().data(serde_json::to_string(&body).unwrap_or_default())
}
