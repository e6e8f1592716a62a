//! What answers of language models cost.

use crate::{ChatMessage, ChatRequest};

/// Bytes that a token stands for, where a provider does not count.
const BYTES_A_TOKEN: usize = 4;

/// What an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
}

impl Usage {
    /// A guess at what an answer cost of which so many bytes were written.
    pub fn estimated(request: &ChatRequest, written_bytes: usize) -> Self {
        let tools = request.tools.iter().map(|tool| {
            tool.name.len() + tool.description.len() + tool.parameters.to_string().len()
        });
        let read: usize = request.messages.iter().map(length).chain(tools).sum();
        let tokens = |bytes: usize| bytes.div_ceil(BYTES_A_TOKEN) as u64;
        Self {
            prompt_tokens: tokens(read),
            completion_tokens: tokens(written_bytes),
        }
    }

    /// Read and written.
    pub fn total(self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(more.prompt_tokens);
        self.completion_tokens = self
            .completion_tokens
            .saturating_add(more.completion_tokens);
    }
}

fn length(message: &ChatMessage) -> usize {
    match message {
        ChatMessage::System { content }
        | ChatMessage::User { content }
        | ChatMessage::Tool { content, .. } => content.len(),
        ChatMessage::Assistant {
            content,
            tool_calls,
        } => {
            let calls = tool_calls.iter();
            content.len()
                + calls
                    .map(|call| call.name.len() + call.arguments.len())
                    .sum::<usize>()
        }
    }
}
