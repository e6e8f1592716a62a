//! `GET /sessions`, `GET /sessions/{id}`: what is live.

use crate::{
    ControlApi,
    auth::Caller,
    clock::rfc3339,
    error::{ApiError, Problem},
    path::PathValue,
};
use axum::{Json, extract::State};
use casp_store::{
    sessions::{self, Session, SessionKind, SessionState},
    turns,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is live.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(list_sessions))
        .routes(routes!(show_session))
}

/// Turns that the latency is told of.
const LATENCY_TURNS: u32 = 20;

/// Live sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionList {
    /// All of them.
    total: i64,
    /// The same by channel.
    by_type: ByType,
    /// The newest first, at most 1,000.
    sessions: Vec<SessionView>,
}

/// Live sessions by channel.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ByType {
    phone: i64,
    whatsapp: i64,
    web: i64,
    slack: i64,
    teams: i64,
    discord: i64,
    api: i64,
}

impl ByType {
    fn of(&mut self, kind: SessionKind) -> &mut i64 {
        match kind {
            SessionKind::Phone => &mut self.phone,
            SessionKind::Whatsapp => &mut self.whatsapp,
            SessionKind::Web => &mut self.web,
            SessionKind::Slack => &mut self.slack,
            SessionKind::Teams => &mut self.teams,
            SessionKind::Discord => &mut self.discord,
            SessionKind::Api => &mut self.api,
        }
    }
}

/// A live session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    /// `phone-{CallSid}`, `web-{room}`, …
    #[schema(example = "phone-CA0123456789abcdef0123456789abcdef")]
    id: String,
    /// Channel.
    #[serde(rename = "type")]
    #[schema(example = "phone")]
    kind: &'static str,
    /// `active`; ended sessions are not shown.
    #[schema(example = "active")]
    status: &'static str,
    /// LiveKit room.
    #[schema(example = "twilio-CA0123456789abcdef0123456789abcdef")]
    room_name: String,
    /// Who calls; null where there is no number.
    #[schema(example = "+15551230001")]
    from: Option<String>,
    /// Who is called; null where there is no number.
    #[schema(example = "+15551230002")]
    to: Option<String>,
    /// Who answers.
    #[schema(example = "default")]
    assistant: String,
    /// RFC 3339.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    started_at: String,
    /// An agent has taken the session.
    agent_present: bool,
}

/// A live session, with how fast it answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionDetail {
    #[serde(flatten)]
    session: SessionView,
    /// Null before the first answer.
    latency: Option<Latency>,
}

/// From the end of the user's speech to the first sound of the answer, over the last 20 turns.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Latency {
    /// Of the last answer, milliseconds.
    #[schema(example = 412)]
    last_ms: i64,
    /// Median, milliseconds.
    #[schema(example = 430)]
    median_ms: i64,
    /// Answers that are counted.
    #[schema(example = 7)]
    turns: usize,
    /// The parts of the last answer: `endpointing_ms`, `stt_ms`, `llm_first_token_ms`, `tts_first_byte_ms`, `total_ms`.
    #[schema(value_type = Object)]
    last: serde_json::Value,
}

/// List live sessions
#[utoipa::path(
    get, path = "/sessions", tag = "sessions",
    responses((status = 200, description = "Live sessions", body = SessionList), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn list_sessions(
    State(api): State<ControlApi>,
    caller: Caller,
) -> Result<Json<SessionList>, ApiError> {
    let store = &api.config.store;
    let (counts, live) = tokio::try_join!(
        sessions::count_live(store, Some(caller.account)),
        sessions::list_live(store, Some(caller.account))
    )?;
    let mut by_type = ByType::default();
    for (kind, count) in &counts {
        *by_type.of(*kind) = *count;
    }
    Ok(Json(SessionList {
        total: counts.iter().map(|(_, count)| count).sum(),
        by_type,
        sessions: live.into_iter().map(view).collect(),
    }))
}

/// Look at a live session
///
/// 404 once it has ended.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session", example = "phone-CA0123456789abcdef0123456789abcdef")),
    responses((status = 200, description = "The session", body = SessionDetail), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_session(
    State(api): State<ControlApi>,
    caller: Caller,
    PathValue(SessionId(id)): PathValue<SessionId>,
) -> Result<Json<SessionDetail>, ApiError> {
    let store = &api.config.store;
    // PostgreSQL takes no text with NUL in it, and no session has a control character.
    let session = if id.contains(char::is_control) {
        None
    } else {
        sessions::get(store, &id).await?
    };
    let session = session.filter(|s| s.account == caller.account && s.state != SessionState::Ended);
    let session = session.ok_or(ApiError::NotFound("There is no such session."))?;
    let turns = turns::latest(store, &id, LATENCY_TURNS * 2).await?;
    let timings = turns.into_iter().map(|turn| turn.timings);
    Ok(Json(SessionDetail {
        latency: latency(timings),
        session: view(session),
    }))
}

/// Any text: what is no session's id is not found.
pub(crate) struct SessionId(String);

impl From<String> for SessionId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

fn view(session: Session) -> SessionView {
    SessionView {
        kind: session.kind.name(),
        status: "active",
        room_name: session.room_name,
        from: Some(session.from).filter(|from| !from.is_empty()),
        to: Some(session.to).filter(|to| !to.is_empty()),
        assistant: session.assistant,
        started_at: rfc3339(session.started_at_ms),
        agent_present: session.wants_agent && session.worker_id.is_some(),
        id: session.id,
    }
}

/// Of timings, the newest first; turns without an answer have no `total_ms` and do not count.
fn latency(timings: impl Iterator<Item = serde_json::Value>) -> Option<Latency> {
    let answered: Vec<(i64, serde_json::Value)> = timings
        .filter_map(|timing| Some((timing.get("total_ms")?.as_i64()?, timing)))
        .take(LATENCY_TURNS as usize)
        .collect();
    let mut totals: Vec<i64> = answered.iter().map(|(total, _)| *total).collect();
    totals.sort_unstable();
    let median_ms = *totals.get(totals.len() / 2)?;
    let (last_ms, last) = answered.into_iter().next()?;
    Some(Latency {
        last_ms,
        median_ms,
        turns: totals.len(),
        last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn latency_is_that_of_turns_that_were_answered() {
        let timings = [
            json!({"total_ms": 500, "stt_ms": 9}),
            json!({}),
            json!({"total_ms": 100}),
            json!({"total_ms": 300}),
        ];
        let latency = latency(timings.into_iter()).unwrap();
        assert_eq!(
            (latency.last_ms, latency.median_ms, latency.turns),
            (500, 300, 3)
        );
        assert_eq!(latency.last["stt_ms"], 9);
    }

    #[test]
    fn before_the_first_answer_there_is_none() {
        assert_eq!(latency([json!({})].into_iter()), None);
    }
}
