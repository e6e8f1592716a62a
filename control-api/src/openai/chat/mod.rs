//! `POST /v1/chat/completions`: the assistant by text, in OpenAI's shape.
//!
//! The client keeps the conversation and sends all of it each time; the answer is made by the same conversation as on
//! the telephone. Actions run here, tools of the client's are left to it. What must outlive a request (a call that the
//! user was asked about, what was done before the client's tools were called) is kept for an hour, see [`memory`].

mod answer;
mod direct;
mod format;
mod memory;
mod messages;
mod request;
mod run;
mod stream;
mod wishes;

use super::{
    error::{OpenAiError, OpenAiProblem},
    models::{self, Ability},
};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    oauth::{RESOURCE_RULE, owner_of},
    spending,
};
use answer::ChatCompletion;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use casp_conversation::{Asked, Assistant, Conversation, Modality, Speaker, ToolSet, Tools};
use casp_store::{AccountId, resources};
use jiff::tz::TimeZone;
pub(crate) use memory::Memory;
use request::ChatCompletionRequest;
use run::Run;
use serde_json::Value;
use std::sync::Arc;
use stream::ChatEvent;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new().routes(routes!(create))
}

/// A chat completion
///
/// The assistant answers, and acts with the connections of `user`. With `stream`, chunks come as server-sent events,
/// the last one `[DONE]`. Each action that was executed is in `casp.actions`, in streams in the last chunk. A user
/// message that is `{"action": "gmail.send", …}` and nothing else runs that action; its outcome, as JSON, is the answer.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "chat",
    request_body = ChatCompletionRequest,
    responses(
        (status = 200, description = "The answer; with `stream`, events that each hold a `chat.completion.chunk`",
            content((ChatCompletion = "application/json"), (ChatEvent = "text/event-stream"))),
        OpenAiProblem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn create(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(mut request): JsonBody<ChatCompletionRequest>,
) -> Result<Response, OpenAiError> {
    let account = caller.account;
    api.rate_limits.chat.count(account.0)?;
    let place = api.chat_places.take(account)?;
    let model = models::require(&request.model, Ability::Chat)?;
    let assistant = assistant(&api, account, &request).await?;
    let resource = resource(&api, account, request.user.as_deref()).await?;
    let speaker = Speaker {
        identity: format!("api:{resource}"),
        resource: Some(resource),
        is_verified: true,
    };
    let tools = tools_of(&api, account, &assistant);
    let specs = tools.specs(&speaker).await;
    let options = wishes::read(&mut request, &specs)?;
    let given = messages::read(std::mem::take(&mut request.messages))?;
    let asked = match given.words {
        None => Asked::Nothing,
        Some(words) => direct::order(&words).unwrap_or(Asked::Words(words)),
    };
    if let Asked::Command { tool, .. } = &asked
        && !specs.iter().any(|spec| spec.name == *tool)
    {
        return Err(unknown_action(&assistant, &specs));
    }
    let memory = Memory::new(&api, account, speaker.clone());
    let (before, held) = memory.recall(given.before, &asked).await?;
    let expected = spending::estimated_tokens(&before, &asked, &specs);
    let tab = spending::open_tab(&api, account, expected).await?;
    let mut conversation = Conversation::given(
        assistant,
        api.config.language_model.clone(),
        tools,
        jiff::Zoned::now(),
        before,
    );
    if let Some(held) = held {
        conversation.hold(held);
    }
    let reply = conversation.reply_to(&speaker, asked, options);
    let mut run = Run::new(reply, memory, tab, place, api.config.limits.chat_timeout);
    if request.stream == Some(true) {
        // What fails before anything came is an error like any other.
        run.begin().await?;
        let wants_usage = request.stream_options.and_then(|it| it.include_usage);
        return Ok(stream::respond(run, model, wants_usage == Some(true)));
    }
    Ok(ChatCompletion::of(run, model).await?.into_response())
}

/// The assistant that `metadata` names, to be read and not heard.
async fn assistant(
    api: &ControlApi,
    account: AccountId,
    request: &ChatCompletionRequest,
) -> Result<Assistant, OpenAiError> {
    const PLACE: &str = "metadata.assistant";
    let named = request.metadata.as_ref().and_then(|it| it.get("assistant"));
    let name = match named {
        None | Some(Value::Null) => "default",
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err(OpenAiError::invalid(PLACE, "the name of an assistant")),
    };
    let found = casp_assistants::find(&api.config.store, account, name).await?;
    let found = found.ok_or_else(|| {
        let known = Assistant::builtin_names().collect::<Vec<_>>().join(", ");
        let message = format!(
            "There is no such assistant; there are {known} and your own (GET /custom-scenarios)."
        );
        OpenAiError::not_found(PLACE, "assistant_not_found", message)
    })?;
    Ok(Assistant {
        modality: Modality::Text,
        ..found
    })
}

/// Whose connections are used: the end user's, or the account's own.
async fn resource(
    api: &ControlApi,
    account: AccountId,
    user: Option<&str>,
) -> Result<String, OpenAiError> {
    let user = user.map(str::trim);
    if user.is_some_and(|name| !resources::is_name(name)) {
        return Err(OpenAiError::invalid("user", RESOURCE_RULE));
    }
    Ok(owner_of(api, account, "body", user).await?.resource)
}

/// What the assistant may use. Who has the account's key speaks for its end users.
fn tools_of(api: &ControlApi, account: AccountId, assistant: &Assistant) -> Arc<dyn Tools> {
    let zone = TimeZone::get(&assistant.timezone).unwrap_or(TimeZone::UTC);
    let context = crate::actions::context(api, account, zone);
    let actions = casp_actions::actions(&context);
    Arc::new(ToolSet::for_assistant(assistant, actions).short_of_connections(context))
}

fn unknown_action(assistant: &Assistant, specs: &[casp_providers::ToolSpec]) -> OpenAiError {
    let names = specs
        .iter()
        .map(|spec| casp_conversation::ActionName::from_tool(&spec.name).to_string());
    let names = names.collect::<Vec<_>>().join(", ");
    let message = format!(
        "Assistant {} has no such action; it has: {names}.",
        assistant.name
    );
    OpenAiError::invalid("messages", message)
}
