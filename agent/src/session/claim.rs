//! Whose session it is: an agent speaks only while it holds the row's epoch.

use super::{Ending, Services, SessionError, principals::Principals};
use crate::clock::unix_ms;
use casp_conversation::{Assistant, PastTurn, TurnRole};
use casp_store::{AccountId, Store, sessions, turns};

/// A session that was claimed, or a room without one.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) row: Option<Held>,
    pub(super) assistant: Assistant,
    /// What was said before, by an agent that is gone.
    pub(super) past: Vec<PastTurn>,
    /// Who is who.
    pub(super) principals: Principals,
}

/// A row that is ours.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) session_id: String,
    pub(super) account: AccountId,
    pub(super) epoch: i64,
    /// Unix milliseconds.
    pub(super) started_at_ms: i64,
}

impl Claim {
    /// Claims the room's session. `None` when another agent holds it, or when none is wanted. A room without a
    /// row gets the default assistant, and so does a room while the store does not answer: nothing is stored
    /// then, but somebody is there.
    pub(super) async fn take(services: &Services, room: &str) -> Option<Self> {
        let session = match sessions::live_by_room(&services.store, room).await {
            Ok(Some(session)) => session,
            Ok(None) => return Some(Self::without_row()),
            Err(error) => {
                tracing::error!(%error, room, "the store does not answer; nothing of this conversation will be kept");
                return Some(Self::without_row());
            }
        };
        let claimed = sessions::claim_agent(
            &services.store,
            &session.id,
            &services.worker_id,
            unix_ms(),
            services.liveness.stale_after_ms(),
        )
        .await;
        let epoch = match claimed {
            Ok(Some(epoch)) => epoch,
            Ok(None) => {
                tracing::info!(
                    session = session.id,
                    "another agent holds it, or none is wanted"
                );
                return None;
            }
            Err(error) => {
                tracing::error!(%error, session = session.id, "not claimed");
                return None;
            }
        };
        let past = turns::list(&services.store, &session.id).await;
        let past = past.unwrap_or_else(|error| {
            tracing::error!(%error, session = session.id, "earlier turns are not known");
            Vec::new()
        });
        let past = past.into_iter().filter_map(|turn| {
            Some(PastTurn {
                role: TurnRole::parse(&turn.role)?,
                text: turn.text,
            })
        });
        Some(Self {
            assistant: assistant(&services.store, &session).await,
            past: past.collect(),
            principals: Principals::of(&services.store, &session).await,
            row: Some(Held {
                session_id: session.id,
                account: session.account,
                epoch,
                started_at_ms: session.started_at_ms,
            }),
        })
    }

    /// Another agent held the session before.
    pub(super) fn is_takeover(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.epoch > 1)
    }

    fn without_row() -> Self {
        Self {
            row: None,
            assistant: default_assistant(),
            past: Vec::new(),
            principals: Principals::default(),
        }
    }

    pub(super) fn session_id(&self) -> Option<&str> {
        self.row.as_ref().map(|row| row.session_id.as_str())
    }

    /// The conversation is over for us: lets go, and ends the session when it is over for everybody.
    pub(super) async fn settle(&self, services: &Services, result: &Result<Ending, SessionError>) {
        let Some(row) = &self.row else { return };
        let reason = match result {
            Ok(Ending::Lost | Ending::NotOurs) => return,
            Ok(Ending::Deserted) => Some("everybody left"),
            Ok(Ending::HungUp) => Some("the agent hung up"),
            Ok(Ending::Transferred) => Some("transferred"),
            Ok(Ending::SpentUp) => Some("the account may spend no more today"),
            Ok(Ending::RoomClosed | Ending::Terminated | Ending::HandedOver) | Err(_) => None,
        };
        let store = &services.store;
        let settled = match reason {
            Some(reason) => sessions::end(store, &row.session_id, reason, unix_ms()).await,
            None => sessions::release_agent(store, &row.session_id, row.epoch).await,
        };
        if let Err(error) = settled {
            tracing::warn!(%error, session = row.session_id, "not settled in the store");
        }
    }
}

/// The session's assistant as it is now: whoever holds a conversation keeps what it began with, and a successor finds
/// what has become of it. Somebody answers in any case: one that was deleted gives way to the default one.
async fn assistant(store: &Store, session: &sessions::Session) -> Assistant {
    let name = &session.assistant;
    let found = casp_assistants::find(store, session.account, name).await;
    let assistant = match found {
        Ok(Some(assistant)) => assistant,
        Ok(None) => {
            tracing::warn!(
                session = session.id,
                name,
                "no such assistant, or no longer; the default one answers"
            );
            default_assistant()
        }
        Err(error) => {
            tracing::error!(%error, session = session.id, name, "the assistant cannot be read; the default one answers");
            default_assistant()
        }
    };
    match assistant.with_overrides(&session.overrides) {
        Ok(assistant) => assistant,
        Err(error) => {
            tracing::warn!(%error, session = session.id, "overrides are ignored");
            assistant
        }
    }
}

fn default_assistant() -> Assistant {
    Assistant::builtin("default")
        .cloned()
        .expect("the built-in assistants begin with `default`")
}
