//! The gate before everything that costs money: each route that places a call or sends a message passes it first.

use crate::{
    ControlApi,
    auth::{Caller, Credential},
    clock::now_ms,
    error::ApiError,
};
use axum::{extract::FromRequestParts, http::request::Parts};
use casp_conversation::Asked;
use casp_providers::{ChatMessage, ToolSpec, Usage};
use casp_store::{
    AccountId, StoreError,
    ceilings::{self, CeilingReached, Resource, SpendingRefused, TalkingRefused},
};

/// A [`Caller`] who begins a call, or schedules one: 429 when a user's access token does so too often. An API key is
/// bound by the account's own pace instead.
pub(crate) struct Initiator(pub(crate) Caller);

impl FromRequestParts<ControlApi> for Initiator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ControlApi) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, api).await?;
        if caller.credential == Credential::AccessToken {
            api.rate_limits.calls.count(caller.account.0)?;
        }
        Ok(Self(caller))
    }
}

/// Lets a call to this number pass, and counts it: 403 when the account's e-mail is not verified or it may not call
/// there, 429 when the day's ceiling is reached.
pub(crate) async fn admit_call(
    api: &ControlApi,
    account: AccountId,
    to: &str,
) -> Result<(), ApiError> {
    admit_talk(api, account).await?;
    admit(api, account, Some(to), Resource::Calls).await
}

#[allow(dead_code, reason = "for the channels of text")]
/// Lets a message to this number (or `whatsapp:` number) pass, and counts it, as [`admit_call`] does.
pub(crate) async fn admit_message(
    api: &ControlApi,
    account: AccountId,
    to: &str,
) -> Result<(), ApiError> {
    admit(api, account, Some(to), Resource::Messages).await
}

/// Lets what costs something but goes to no number pass, and counts one of it.
pub(crate) async fn admit(
    api: &ControlApi,
    account: AccountId,
    to: Option<&str>,
    resource: Resource,
) -> Result<(), ApiError> {
    admit_many(api, account, to, resource, 1).await
}

/// Lets what is to be spent later pass, and counts nothing: 403 as [`admit_call`].
pub(crate) async fn may_spend(
    api: &ControlApi,
    account: AccountId,
    to: Option<&str>,
) -> Result<(), ApiError> {
    ceilings::may_spend(&api.config.store, account, to)
        .await?
        .map_err(by_rule)
}

async fn admit_many(
    api: &ControlApi,
    account: AccountId,
    to: Option<&str>,
    resource: Resource,
    amount: u32,
) -> Result<(), ApiError> {
    may_spend(api, account, to).await?;
    ceilings::take(&api.config.store, account, resource, amount, now_ms())
        .await?
        .map_err(by_ceiling)
}

/// Lets a conversation begin: 403 and 429 as [`admit_call`]. What it costs is counted as it is used.
pub(crate) async fn admit_talk(api: &ControlApi, account: AccountId) -> Result<(), ApiError> {
    ceilings::may_talk(&api.config.store, account, now_ms())
        .await?
        .map_err(|refused| match refused {
            TalkingRefused::Rule(refused) => by_rule(refused),
            TalkingRefused::Ceiling(reached) => by_ceiling(reached),
        })
}

fn by_rule(refused: SpendingRefused) -> ApiError {
    metrics::counter!("casp_spending_refused_total", "reason" => "rule").increment(1);
    match refused {
        SpendingRefused::Unverified => ApiError::Forbidden(
            "Verify your e-mail first (POST /auth/verify-email/send mails the link): until then the account cannot \
             place calls, send messages or talk with an agent.",
        ),
        SpendingRefused::Destination => ApiError::Forbidden(
            "Your account may not reach this number: its country or number range is not allowed. An administrator \
             may allow it.",
        ),
    }
}

fn by_ceiling(reached: CeilingReached) -> ApiError {
    metrics::counter!("casp_spending_refused_total", "reason" => "ceiling").increment(1);
    ApiError::CeilingReached(reached)
}

/// Whether a call that comes in may be answered, and a conversation go on.
pub(crate) async fn may_answer(api: &ControlApi, account: AccountId) -> Result<bool, StoreError> {
    let may = ceilings::may_talk(&api.config.store, account, now_ms()).await?;
    if let Err(refused) = &may {
        let reason = match refused {
            TalkingRefused::Rule(_) => "rule",
            TalkingRefused::Ceiling(_) => "ceiling",
        };
        metrics::counter!("casp_spending_refused_total", "reason" => reason).increment(1);
        tracing::warn!(account = account.0, %refused, "a call is not answered");
    }
    Ok(may.is_ok())
}

/// Tokens that were taken of the day's before it is known how many there will be.
#[derive(Debug)]
pub(crate) struct Tab {
    api: ControlApi,
    account: AccountId,
    taken: u32,
}

/// Takes the tokens that are expected at least: 403 and 429 as [`admit_call`].
pub(crate) async fn open_tab(
    api: &ControlApi,
    account: AccountId,
    expected: u32,
) -> Result<Tab, ApiError> {
    admit_many(api, account, None, Resource::Tokens, expected).await?;
    Ok(Tab {
        api: api.clone(),
        account,
        taken: expected,
    })
}

impl Tab {
    /// Counts what was used beyond that, beside whoever waits.
    pub(crate) fn pay(self, usage: Usage) {
        let used = u32::try_from(usage.total()).unwrap_or(u32::MAX);
        record_tokens(&self.api, self.account, used.saturating_sub(self.taken));
    }
}

/// Counts an account's tokens as a model answers.
pub(crate) fn meter(
    api: &ControlApi,
    account: AccountId,
) -> impl Fn(Usage) + Send + Sync + 'static {
    let api = api.clone();
    move |usage| {
        let used = u32::try_from(usage.total()).unwrap_or(u32::MAX);
        record_tokens(&api, account, used);
    }
}

/// Beside whoever waits.
fn record_tokens(api: &ControlApi, account: AccountId, amount: u32) {
    if amount == 0 {
        return;
    }
    let store = api.config.store.clone();
    api.tasks.spawn(async move {
        let recorded = ceilings::record(&store, account, Resource::Tokens, amount, now_ms());
        if let Err(error) = recorded.await {
            tracing::error!(%error, "tokens were not counted");
        }
    });
}

/// A guess at the tokens that a model reads at least: four bytes a token.
pub(crate) fn estimated_tokens(before: &[ChatMessage], asked: &Asked, tools: &[ToolSpec]) -> u32 {
    let words = match asked {
        Asked::Words(words) => words.len(),
        Asked::Nothing | Asked::Command { .. } => 0,
    };
    let messages = before.iter().map(|message| match message {
        ChatMessage::System { content }
        | ChatMessage::User { content }
        | ChatMessage::Assistant { content, .. }
        | ChatMessage::Tool { content, .. } => content.len(),
    });
    let tools = tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len());
    let bytes = words + messages.chain(tools).sum::<usize>();
    u32::try_from(bytes / 4 + 1).unwrap_or(u32::MAX)
}
