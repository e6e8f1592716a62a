//! `GET /v1/oauth/callback/{provider}`: users come back.

use super::{PathProvider, begin::verifier_place, browser::Browser, return_to::with_query};
use crate::{
    ControlApi,
    clock::now_ms,
    error::{ApiError, Problem},
    path::PathValue,
    query::QueryParams,
};
use axum::{extract::State, response::Redirect};
use casp_actions::{
    Owner, Provider,
    connections::{ConnectError, Verifier},
};
use casp_store::oauth::{self, Authorization};
use secrecy::SecretString;

/// Longest code; Microsoft's are the longest.
const LONGEST_CODE: usize = 8_192;
/// Whoever is told this must not be sent anywhere: nobody knows who sent them here.
const UNKNOWN: ApiError = ApiError::Rejected(
    "This sign-in was not begun in this browser, was finished before, or is over. Please begin again.",
);

/// A user who came back, and how it went.
pub(crate) struct CameBack {
    pub(crate) authorization: Authorization,
    /// The error is a code and words for the user.
    pub(crate) outcome: Result<(), (String, String)>,
}

/// Come back from a provider
///
/// Providers send users here. The state must be one that was given to this browser, and is good once.
#[utoipa::path(
    get, path = "/v1/oauth/callback/{provider}", tag = "connections",
    params(
        ("provider" = String, Path, description = "What was connected", example = "gmail"),
        ("state" = Option<String>, Query, description = "As it was sent", example = "…"),
        ("code" = Option<String>, Query, description = "What the tokens are given for", example = "…"),
        ("error" = Option<String>, Query, description = "Why there is no code", example = "access_denied"),
    ),
    responses((status = 303, description = "To the redirect URI, with `success=true&provider=…` or `error=…&message=…`"), Problem),
)]
pub(crate) async fn callback(
    State(api): State<ControlApi>,
    PathValue(provider): PathValue<PathProvider>,
    browser: Browser,
    query: QueryParams,
) -> Result<Redirect, ApiError> {
    let provider = provider.known()?;
    let back = came_back(&api, provider, &browser, &query).await?;
    let mut pairs = match &back.outcome {
        Ok(()) => vec![("success", "true"), ("provider", provider.name())],
        Err((code, message)) => vec![
            ("error", code.as_str()),
            ("message", message.as_str()),
            ("provider", provider.name()),
        ],
    };
    if let Some(state) = &back.authorization.client_state {
        pairs.push(("state", state));
    }
    Ok(Redirect::to(&with_query(
        &back.authorization.return_to,
        &pairs,
    )))
}

/// Spends the state, and connects.
pub(crate) async fn came_back(
    api: &ControlApi,
    provider: Provider,
    browser: &Browser,
    query: &QueryParams,
) -> Result<CameBack, ApiError> {
    let state = query.text("state")?.ok_or(UNKNOWN)?;
    let store = &api.config.store;
    let authorization =
        oauth::redeem(store, state, provider.name(), browser.id(), now_ms()).await?;
    let authorization = authorization.ok_or(UNKNOWN)?;
    let outcome = match (code(query), query.text("error").ok().flatten()) {
        (_, Some(error)) => Err(refusal(error)),
        (None, None) => Err(failure("The provider sent no code.")),
        (Some(code), None) => {
            let connected = connect(api, provider, state, &authorization, &code).await;
            connected.map_err(|error| failure(&error.to_string()))
        }
    };
    Ok(CameBack {
        authorization,
        outcome,
    })
}

async fn connect(
    api: &ControlApi,
    provider: Provider,
    state: &str,
    authorization: &Authorization,
    code: &SecretString,
) -> Result<(), ConnectError> {
    let verifier = api
        .keyring
        .open(&authorization.verifier, &verifier_place(state));
    let verifier = Verifier(verifier.map_err(|error| {
        tracing::error!(%error, "a PKCE verifier cannot be opened");
        ConnectError::Internal
    })?);
    // Of a code that was sent to its provider something is kept, whether the browser waits for it or not.
    let (connections, authorization, code) =
        (api.connections.clone(), authorization.clone(), code.clone());
    let task = api.tasks.spawn(async move {
        let callback_uri = &authorization.callback_uri;
        let asked = authorization.scopes;
        let granted = connections
            .grant(provider, &code, &verifier, callback_uri, asked)
            .await?;
        let resource = authorization.resource;
        let resource = resource.or_else(|| granted.profile.verified_email.clone());
        let owner = Owner {
            account: authorization.account,
            resource: resource.ok_or(ConnectError::NoEmail(provider))?,
        };
        connections.keep(&owner, granted).await
    });
    task.await.map_err(|_| ConnectError::Internal)??;
    Ok(())
}

fn code(query: &QueryParams) -> Option<SecretString> {
    let code = query.long_text("code", LONGEST_CODE).ok().flatten()?;
    Some(code.to_owned().into())
}

/// The provider's own code, if it is one (RFC 6749, section 4.1.2.1); its words are not passed on.
fn refusal(error: &str) -> (String, String) {
    let is_code = error.len() <= 40
        && error
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let code = if is_code { error } else { "connection_failed" };
    let message = if code == "access_denied" {
        "You did not allow it."
    } else {
        "The provider refused it."
    };
    (code.to_owned(), message.to_owned())
}

fn failure(message: &str) -> (String, String) {
    ("connection_failed".to_owned(), message.to_owned())
}
