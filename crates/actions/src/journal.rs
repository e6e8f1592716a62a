//! What was done in whose name: every run is written down before it begins, and its outcome after.
//!
//! The log is the audit trail (interface §10), and what bounds how much may be done with one connection. It never holds
//! arguments or results.

use crate::{
    Action, ActionContext, ActionError, ActionName, Failure, Owner, Prepared, Provider, Speaker,
    TokenError, ToolKind, ToolOutcome,
};
use casp_store::action_log::{self, NewEntry, Outcome};
use serde_json::Value;
use std::{sync::Arc, time::Instant};

/// Runs a minute with one connection; a model that runs in circles does no more.
const MOST_A_MINUTE: u32 = 60;

/// An action whose runs are written down.
#[derive(Debug)]
pub(crate) struct Journaled {
    action: Arc<dyn Action>,
    context: ActionContext,
}

impl Journaled {
    pub(crate) fn new(action: Arc<dyn Action>, context: ActionContext) -> Self {
        Self { action, context }
    }

    fn entry<'a>(&'a self, speaker: &'a Speaker, resource: &'a str) -> NewEntry<'a> {
        NewEntry {
            account: self.context.account,
            resource,
            speaker: &speaker.identity,
            session: self.context.session.as_deref(),
            provider: self.name().provider(),
            action: self.name().as_str(),
            is_write: self.kind() == ToolKind::Write,
            at_ms: (self.context.services.now)().as_millisecond(),
        }
    }

    /// Whether the speaker has connected the provider.
    async fn connection(&self, speaker: &Speaker) -> Result<(), TokenError> {
        let Ok(provider) = self.name().provider().parse::<Provider>() else {
            return Ok(());
        };
        let resource = speaker.resource.clone();
        let owner = Owner {
            account: self.context.account,
            resource: resource.ok_or(TokenError::NotConnected(provider))?,
        };
        let token = self.context.services.tokens.token(&owner, provider).await;
        token.map(drop)
    }

    fn too_many(&self) -> ToolOutcome {
        let provider = self.name().provider().parse::<Provider>();
        let label = provider.map_or("account", Provider::label);
        ToolOutcome {
            failure: Some(Failure::TooMany),
            ..ToolOutcome::failed(format!(
                "That is too much at once for your {label}: {MOST_A_MINUTE} actions a minute. Please wait a minute."
            ))
        }
    }
}

#[async_trait::async_trait]
impl Action for Journaled {
    fn name(&self) -> &ActionName {
        self.action.name()
    }
    fn description(&self) -> &str {
        self.action.description()
    }
    fn parameters(&self) -> Value {
        self.action.parameters()
    }
    fn kind(&self) -> ToolKind {
        self.action.kind()
    }
    async fn prepare(&self, speaker: &Speaker, arguments: Value) -> Prepared {
        // Nobody is asked for a yes to what cannot be done.
        if self.kind() == ToolKind::Write
            && let Err(error) = self.connection(speaker).await
        {
            return Prepared::Refused(ActionError::from(error).into());
        }
        match self.action.prepare(speaker, arguments).await {
            // Of what is not connected no arguments are asked for.
            Prepared::Refused(outcome) if outcome.failure == Some(Failure::Arguments) => {
                let connection = self.connection(speaker).await;
                Prepared::Refused(
                    connection.map_or_else(|error| ActionError::from(error).into(), |()| outcome),
                )
            }
            prepared => prepared,
        }
    }
    async fn run(&self, speaker: &Speaker, arguments: Value) -> ToolOutcome {
        // Whoever has no connections gets nowhere; the action says so.
        let Some(resource) = &speaker.resource else {
            return self.action.run(speaker, arguments).await;
        };
        let store = &self.context.services.store;
        let entry = self.entry(speaker, resource);
        let id = match action_log::begin(store, &entry, MOST_A_MINUTE).await {
            Ok(Some(id)) => id,
            Ok(None) => return self.too_many(),
            Err(error) => {
                tracing::error!(%error, action = %self.name(), "not done: it cannot be written down");
                return ToolOutcome {
                    failure: Some(Failure::Internal),
                    ..ToolOutcome::failed("Something went wrong on our side; nothing was done.")
                };
            }
        };
        let began = Instant::now();
        let outcome = self.action.run(speaker, arguments).await;
        let written = Outcome {
            status: outcome.status.as_str(),
            failure: outcome.failure.map(Failure::as_str),
            took_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
        };
        if let Err(error) = action_log::finish(store, &id, &written).await {
            tracing::error!(%error, action = %self.name(), "its outcome is not written down");
        }
        outcome
    }
}
