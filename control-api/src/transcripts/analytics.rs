//! `GET /v1/analytics`: how the calls went, day by day.

use crate::{
    ControlApi,
    auth::Caller,
    clock::{now_ms, rfc3339},
    error::{ApiError, FieldError, Problem},
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_store::transcripts::analytics::{self, Day};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const DAY_MS: i64 = 86_400_000;
/// Days that are shown when nobody says how many, and the most.
const USUAL_DAYS: i64 = 30;
const MOST_DAYS: i64 = 366;

/// Calls by day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Analytics {
    /// RFC 3339.
    #[schema(example = "2024-01-01T00:00:00Z")]
    from: String,
    /// RFC 3339.
    #[schema(example = "2024-01-31T00:00:00Z")]
    to: String,
    /// The first one first; days without calls are left out.
    days: Vec<DayView>,
    /// All of it together.
    totals: Totals,
}

/// The whole time.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Conversations.
    #[schema(example = 120)]
    calls: i64,
    /// Their time together.
    #[schema(example = 340.5)]
    minutes: f64,
}

/// A day (UTC).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayView {
    #[schema(example = "2024-01-15")]
    date: String,
    /// Conversations that began on it.
    #[schema(example = 12)]
    calls: i64,
    /// Their time together.
    #[schema(example = 34.5)]
    minutes: f64,
    latency: LatencyView,
    /// Conversations by how they ended.
    #[schema(example = json!({"completed": 10, "busy": 2}))]
    outcomes: BTreeMap<String, i64>,
    /// By channel.
    #[schema(example = json!({"phone": 11, "web": 1}))]
    channels: BTreeMap<String, i64>,
    /// By who called whom.
    #[schema(example = json!({"inbound": 7, "outbound": 5}))]
    directions: BTreeMap<String, i64>,
}

/// From the end of the user's speech to the first sound of the answer; null before the first answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LatencyView {
    /// Half of the answers came sooner, milliseconds (to within a tenth).
    #[schema(example = 430)]
    median_ms: Option<i64>,
    /// One in twenty came later.
    #[schema(example = 910)]
    p95_ms: Option<i64>,
    /// Answers that are counted.
    #[schema(example = 88)]
    answers: i64,
}

/// Calls, minutes, latency and outcomes by day
#[utoipa::path(
    get, path = "/v1/analytics", tag = "transcripts",
    params(
        ("date_from" = Option<String>, Query, description = "First day; 30 days ago by default", example = "2024-01-01"),
        ("date_to" = Option<String>, Query, description = "Last day; today by default", example = "2024-01-31"),
    ),
    responses((status = 200, description = "The days", body = Analytics), Problem),
    security(("api_key" = []))
)]
pub(crate) async fn show_analytics(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Analytics>, ApiError> {
    let tomorrow = (now_ms().div_euclid(DAY_MS) + 1) * DAY_MS;
    let to = query.time("date_to", true)?.unwrap_or(tomorrow);
    let from = query
        .time("date_from", false)?
        .unwrap_or(to - USUAL_DAYS * DAY_MS);
    if from >= to || to - from > MOST_DAYS * DAY_MS {
        let rule = format!("before date_to, and at most {MOST_DAYS} days");
        return Err(ApiError::Invalid(vec![FieldError::new(
            "query",
            "date_from",
            rule,
        )]));
    }
    let days = analytics::days(&api.config.store, caller.account, from, to).await?;
    let days: Vec<DayView> = days.into_iter().map(view).collect();
    Ok(Json(Analytics {
        from: rfc3339(from),
        to: rfc3339(to),
        totals: Totals {
            calls: days.iter().map(|day| day.calls).sum(),
            minutes: rounded(days.iter().map(|day| day.minutes).sum()),
        },
        days,
    }))
}

fn view(day: Day) -> DayView {
    DayView {
        date: rfc3339(day.begins_at_ms)[..10].to_owned(),
        calls: day.channels.values().sum(),
        minutes: rounded(day.duration_ms as f64 / 60_000.0),
        latency: LatencyView {
            median_ms: day.median_answer_ms,
            p95_ms: day.p95_answer_ms,
            answers: day.answers,
        },
        outcomes: day.outcomes,
        channels: day.channels,
        directions: day.directions,
    }
}

fn rounded(minutes: f64) -> f64 {
    (minutes * 100.0).round() / 100.0
}
