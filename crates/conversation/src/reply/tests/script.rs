//! A model that says what it is told to, and tools to go with it.

use crate::{Assistant, Confirm, Conversation, Prepared, Speaker, ToolKind, ToolOutcome, Tools};
use crate::{Reply, ReplyEvent, ReplyOutcome};
use casp_providers::{
    ChatMessage, ChatRequest, ChatStream, Delta, FinishReason, LanguageModel, ProviderError,
    ToolCall, ToolSpec,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// What the model does when asked.
pub(super) enum Answer {
    Refuses(ProviderError),
    Streams(Vec<Delta>),
    /// Streams this and then fails.
    Breaks(Vec<Delta>, ProviderError),
    /// Streams this and then nothing, for ever.
    Stalls(Vec<Delta>),
}

/// A model that gives prepared answers, one a request, and remembers the requests.
pub(super) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<ChatRequest>>,
    open_streams: Arc<()>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Script")
    }
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            requests: Mutex::default(),
            open_streams: Arc::new(()),
        })
    }

    pub(super) fn requests(&self) -> Vec<ChatRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// The last message of each request.
    pub(super) fn last_messages(&self) -> Vec<ChatMessage> {
        self.requests()
            .iter()
            .map(|request| request.messages.last().unwrap().clone())
            .collect()
    }

    pub(super) fn open_streams(&self) -> usize {
        Arc::strong_count(&self.open_streams) - 1
    }
}

#[async_trait::async_trait]
impl LanguageModel for Script {
    fn name(&self) -> &'static str {
        "script"
    }
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        self.requests.lock().unwrap().push(request);
        let answer = self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("one more request than was prepared for");
        let guard = self.open_streams.clone();
        match answer {
            Answer::Refuses(error) => Err(error),
            Answer::Streams(deltas) => Ok(stream::iter(deltas.into_iter().map(Ok)).boxed()),
            Answer::Breaks(deltas, error) => {
                let deltas = deltas.into_iter().map(Ok);
                Ok(stream::iter(deltas.chain([Err(error)])).boxed())
            }
            Answer::Stalls(deltas) => Ok(stream::iter(deltas.into_iter().map(Ok))
                .chain(stream::once(async move {
                    let _guard = guard;
                    std::future::pending().await
                }))
                .boxed()),
        }
    }
}

/// Tools `look` (reads), `send` (writes), `slow` (reads, never answers), `leave` (writes, ends the conversation), `pass` (writes, ends
/// the reply with words of its own).
#[derive(Debug, Default)]
pub(super) struct TestTools(Mutex<Vec<String>>);

impl TestTools {
    pub(super) fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Tools for TestTools {
    async fn specs(&self, _speaker: &Speaker) -> Vec<ToolSpec> {
        ["look", "send", "slow", "leave", "pass"]
            .map(|name| ToolSpec {
                name: name.into(),
                description: String::new(),
                parameters: json!({}),
            })
            .to_vec()
    }
    fn kind(&self, name: &str) -> ToolKind {
        if matches!(name, "look" | "slow") {
            ToolKind::Read
        } else {
            ToolKind::Write
        }
    }
    async fn prepare(&self, _speaker: &Speaker, name: &str, mut arguments: Value) -> Prepared {
        if arguments["to"] == "nobody" {
            return Prepared::Refused(ToolOutcome::failed("There is no nobody."));
        }
        if arguments["to"] == "john" {
            arguments["to"] = json!("john@example.com");
        }
        let question = (name != "leave").then(|| format!("Shall I {name} {arguments}?"));
        Prepared::Ready {
            arguments,
            question,
        }
    }
    async fn call(&self, speaker: &Speaker, name: &str, arguments: Value) -> ToolOutcome {
        let who = if *speaker == ann() {
            ""
        } else {
            &speaker.identity
        };
        self.0
            .lock()
            .unwrap()
            .push(format!("{who}{name} {arguments}"));
        match name {
            "slow" => std::future::pending().await,
            "leave" => ToolOutcome {
                ends_conversation: true,
                ..ToolOutcome::succeeded(json!("bye"))
            },
            "pass" => ToolOutcome {
                last_words: Some("One moment, please.".into()),
                ..ToolOutcome::succeeded(json!("passed on"))
            },
            _ => ToolOutcome::succeeded(json!(format!("{name} done"))),
        }
    }
}

pub(super) fn text(words: &str) -> Delta {
    Delta::Text(words.into())
}

pub(super) fn tool(id: &str, name: &str, arguments: &str) -> Delta {
    Delta::ToolCall(tool_call(id, name, arguments))
}

pub(super) fn tool_call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    }
}

/// An answer in tokens.
pub(super) fn says(words: &str) -> Answer {
    let tokens = words.split_inclusive(' ').map(text);
    Answer::Streams(tokens.chain([Delta::Finish(FinishReason::Stop)]).collect())
}

pub(super) fn calls(deltas: impl IntoIterator<Item = Delta>) -> Answer {
    Answer::Streams(
        deltas
            .into_iter()
            .chain([Delta::Finish(FinishReason::ToolCalls)])
            .collect(),
    )
}

pub(super) fn unavailable() -> ProviderError {
    ProviderError::Unavailable {
        provider: "script".into(),
        message: "500".into(),
    }
}

/// Who speaks where it does not matter.
pub(super) fn ann() -> Speaker {
    Speaker::stranger("ann")
}

/// Nothing is confirmed in it.
pub(super) fn conversation(llm: &Arc<Script>, tools: &Arc<TestTools>) -> Conversation {
    careful_conversation(llm, tools, Confirm::Never)
}

pub(super) fn careful_conversation(
    llm: &Arc<Script>,
    tools: &Arc<TestTools>,
    confirm: Confirm,
) -> Conversation {
    let assistant = Assistant {
        temperature: Some(0.5),
        confirm,
        ..Assistant::builtin("default").unwrap().clone()
    };
    Conversation::new(
        assistant,
        llm.clone(),
        tools.clone(),
        "2025-06-03T10:05:00Z[UTC]".parse().unwrap(),
    )
}

pub(super) async fn read(reply: &mut Reply) -> Vec<ReplyEvent> {
    let mut events = Vec::new();
    while let Some(event) = reply.next().await {
        events.push(event);
    }
    events
}

/// Events in short, without text deltas.
pub(super) fn short(events: &[ReplyEvent]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            ReplyEvent::Text(_) => None,
            ReplyEvent::FirstToken => Some("first token".into()),
            ReplyEvent::Clause(clause) => Some(format!("says {clause}")),
            ReplyEvent::ActionStarted { name } => Some(format!("starts {name}")),
            ReplyEvent::ActionFinished { name, status, .. } => Some(format!("{name} {status}")),
            ReplyEvent::ClientCalls(calls) => {
                let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
                Some(format!("leaves {} to the client", names.join(", ")))
            }
            ReplyEvent::Refused(why) => Some(format!("refuses: {why}")),
            ReplyEvent::HangUp => Some("hangs up".into()),
            ReplyEvent::Done(_) => Some("done".into()),
            ReplyEvent::Failed(error) => Some(format!("failed: {error}")),
        })
        .collect()
}

pub(super) fn whole_text(events: &[ReplyEvent]) -> String {
    events
        .iter()
        .filter_map(|event| {
            if let ReplyEvent::Text(text) = event {
                Some(text.as_str())
            } else {
                None
            }
        })
        .collect()
}

pub(super) fn outcome(events: &[ReplyEvent]) -> ReplyOutcome {
    match events.last() {
        Some(ReplyEvent::Done(outcome)) => outcome.clone(),
        other => panic!("the last event is {other:?}"),
    }
}
