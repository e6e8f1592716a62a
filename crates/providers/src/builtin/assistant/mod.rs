//! The rule-based assistant: the offline language model. It knows what people ask a voice assistant for, forgives what
//! speech recognition mishears, calls tools like any model, and answers at once.
//!
//! [`intent`] says what a wish is about, [`arguments`] what it names, [`tool_use`] which of the offered tools does it;
//! [`follow_up`] goes on with what was asked or about to be done before, and [`results`] tells what came of it.

mod answer;
mod arguments;
mod dialogue;
mod follow_up;
mod intent;
mod lengths;
mod manners;
mod results;
mod times;
mod tokens;
mod tool_use;
mod wishes;
mod words;

#[cfg(test)]
mod tests;

use crate::{
    ChatMessage, ChatRequest, ChatStream, Delta, FinishReason, LanguageModel, ProviderError,
    ToolCall,
    summary::{first_sentences, text_to_sum_up},
};
use answer::Answer;
use futures_util::{StreamExt, stream};
use intent::Intent;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use tool_use::ToolUse;
use words::Words;

/// The offline language model.
#[derive(Debug, Clone)]
pub struct RuleBased {
    now: fn() -> Timestamp,
}

impl Default for RuleBased {
    fn default() -> Self {
        Self::new()
    }
}

impl RuleBased {
    /// With the system's clock.
    pub fn new() -> Self {
        Self::with_clock(Timestamp::now)
    }

    /// With another clock.
    pub fn with_clock(now: fn() -> Timestamp) -> Self {
        Self { now }
    }

    fn answer(&self, request: &ChatRequest) -> Answer {
        if let Some(text) = text_to_sum_up(request) {
            return Answer::Text(first_sentences(&text));
        }
        let results = results::of_this_turn(&request.messages);
        let turn = dialogue::last_turn(&request.messages);
        let words = Words::of(&turn.text);
        if !results.is_empty() {
            return match tool_use::elsewhere(&results, &words, &request.tools) {
                Some((name, arguments)) => Answer::Call(String::new(), name, arguments),
                None => Answer::Text(results::answer(&results)),
            };
        }
        if let Some(call) = wishes::demanded_call(request, &turn.text) {
            return call;
        }
        if let Some((name, arguments)) = follow_up::call(&request.messages) {
            return Answer::Call(String::new(), name, arguments);
        }
        let intent = intent::recognise(&words);
        match intent {
            Intent::Repeat => Answer::Text(
                turn.last_answer
                    .unwrap_or_else(|| "I have not said anything yet.".to_owned()),
            ),
            _ => match tool_use::plan(intent, &turn.text, &words, &request.tools) {
                ToolUse::Call { name, arguments } => {
                    Answer::Call(answer::beside_call(intent), name, arguments)
                }
                ToolUse::Ask(question) => Answer::Text(question.to_owned()),
                ToolUse::NotOffered(text) => Answer::Text(text),
                ToolUse::None => {
                    answer::small_talk(intent, &words, &self.local_time(&request.messages))
                }
            },
        }
    }

    /// The time where the conversation is: CASP's system message ends with "(time zone Europe/Berlin)".
    fn local_time(&self, messages: &[ChatMessage]) -> Zoned {
        let zone = messages.iter().find_map(|message| match message {
            ChatMessage::System { content } => {
                let (_, behind) = content.rsplit_once("(time zone ")?;
                TimeZone::get(behind.split(')').next()?).ok()
            }
            _ => None,
        });
        (self.now)().to_zoned(zone.unwrap_or(TimeZone::UTC))
    }
}

#[async_trait::async_trait]
impl LanguageModel for RuleBased {
    fn name(&self) -> &'static str {
        "builtin"
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let (text, call) = match self.answer(&request) {
            Answer::Text(text) => (wishes::shaped(&request.options, text), None),
            Answer::Call(text, name, arguments) => {
                let id = format!("call_{}", request.messages.len());
                (
                    text,
                    Some(ToolCall {
                        id,
                        name,
                        arguments,
                    }),
                )
            }
        };
        let (words, end) = wishes::cut(&request, &text);
        let reason = if call.is_some() {
            FinishReason::ToolCalls
        } else {
            end
        };
        let mut deltas: Vec<_> = words
            .into_iter()
            .map(|word| Ok(Delta::Text(word)))
            .collect();
        deltas.extend(call.map(|call| Ok(Delta::ToolCall(call))));
        deltas.push(Ok(Delta::Finish(reason)));
        Ok(stream::iter(deltas).boxed())
    }
}
