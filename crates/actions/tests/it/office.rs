//! A user with connections, and actions run for them.

use casp_actions::{
    AccessToken, Action, ActionContext, ActionServices, Endpoints, Owner, Prepared, Provider,
    Speaker, TokenError, TokenSource, ToolOutcome, ToolStatus,
};
use casp_providers::{ChatRequest, ChatStream, LanguageModel, ProviderError};
use casp_store::{Store, accounts};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use url::Url;

/// Gives out tokens one after another: the next one when one is refused.
#[derive(Debug)]
struct Tokens {
    left: Mutex<Vec<&'static str>>,
    /// Of the database; it lives as long as the actions.
    _folder: TempDir,
}

impl Tokens {
    fn now(&self) -> AccessToken {
        AccessToken {
            secret: self.left.lock().unwrap()[0].to_owned().into(),
            scopes: Vec::new(),
            site: Some("cloud-1".into()),
        }
    }
}

#[async_trait::async_trait]
impl TokenSource for Tokens {
    async fn token(&self, _: &Owner, provider: Provider) -> Result<AccessToken, TokenError> {
        let token = self.now();
        let is_none = self.left.lock().unwrap()[0] == "none";
        if is_none {
            Err(TokenError::NotConnected(provider))
        } else {
            Ok(token)
        }
    }

    async fn renewed(
        &self,
        _: &Owner,
        provider: Provider,
        _: &AccessToken,
    ) -> Result<AccessToken, TokenError> {
        let mut tokens = self.left.lock().unwrap();
        if tokens.len() == 1 {
            return Err(TokenError::NeedsReauth(provider));
        }
        tokens.remove(0);
        drop(tokens);
        Ok(self.now())
    }

    async fn connected(&self, _: &Owner) -> Result<Vec<Provider>, TokenError> {
        let is_none = self.left.lock().unwrap()[0] == "none";
        let all: &[Provider] = if is_none { &[] } else { &Provider::ALL };
        Ok(all.to_vec())
    }
}

#[derive(Debug)]
struct NoModel;

#[async_trait::async_trait]
impl LanguageModel for NoModel {
    fn name(&self) -> &'static str {
        "none"
    }

    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, ProviderError> {
        unreachable!("this action asks no model")
    }
}

/// What actions work with, all providers at one root, with these tokens.
pub(crate) async fn context(root: &Url, tokens: &[&'static str]) -> ActionContext {
    context_with(root, tokens, Arc::new(NoModel)).await
}

/// The same, with a language model.
pub(crate) async fn context_with(
    root: &Url,
    tokens: &[&'static str],
    language_model: Arc<dyn LanguageModel>,
) -> ActionContext {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/casp.db", folder.path().display());
    let store = Store::connect(&database).await.unwrap();
    store.migrate().await.unwrap();
    let owner = accounts::ensure(&store, "owner@example.com", None, false);
    ActionContext {
        account: owner.await.unwrap().id,
        services: Arc::new(ActionServices {
            tokens: Arc::new(Tokens {
                left: Mutex::new(tokens.to_vec()),
                _folder: folder,
            }),
            http: http.build().unwrap(),
            endpoints: Endpoints {
                google_api: root.clone(),
                microsoft_graph: root.clone(),
                slack: root.clone(),
                hubspot: root.clone(),
                jira: root.clone(),
            },
            store,
            language_model,
            now: || Timestamp::from_second(1_780_000_000).unwrap(),
        }),
        zone: TimeZone::UTC,
        session: None,
    }
}

/// The user.
pub(crate) fn speaker() -> Speaker {
    Speaker {
        identity: "caller-1".into(),
        resource: Some("ann@example.com".into()),
        is_verified: true,
    }
}

/// Prepares one of these actions.
pub(crate) async fn prepared(
    actions: &[Arc<dyn Action>],
    name: &str,
    arguments: Value,
) -> Prepared {
    let action = actions.iter().find(|action| action.name().as_str() == name);
    action.unwrap().prepare(&speaker(), arguments).await
}

/// Prepares one and runs it; the question that would be asked, and what came of it.
pub(crate) async fn done(
    actions: &[Arc<dyn Action>],
    name: &str,
    arguments: Value,
) -> (Option<String>, ToolOutcome) {
    match prepared(actions, name, arguments).await {
        Prepared::Refused(outcome) => (None, outcome),
        Prepared::Ready {
            arguments,
            question,
        } => (question, run(actions, name, arguments).await),
    }
}

/// Runs one with what preparing it gave.
pub(crate) async fn run(actions: &[Arc<dyn Action>], name: &str, arguments: Value) -> ToolOutcome {
    let action = actions.iter().find(|action| action.name().as_str() == name);
    action.unwrap().run(&speaker(), arguments).await
}

/// The arguments to run one with that has to be ready.
pub(crate) async fn settled(actions: &[Arc<dyn Action>], name: &str, arguments: Value) -> Value {
    match prepared(actions, name, arguments).await {
        Prepared::Ready { arguments, .. } => arguments,
        Prepared::Refused(outcome) => panic!("{outcome:?}"),
    }
}

/// What an action found that has to succeed.
pub(crate) async fn result(actions: &[Arc<dyn Action>], name: &str, arguments: Value) -> Value {
    let (_, outcome) = done(actions, name, arguments).await;
    assert_eq!(outcome.status, ToolStatus::Succeeded, "{outcome:?}");
    outcome.result.unwrap()
}

/// Why an action failed that has to fail.
pub(crate) async fn error(actions: &[Arc<dyn Action>], name: &str, arguments: Value) -> String {
    let (_, outcome) = done(actions, name, arguments).await;
    assert_eq!(outcome.status, ToolStatus::Failed, "{outcome:?}");
    outcome.error.unwrap()
}
