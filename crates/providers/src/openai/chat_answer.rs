//! The events of a streamed answer → deltas. No I/O: an event in, deltas out.

use super::NAME;
use crate::{Delta, FinishReason, ProviderError, ToolCall, Usage};
use serde::Deserialize;
use std::collections::VecDeque;

/// Text and arguments of one answer.
const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// Calls of one answer.
const MAX_CALLS: usize = 128;

/// What has been understood of an answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    calls: Vec<PartialCall>,
    text_bytes: usize,
    end: Option<FinishReason>,
    usage: Option<Usage>,
}

/// A tool call while its fragments come.
#[derive(Debug, Default)]
struct PartialCall {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<ChunkUsage>,
    error: Option<StreamError>,
}

#[derive(Deserialize)]
struct ChunkUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    delta: Option<ChunkDelta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct ChunkDelta {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Deserialize)]
struct Fragment {
    index: Option<u32>,
    id: Option<String>,
    function: Option<FragmentFunction>,
}

#[derive(Deserialize)]
struct FragmentFunction {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StreamError {
    Object {
        r#type: Option<String>,
        /// A word at OpenAI, a status elsewhere. The message is left alone: it may quote the user.
        code: Option<serde_json::Value>,
    },
    Text(serde::de::IgnoredAny),
}

impl Answer {
    /// Takes the data of one event; puts what is complete into `out`.
    pub(super) fn event(
        &mut self,
        data: &str,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), ProviderError> {
        if data.trim() == "[DONE]" {
            self.end.get_or_insert(FinishReason::Stop);
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|_| bad("an event that is not a chunk of an answer"))?;
        if let Some(error) = chunk.error {
            return Err(error.into_provider_error());
        }
        // Some servers send it with every chunk: the last one counts.
        if let Some(usage) = chunk.usage {
            self.usage = Some(Usage {
                prompt_tokens: usage.prompt_tokens,
                completion_tokens: usage.completion_tokens,
            });
        }
        // Only one answer is asked for; a usage event has none.
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            if let Some(delta) = choice.delta {
                self.delta(delta, out)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.end.get_or_insert(match reason.as_str() {
                    "length" => FinishReason::Length,
                    "content_filter" => FinishReason::ContentFilter,
                    "tool_calls" | "function_call" => FinishReason::ToolCalls,
                    _ => FinishReason::Stop,
                });
            }
        }
        Ok(())
    }

    /// Whether the reason of the end is known; what still comes is not needed.
    pub(super) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    /// The events are over: the calls and the end, or what is missing.
    pub(super) fn end(self, out: &mut VecDeque<Delta>) -> Result<(), ProviderError> {
        let reason = match self.end {
            None => return Err(bad("the answer broke off before its end")),
            // Some servers say "stop" after calls.
            Some(FinishReason::Stop) if !self.calls.is_empty() => FinishReason::ToolCalls,
            Some(FinishReason::ToolCalls) if self.calls.is_empty() => FinishReason::Stop,
            Some(reason) => reason,
        };
        // A call of an answer that was cut is cut too.
        if reason == FinishReason::ToolCalls {
            for (n, call) in self.calls.into_iter().enumerate() {
                out.push_back(Delta::ToolCall(call.complete(n)?));
            }
        }
        out.extend(self.usage.map(Delta::Usage));
        out.push_back(Delta::Finish(reason));
        Ok(())
    }

    fn delta(&mut self, delta: ChunkDelta, out: &mut VecDeque<Delta>) -> Result<(), ProviderError> {
        for text in [delta.content, delta.refusal].into_iter().flatten() {
            if !text.is_empty() {
                self.grow(text.len())?;
                out.push_back(Delta::Text(text));
            }
        }
        for fragment in delta.tool_calls.into_iter().flatten() {
            self.fragment(fragment)?;
        }
        Ok(())
    }

    fn fragment(&mut self, fragment: Fragment) -> Result<(), ProviderError> {
        let id = fragment.id.unwrap_or_default();
        let function = fragment.function;
        let (name, arguments) = function.map_or((None, None), |f| (f.name, f.arguments));
        let (name, arguments) = (name.unwrap_or_default(), arguments.unwrap_or_default());
        self.grow(id.len() + name.len() + arguments.len())?;
        let at = match self.place_of(fragment.index, &id) {
            Some(at) => at,
            None if self.calls.len() == MAX_CALLS => {
                return Err(bad("more tool calls than any answer has"));
            }
            None => {
                self.calls.push(PartialCall {
                    index: fragment.index,
                    ..PartialCall::default()
                });
                self.calls.len() - 1
            }
        };
        let call = &mut self.calls[at];
        // Sent once by OpenAI, again with every fragment by others.
        if call.id.is_empty() {
            call.id = id;
        }
        if call.name.is_empty() {
            call.name = name;
        }
        call.arguments.push_str(&arguments);
        Ok(())
    }

    /// Which call a fragment goes on with; `None` begins another. Some servers send every call whole with
    /// index 0 or none: there a new id is a new call.
    fn place_of(&self, index: Option<u32>, id: &str) -> Option<usize> {
        let same_id = |call: &PartialCall| id.is_empty() || call.id.is_empty() || call.id == id;
        self.calls
            .iter()
            .rposition(|call| index.is_none() || call.index == index)
            .filter(|at| same_id(&self.calls[*at]))
    }

    fn grow(&mut self, bytes: usize) -> Result<(), ProviderError> {
        self.text_bytes += bytes;
        if self.text_bytes > MAX_TEXT_BYTES {
            return Err(bad("the answer is too long"));
        }
        Ok(())
    }
}

impl PartialCall {
    fn complete(self, n: usize) -> Result<ToolCall, ProviderError> {
        if self.name.is_empty() {
            return Err(bad("a tool call without a name"));
        }
        Ok(ToolCall {
            id: if self.id.is_empty() {
                format!("call_{n}")
            } else {
                self.id
            },
            name: self.name,
            arguments: if self.arguments.trim().is_empty() {
                "{}".into()
            } else {
                self.arguments
            },
        })
    }
}

impl StreamError {
    fn into_provider_error(self) -> ProviderError {
        let (kind, code) = match self {
            Self::Object { r#type, code, .. } => (
                r#type.unwrap_or_default(),
                code.map(|code| code.to_string()).unwrap_or_default(),
            ),
            Self::Text(_) => Default::default(),
        };
        let says = |what: &str| kind.contains(what) || code.contains(what);
        if says("rate_limit") || says("quota") || says("429") {
            ProviderError::RateLimited {
                provider: NAME.into(),
                retry_after: None,
            }
        } else if says("server_error")
            || says("overloaded")
            || says("unavailable")
            || code.starts_with('5')
        {
            ProviderError::unavailable(NAME, "an error in the answer")
        } else {
            bad("an error in the answer")
        }
    }
}

fn bad(message: &str) -> ProviderError {
    ProviderError::bad_answer(NAME, message)
}
