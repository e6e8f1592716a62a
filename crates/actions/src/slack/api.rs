//! Slack's Web API: what fails is told in an answer of success.

use crate::{ActionContext, ActionError, ApiClient, ApiRequest, Provider, Speaker, TokenError};
use serde_json::Value;
use url::Url;

/// Entries a page; Slack recommends at most 200.
const PAGE: &str = "200";
/// Pages that are read; who is not on them is not found, and that not all were read is said.
const MOST_PAGES: usize = 10;

/// What was read of a list.
#[derive(Debug)]
pub(super) struct List {
    pub(super) entries: Vec<Value>,
    /// There is no more of it.
    pub(super) is_whole: bool,
}

/// Slack, on behalf of one user.
#[derive(Debug)]
pub(super) struct SlackApi {
    client: ApiClient,
    root: Url,
}

impl SlackApi {
    pub(super) fn new(context: &ActionContext, speaker: &Speaker) -> Result<Self, ActionError> {
        Ok(Self {
            client: context.client(speaker, Provider::Slack)?,
            root: context.services.endpoints.slack.clone(),
        })
    }

    fn url(&self, method: &str) -> Result<Url, ActionError> {
        let url = self.root.join(&format!("/api/{method}"));
        url.map_err(|_| ActionError::BadAnswer(Provider::Slack))
    }

    /// A method that only looks.
    pub(super) async fn get(
        &self,
        method: &str,
        query: &[(&str, &str)],
    ) -> Result<Value, ActionError> {
        let request = ApiRequest::get(self.url(method)?);
        let request = query
            .iter()
            .fold(request, |request, (name, value)| request.query(name, value));
        self.call(request).await
    }

    /// A method with JSON.
    pub(super) async fn post(&self, method: &str, body: &Value) -> Result<Value, ActionError> {
        self.call(ApiRequest::post(self.url(method)?, body)).await
    }

    /// The pages of a list that stands under `key`, up to a limit.
    pub(super) async fn list(
        &self,
        method: &str,
        query: &[(&str, &str)],
        key: &str,
    ) -> Result<List, ActionError> {
        let (mut entries, mut cursor) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let mut answer = self.get(method, &query).await?;
            if let Value::Array(page) = answer[key].take() {
                entries.extend(page);
            }
            let next = &answer["response_metadata"]["next_cursor"];
            cursor = next.as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(List {
            entries,
            is_whole: cursor.is_empty(),
        })
    }

    async fn call(&self, request: ApiRequest) -> Result<Value, ActionError> {
        let token = self.client.token().await?;
        let answer: Value = self.client.json(request.clone()).await?;
        if !is_about_the_token(&answer) {
            return judged(answer);
        }
        // Refused before anything was done, so that it may be repeated whatever it is.
        self.client.renewed(&token).await?;
        let answer: Value = self.client.json(request).await?;
        if is_about_the_token(&answer) {
            return Err(TokenError::NeedsReauth(Provider::Slack).into());
        }
        judged(answer)
    }
}

fn is_about_the_token(answer: &Value) -> bool {
    let error = answer["error"].as_str().unwrap_or_default();
    answer["ok"] == false
        && [
            "invalid_auth",
            "not_authed",
            "token_expired",
            "token_revoked",
            "account_inactive",
        ]
        .contains(&error)
}

/// The answer, or why Slack refused, in words.
fn judged(answer: Value) -> Result<Value, ActionError> {
    if answer["ok"] == true {
        return Ok(answer);
    }
    let provider = Provider::Slack;
    let Some(error) = answer["error"].as_str() else {
        return Err(ActionError::BadAnswer(provider));
    };
    let refused = |message: &str| ActionError::Refused {
        provider,
        status: 200,
        message: message.to_owned(),
    };
    Err(match error {
        "missing_scope" | "no_permission" | "not_allowed_token_type" => {
            ActionError::MissingScope(provider)
        }
        "ratelimited" | "rate_limited" => ActionError::RateLimited(provider),
        "channel_not_found" => {
            ActionError::NotFound("Slack does not have that channel any more.".into())
        }
        "user_not_found" | "users_not_found" => {
            ActionError::NotFound("Slack does not know that person any more.".into())
        }
        "not_in_channel" => refused("You are not in that channel; join it first."),
        "is_archived" => refused("That channel is archived."),
        "msg_too_long" => refused("The message is too long."),
        "restricted_action" => refused("Your workspace does not let you write there."),
        "user_disabled" | "cannot_dm_bot" => refused("That person cannot be written to."),
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            ActionError::Unknown(provider)
        }
        code => refused(&code.replace('_', " ")),
    })
}
