//! What must outlive a request, though the client keeps the conversation and knows nothing of it.
//!
//! - A call that the user was asked about. The client sends the question back as the assistant's last words, and the
//!   user's yes behind it: the question's text finds the call again, once.
//! - What actions did in a reply that ended with calls of the client's own tools. The client sends those back: their id
//!   finds it again, however often.
//!
//! Both are sealed, belong to one end user of one account, and are forgotten after an hour.

use crate::{ControlApi, clock::now_ms};
use casp_conversation::{Asked, HeldCall, ReplyOutcome, Speaker};
use casp_providers::{ChatMessage, ToolCall};
use casp_store::{AccountId, StoreError, chat_turns, webhooks::SealedSecret};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

const KEPT_MS: i64 = 60 * 60 * 1_000;
/// Replies of this turn that ended with the client's tools, whose actions are looked up.
const MOST_LOOKUPS: usize = 8;

/// What one end user of one account left.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    api: ControlApi,
    account: AccountId,
    speaker: Speaker,
}

/// A call that the user was asked about.
#[derive(Serialize, Deserialize)]
struct Held {
    call: ToolCall,
    arguments: Value,
    question: String,
}

impl Memory {
    pub(crate) fn new(api: &ControlApi, account: AccountId, speaker: Speaker) -> Self {
        Self {
            api: api.clone(),
            account,
            speaker,
        }
    }

    /// Whose it is.
    pub(crate) fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// The conversation with what the client does not know put in, and the call that these words may answer.
    pub(super) async fn recall(
        &self,
        messages: Vec<ChatMessage>,
        asked: &Asked,
    ) -> Result<(Vec<ChatMessage>, Option<HeldCall>), StoreError> {
        match asked {
            Asked::Words(_) => {
                let held = self.held(&messages).await?;
                Ok((messages, held))
            }
            Asked::Nothing => Ok((self.with_actions(messages).await?, None)),
            Asked::Command { .. } => Ok((messages, None)),
        }
    }

    /// Keeps what the next request will need of a reply. `calls` are the client's, as it got them.
    pub(super) async fn keep(
        &self,
        outcome: &ReplyOutcome,
        calls: &[ToolCall],
    ) -> Result<(), StoreError> {
        if let Some(held) = &outcome.held {
            self.keep_asked(&outcome.said, held).await?;
        }
        if let (Some(first), false) = (calls.first(), outcome.tool_messages.is_empty()) {
            self.put(&self.mark("called", &first.id), &outcome.tool_messages)
                .await?;
        }
        Ok(())
    }

    /// Keeps a call that the user was asked about with these words.
    pub(crate) async fn keep_asked(&self, said: &str, held: &HeldCall) -> Result<(), StoreError> {
        let left = Held {
            call: held.call().clone(),
            arguments: held.arguments().clone(),
            question: held.question().to_owned(),
        };
        self.put(&self.mark("asked", said.trim()), &left).await
    }

    async fn held(&self, messages: &[ChatMessage]) -> Result<Option<HeldCall>, StoreError> {
        let last = messages
            .iter()
            .rev()
            .find(|message| !matches!(message, ChatMessage::System { .. }));
        let Some(ChatMessage::Assistant { content, .. }) = last else {
            return Ok(None);
        };
        self.asked_with(content).await
    }

    /// The call that the assistant asked about with these, its last words. It is given out once.
    pub(crate) async fn asked_with(&self, said: &str) -> Result<Option<HeldCall>, StoreError> {
        let mark = self.mark("asked", said.trim());
        let store = &self.api.config.store;
        // Most answers asked nothing: looking is cheaper than taking.
        if chat_turns::find(store, self.account, &mark, now_ms())
            .await?
            .is_none()
        {
            return Ok(None);
        }
        let taken = chat_turns::take(store, self.account, &mark, now_ms()).await?;
        let held = taken.and_then(|sealed| self.open::<Held>(&mark, &sealed));
        Ok(held.map(|held| {
            HeldCall::restored(
                held.call,
                held.arguments,
                held.question,
                self.speaker.clone(),
            )
        }))
    }

    /// Puts in what actions did before the client's tools were called, in this turn.
    async fn with_actions(
        &self,
        messages: Vec<ChatMessage>,
    ) -> Result<Vec<ChatMessage>, StoreError> {
        let this_turn = messages
            .iter()
            .rposition(|message| matches!(message, ChatMessage::User { .. }))
            .unwrap_or(0);
        let mut lookups = 0;
        let mut whole = Vec::with_capacity(messages.len());
        for (n, message) in messages.into_iter().enumerate() {
            if let ChatMessage::Assistant { tool_calls, .. } = &message
                && let Some(first) = tool_calls.first()
                && n > this_turn
                && lookups < MOST_LOOKUPS
            {
                lookups += 1;
                let mark = self.mark("called", &first.id);
                let store = &self.api.config.store;
                let found = chat_turns::find(store, self.account, &mark, now_ms()).await?;
                let done = found.and_then(|sealed| self.open::<Vec<ChatMessage>>(&mark, &sealed));
                whole.extend(done.into_iter().flatten());
            }
            whole.push(message);
        }
        Ok(whole)
    }

    async fn put(&self, mark: &str, left: &impl Serialize) -> Result<(), StoreError> {
        let text = SecretString::from(serde_json::to_string(left).unwrap_or_default());
        let sealed = self.api.keyring.seal(&text, &self.place(mark));
        let store = &self.api.config.store;
        chat_turns::keep(store, self.account, mark, &sealed, now_ms() + KEPT_MS).await
    }

    /// What cannot be opened (the key was changed) is as if it had been forgotten.
    fn open<T: DeserializeOwned>(&self, mark: &str, sealed: &SealedSecret) -> Option<T> {
        let text = self.api.keyring.open(sealed, &self.place(mark)).ok()?;
        serde_json::from_str(text.expose_secret()).ok()
    }

    fn mark(&self, kind: &str, text: &str) -> String {
        format!("{kind}\n{}\n{text}", self.speaker.identity)
    }

    fn place(&self, mark: &str) -> String {
        format!("chat/{}/{mark}", self.account.0)
    }
}
