//! The reply, made by the language model.

use super::exchange::Heard;
use crate::{ControlApi, actions, clock::now_ms, openai::Memory, spending};
use casp_actions::ActionContext;
use casp_conversation::{
    Assistant, Conversation, PastTurn, ReplyEvent, Speaker, ToolSet, TurnRole, apology::Apology,
};
use casp_providers::{LanguageModel, Metered};
use casp_store::{
    AccountId, Store, StoreError, accounts,
    sessions::Session,
    turns::{self, Turn},
};
use jiff::tz::TimeZone;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// A reply that takes longer is given up, and the caller is asked to say it again.
const LONGEST: Duration = Duration::from_secs(40);

/// What is said to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) text: String,
    /// The conversation is over after it.
    pub(super) is_last: bool,
}

impl Spoken {
    /// What a stored turn said in an exchange, if it is that one's reply.
    pub(super) fn of_turn(turn: Turn, epoch: i64) -> Option<Self> {
        (turn.role == "assistant" && turn.timings["exchange"] == epoch).then(|| Self {
            is_last: turn.timings["is_last"] == true,
            text: turn.text,
        })
    }
}

/// Starts the reply to what was heard, under the epoch that was claimed. It is written to the store, whether or not
/// anybody waits for it; the process waits for it when it goes down.
pub(super) fn start(
    api: &ControlApi,
    session: &Session,
    assistant: &Assistant,
    epoch: i64,
    heard: Heard,
) -> JoinHandle<Spoken> {
    let zone = TimeZone::get(&assistant.timezone).unwrap_or(TimeZone::UTC);
    let context = ActionContext {
        session: Some(session.id.clone()),
        ..actions::context(api, session.account, zone)
    };
    let work = Reply {
        api: api.clone(),
        account: session.account,
        // A caller ID proves nothing: who calls is a stranger, and nobody asks for a PIN here.
        tools: Arc::new(ToolSet::for_stranger(
            assistant,
            casp_actions::actions(&context),
        )),
        store: api.config.store.clone(),
        language_model: Arc::new(Metered::new(
            api.config.language_model.clone(),
            spending::meter(api, session.account),
        )),
        assistant: assistant.clone(),
        session_id: session.id.clone(),
        epoch,
        heard,
    };
    api.tasks.spawn(work.run())
}

struct Reply {
    api: ControlApi,
    account: AccountId,
    tools: Arc<ToolSet>,
    store: Store,
    language_model: Arc<dyn LanguageModel>,
    assistant: Assistant,
    session_id: String,
    epoch: i64,
    heard: Heard,
}

impl Reply {
    async fn run(self) -> Spoken {
        let begin = Instant::now();
        let spoken = match self.conversation().await {
            Ok((conversation, memory)) => {
                let timings = match self.heard.confidence {
                    Some(confidence) => json!({"confidence": confidence}),
                    None => json!({}),
                };
                self.write("user", &self.heard.text, timings).await;
                let thinking = tokio::time::timeout(LONGEST, self.think(&conversation, &memory));
                thinking.await.ok().flatten()
            }
            Err(error) => {
                tracing::error!(%error, session = self.session_id, "the conversation so far cannot be read");
                None
            }
        };
        let spoken = spoken.unwrap_or_else(|| Spoken {
            text: Apology::ProviderFailed
                .text(&self.assistant.language)
                .to_owned(),
            is_last: false,
        });
        let total_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        let timings =
            json!({"total_ms": total_ms, "exchange": self.epoch, "is_last": spoken.is_last});
        self.write("assistant", &spoken.text, timings).await;
        spoken
    }

    /// What everybody may do is done by the account itself, as at its front desk. The name is the call's: nobody else's
    /// yes counts in it.
    async fn speaker(&self) -> Result<Speaker, StoreError> {
        let account = accounts::get(&self.store, self.account).await?;
        Ok(Speaker {
            resource: account.map(|account| account.email),
            ..Speaker::stranger(&self.session_id)
        })
    }

    /// The conversation as it stood before these words.
    async fn conversation(&self) -> Result<(Conversation, Memory), StoreError> {
        let past = turns::list(&self.store, &self.session_id).await?;
        let said = past.last().filter(|turn| turn.role == "assistant");
        let said = said.map(|turn| turn.text.clone());
        let past = past.into_iter().filter_map(|turn| {
            Some(PastTurn {
                role: TurnRole::parse(&turn.role)?,
                text: turn.text,
            })
        });
        let mut conversation = Conversation::resume(
            self.assistant.clone(),
            self.language_model.clone(),
            self.tools.clone(),
            jiff::Zoned::now(),
            past,
        );
        let memory = Memory::new(&self.api, self.account, self.speaker().await?);
        if let Some(said) = said
            && let Some(held) = memory.asked_with(&said).await?
        {
            conversation.hold(held);
        }
        Ok((conversation, memory))
    }

    /// The model's words; `None` when it failed or had none.
    async fn think(&self, conversation: &Conversation, memory: &Memory) -> Option<Spoken> {
        let mut reply = conversation.reply(memory.speaker(), &self.heard.text);
        // What Twilio heard is final.
        reply.allow_writes();
        let (mut clauses, mut is_last) = (Vec::new(), false);
        while let Some(event) = reply.next().await {
            match event {
                ReplyEvent::Clause(clause) => clauses.push(clause),
                ReplyEvent::HangUp => is_last = true,
                ReplyEvent::Failed(error) => {
                    tracing::warn!(%error, session = self.session_id, "the language model failed");
                }
                _ => {}
            }
        }
        let text = clauses.join(" ");
        if let Some(held) = &reply.outcome().held
            && let Err(error) = memory.keep_asked(&text, held).await
        {
            tracing::error!(%error, session = self.session_id, "what was asked about is forgotten");
        }
        match (text.is_empty(), is_last) {
            (true, true) => Some("Goodbye.".to_owned()),
            (true, false) => None,
            (false, _) => Some(text),
        }
        .map(|text| Spoken { text, is_last })
    }

    async fn write(&self, role: &str, text: &str, timings: serde_json::Value) {
        let turn = Turn {
            position: 0,
            role: role.to_owned(),
            text: text.to_owned(),
            was_interrupted: false,
            timings,
            at_ms: now_ms(),
        };
        match turns::append(&self.store, &self.session_id, self.epoch, &turn).await {
            Ok(Some(_)) => {}
            Ok(None) => tracing::info!(session = self.session_id, "a reply came too late"),
            Err(error) => {
                tracing::error!(%error, session = self.session_id, "a turn was not written");
            }
        }
    }
}
