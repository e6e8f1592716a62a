//! `POST /v1/actions/{name}`

use super::{context, speaker};
use crate::{
    ControlApi,
    auth::Caller,
    error::{ApiError, ErrorBody, FieldError, Problem},
    idempotency::{Attempt, Idempotency, IdempotencyHeader, Idempotent},
    oauth::owner_of,
    path::PathValue,
    query::QueryParams,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use casp_actions::{Action, Failure, Prepared, Speaker, ToolKind, ToolOutcome};
use casp_conversation::actions_of_calls;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;

const NO_ACTION: ApiError =
    ApiError::NotFound("There is no such action. GET /v1/actions lists them.");
const VOICE_ONLY: ApiError = ApiError::Conflict(
    "This works in a call only: an agent does it while it talks, when its assistant allows it.",
);
const MAYBE_DONE: ApiError = ApiError::Conflict(
    "This request was begun before, and it is not known whether it was carried out. Look before you send it with \
     another Idempotency-Key.",
);

/// What came of an action.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActionAnswer {
    /// The action.
    #[schema(example = "gmail.send")]
    name: String,
    /// `succeeded` or `failed`.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// What it found or did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Why nothing was done, for people: nothing of that name was found, or several were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Which Anil do you mean?")]
    error: Option<String>,
}

/// The name in the path.
pub(crate) struct Name(String);

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Run an action
///
/// With the connection of `resource`, an end user of yours; without one, with your own. The body holds the arguments as
/// `GET /v1/actions` describes them; people and times may be named as people say them. Nobody is asked to confirm: the
/// request is the confirmation.
#[utoipa::path(
    post, path = "/v1/actions/{name}", tag = "actions",
    params(
        ("name" = String, Path, description = "The action", example = "google-calendar.agenda"),
        ("resource" = Option<String>, Query, description = "Whose connection", example = "ann@example.com"),
        ("timezone" = Option<String>, Query, description = "Where times are meant, unless the calendar says: an IANA name (UTC)", example = "Europe/Berlin"),
        IdempotencyHeader,
    ),
    request_body(content = Object, description = "Arguments", example = json!({"when": "today"})),
    responses(
        (status = 200, description = "What came of it", body = ActionAnswer),
        (status = 409, description = "The provider is not connected, or not any more; `detail` names where it is connected", body = ErrorBody),
        (status = 502, description = "The provider fails, or refuses", body = ErrorBody),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn run_action(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(Name(name)): PathValue<Name>,
    query: QueryParams,
    request: Idempotent<Map<String, Value>>,
) -> Result<Response, ApiError> {
    let Idempotent { body, idempotency } = request;
    let zone = match query.text("timezone")? {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name)
            .map_err(|_| ApiError::invalid_query("timezone", "an IANA name: Europe/Berlin"))?,
    };
    let actions = casp_actions::actions(&context(&api, caller.account, zone));
    let found = actions.into_iter().find(|it| it.name().as_str() == name);
    let Some(action) = found else {
        let mut of_calls = actions_of_calls().into_iter();
        let is_of_calls = of_calls.any(|it| it.name().as_str() == name);
        return Err(if is_of_calls { VOICE_ONLY } else { NO_ACTION });
    };
    let owner = owner_of(&api, caller.account, "query", query.text("resource")?).await?;
    let speaker = speaker(owner);
    let run = move |attempt: Attempt| async move {
        if attempt.is_repeated && action.kind() == ToolKind::Write {
            return Err(MAYBE_DONE);
        }
        let outcome = run(&action, &speaker, Value::Object(body)).await;
        answer(action.name().to_string(), outcome)
    };
    Ok(Idempotency::once(idempotency, &api, caller.account, "actions", run).await)
}

/// Settles and runs one: for requests, which nobody is asked about.
pub(crate) async fn run(
    action: &Arc<dyn Action>,
    speaker: &Speaker,
    arguments: Value,
) -> ToolOutcome {
    match action.prepare(speaker, arguments).await {
        Prepared::Ready { arguments, .. } => action.run(speaker, arguments).await,
        Prepared::Refused(outcome) => outcome,
    }
}

fn answer(name: String, outcome: ToolOutcome) -> Result<Response, ApiError> {
    let why = outcome.error.clone().unwrap_or_default();
    let status = match outcome.failure {
        None | Some(Failure::Unclear | Failure::NotFound | Failure::Unreadable) => {
            let answer = ActionAnswer {
                name,
                status: outcome.status.as_str(),
                result: outcome.result,
                error: outcome.error,
            };
            return Ok(Json(answer).into_response());
        }
        Some(Failure::Arguments) => {
            let wrong = FieldError {
                loc: vec!["body".into()],
                msg: why,
            };
            return Err(ApiError::Invalid(vec![wrong]));
        }
        Some(Failure::NotConnected | Failure::NeedsReauth | Failure::MissingScope) => {
            StatusCode::CONFLICT
        }
        Some(Failure::Refused | Failure::Unavailable | Failure::Unknown) => StatusCode::BAD_GATEWAY,
        Some(Failure::TooMany) => StatusCode::TOO_MANY_REQUESTS,
        Some(Failure::Internal) => return Err(ApiError::Internal),
    };
    let body = ErrorBody {
        detail: why.into(),
        status_code: status.as_u16(),
        errors: Vec::new(),
    };
    Ok(body.into_response())
}
