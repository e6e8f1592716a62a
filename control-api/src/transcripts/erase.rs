//! `POST /v1/erase`: somebody wants to be forgotten. What can be done at once is; the rest goes on in the background.

use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, FieldError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State, http::StatusCode};
use casp_store::{
    StoreError,
    erasures::{self, Erasure, Round},
    recordings,
    transcripts::{self, Subject},
};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Conversations a round.
const BATCH: u32 = 50;
/// How long the request itself goes on.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Whom to forget: exactly one of the two.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EraseRequest {
    /// A telephone number, a plus and 7 to 15 digits: whoever called from there or was called there, by WhatsApp too.
    #[schema(pattern = r"^\+\d{7,15}$", example = "+15551230001")]
    number: Option<String>,
    /// An end user of yours.
    resource: Option<String>,
}

/// How far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasureView {
    /// Of this erasure.
    #[schema(example = "er_0123456789abcdef0123456789abcdef")]
    id: String,
    /// `running`, `completed`
    #[schema(example = "completed")]
    status: &'static str,
    /// What is gone so far.
    erased: ErasedView,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339; null while it runs. Conversations that still go on are erased when they have ended, webhooks when they
    /// were sent or given up.
    completed_at: Option<String>,
}

/// What is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasedView {
    #[schema(example = 3)]
    transcripts: i64,
    #[schema(example = 1)]
    recordings: i64,
    #[schema(example = 0)]
    messages: i64,
}

/// Erase what is kept of somebody
///
/// Transcripts, audio and messages of this account with that number or end user. A number is also blanked in the lists
/// of calls, scheduled calls and webhook deliveries; calls to it that are yet to be placed are cancelled. Doing it
/// again does nothing more.
#[utoipa::path(
    post, path = "/v1/erase", tag = "transcripts",
    request_body(content = EraseRequest, example = json!({"number": "+15551230001"})),
    responses(
        (status = 200, description = "All is gone", body = ErasureView),
        (status = 202, description = "There is more; look again at `/v1/erase/{id}`", body = ErasureView),
        Problem
    ),
    security(("api_key" = []))
)]
pub(crate) async fn erase(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(request): JsonBody<EraseRequest>,
) -> Result<(StatusCode, Json<ErasureView>), ApiError> {
    let subject = subject(request)?;
    let store = &api.config.store;
    let mut erasure = erasures::begin(store, caller.account, &subject, now_ms()).await?;
    let began = Instant::now();
    while !erasure.is_completed && began.elapsed() < AT_ONCE {
        let before = erasure.transcripts;
        erasure = round(&api, erasure).await?;
        if erasure.transcripts == before {
            break;
        }
    }
    let status = if erasure.is_completed {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(view(erasure))))
}

/// Look at an erasure
#[utoipa::path(
    get, path = "/v1/erase/{id}", tag = "transcripts",
    params(("id" = String, Path, description = "The erasure", example = "er_0123456789abcdef0123456789abcdef")),
    responses((status = 200, description = "How far it is", body = ErasureView), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_erasure(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(id): PathValue<super::TranscriptId>,
) -> Result<Json<ErasureView>, ApiError> {
    const NO_ERASURE: ApiError = ApiError::NotFound("There is no such erasure.");
    let id = id.checked().map_err(|_| NO_ERASURE)?;
    let erasure = erasures::get(&api.config.store, &id).await?;
    let erasure = erasure.filter(|erasure| erasure.account == caller.account);
    erasure.map(|erasure| Json(view(erasure))).ok_or(NO_ERASURE)
}

/// Erases some more. The audio goes first: while a conversation is there, so is the way to its audio.
pub(crate) async fn round(api: &ControlApi, erasure: Erasure) -> Result<Erasure, StoreError> {
    let Some(subject) = erasure.subject.clone() else {
        return Ok(erasure);
    };
    let store = &api.config.store;
    let found = transcripts::about(store, erasure.account, &subject, BATCH).await?;
    let still_needed = match &subject {
        Subject::Number(number) => {
            erasures::forget_number(store, erasure.account, number, now_ms()).await?
        }
        Subject::Resource(_) => 0,
    };
    let mut round = Round {
        is_last: found.over.is_empty() && found.still_live == 0 && still_needed == 0,
        ..Round::default()
    };
    for (id, session_id) in &found.over {
        let recordings = recordings::of_session(store, session_id).await?;
        let of_account = recordings.iter().filter(|r| r.account == erasure.account);
        let mut is_silent = true;
        for recording in of_account {
            match crate::recordings::erase(api, recording).await {
                Ok(()) => round.recordings += 1,
                Err(error) => {
                    is_silent = false;
                    tracing::warn!(%error, recording = recording.sid, "not erased; tried again later");
                }
            }
        }
        if is_silent && transcripts::erase(store, erasure.account, *id).await? {
            round.transcripts += 1;
        }
    }
    let after = erasures::advance(store, &erasure.id, round, now_ms()).await?;
    Ok(after.unwrap_or(erasure))
}

fn subject(request: EraseRequest) -> Result<Subject, ApiError> {
    let given = |text: Option<String>| {
        text.map(|text| text.trim().to_owned())
            .filter(|t| !t.is_empty())
    };
    let subject = match (given(request.number), given(request.resource)) {
        (Some(number), None) if is_number(&number) => Subject::Number(number),
        (Some(_), None) => {
            let msg = "a plus and 7 to 15 digits: +14155550123";
            return Err(super::invalid("number", msg));
        }
        (None, Some(resource)) => Subject::Resource(resource),
        _ => {
            return Err(ApiError::Invalid(vec![FieldError {
                loc: vec!["body".into()],
                msg: "give either number or resource".into(),
            }]));
        }
    };
    if let Subject::Resource(text) = &subject
        && (text.len() > 320 || text.contains(char::is_control))
    {
        return Err(super::invalid(
            "resource",
            "too long, or with control characters",
        ));
    }
    Ok(subject)
}

/// As callers' numbers are (interface §1).
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn view(erasure: Erasure) -> ErasureView {
    ErasureView {
        id: erasure.id,
        status: if erasure.is_completed {
            "completed"
        } else {
            "running"
        },
        erased: ErasedView {
            transcripts: erasure.transcripts,
            recordings: erasure.recordings,
            messages: erasure.messages,
        },
        created_at: rfc3339(erasure.created_at_ms),
        completed_at: erasure.completed_at_ms.map(rfc3339),
    }
}
