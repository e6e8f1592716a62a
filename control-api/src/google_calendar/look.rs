//! What is in the calendar.

use super::{client, problem};
use crate::{
    ControlApi,
    auth::Caller,
    body::JsonBody,
    clock::{now_ms, rfc3339},
    error::{ApiError, ErrorBody, FieldError, Problem},
    query::QueryParams,
};
use axum::{Json, extract::State};
use casp_actions::ApiRequest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

/// An event.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarEvent {
    /// Google's id.
    #[schema(example = "event_id_123")]
    id: String,
    /// Its title.
    #[schema(example = "Team Meeting")]
    summary: Option<String>,
    /// RFC 3339 in UTC; a date where it lasts all day.
    #[schema(example = "2024-01-15T14:00:00Z")]
    start: Option<String>,
    /// Likewise; of all-day events the day after.
    #[schema(example = "2024-01-15T15:00:00Z")]
    end: Option<String>,
    /// Where.
    #[schema(example = "Conference Room A")]
    location: Option<String>,
    /// What about.
    #[schema(example = "Weekly team sync")]
    description: Option<String>,
}

fn google(api: &ControlApi, path: &str) -> Result<Url, ApiError> {
    let root = api.config.oauth.endpoints.google_api.as_str();
    let root = root.trim_end_matches('/');
    Url::parse(&format!("{root}/calendar/v3{path}")).map_err(|_| ApiError::Internal)
}

/// List the next events
#[utoipa::path(
    get, path = "/google-calendar/events", tag = "google calendar",
    params(("max_results" = Option<u32>, Query, description = "How many at most (10)", minimum = 1, maximum = 250, example = 10)),
    responses(
        (status = 200, description = "The next ones first", body = [CalendarEvent]),
        (status = 409, description = "No Google Calendar is connected, or not any more", body = ErrorBody),
        (status = 502, description = "Google does not answer", body = ErrorBody),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn google_calendar_events(
    State(api): State<ControlApi>,
    caller: Caller,
    query: QueryParams,
) -> Result<Json<Vec<CalendarEvent>>, ApiError> {
    let most = query.number("max_results", 1..=250, 10_u32)?;
    let request = ApiRequest::get(google(&api, "/calendars/primary/events")?)
        .query("timeMin", rfc3339(now_ms()))
        .query("maxResults", most.to_string())
        .query("singleEvents", "true")
        .query("orderBy", "startTime");
    let client = client(&api, caller.account).await?;
    let found: Value = client.json(request).await.map_err(problem)?;
    let items = found["items"].as_array().cloned().unwrap_or_default();
    Ok(Json(items.iter().map(event).collect()))
}

fn event(item: &Value) -> CalendarEvent {
    let text = |name: &str| item[name].as_str().map(str::to_owned);
    CalendarEvent {
        id: text("id").unwrap_or_default(),
        summary: text("summary"),
        start: time(&item["start"]),
        end: time(&item["end"]),
        location: text("location"),
        description: text("description"),
    }
}

fn time(value: &Value) -> Option<String> {
    if let Some(time) = value["dateTime"].as_str() {
        let parsed = time.parse::<Timestamp>();
        return Some(parsed.map_or_else(|_| time.to_owned(), |time| time.to_string()));
    }
    value["date"].as_str().map(str::to_owned)
}

/// A span of time.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Span {
    /// RFC 3339.
    #[schema(example = "2024-01-15T00:00:00Z")]
    time_min: String,
    /// RFC 3339.
    #[schema(example = "2024-01-16T00:00:00Z")]
    time_max: String,
}

/// When somebody is busy.
#[derive(Serialize, ToSchema)]
pub(crate) struct Busy {
    /// RFC 3339.
    #[schema(example = "2024-01-15T14:00:00Z")]
    start: String,
    /// RFC 3339.
    #[schema(example = "2024-01-15T15:00:00Z")]
    end: String,
}

/// What is free and what is not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FreeBusy {
    /// As it was asked.
    #[schema(example = "2024-01-15T00:00:00Z")]
    time_min: String,
    /// As it was asked.
    #[schema(example = "2024-01-16T00:00:00Z")]
    time_max: String,
    /// When the calendar is busy.
    busy: Vec<Busy>,
}

/// Look when the calendar is free
#[utoipa::path(
    post, path = "/google-calendar/free-busy", tag = "google calendar",
    request_body = Span,
    responses(
        (status = 200, description = "When it is busy", body = FreeBusy),
        (status = 409, description = "No Google Calendar is connected, or not any more", body = ErrorBody),
        (status = 502, description = "Google does not answer", body = ErrorBody),
        Problem,
    ),
    security(("api_key" = []))
)]
pub(crate) async fn google_calendar_free_busy(
    State(api): State<ControlApi>,
    caller: Caller,
    JsonBody(span): JsonBody<Span>,
) -> Result<Json<FreeBusy>, ApiError> {
    let (from, to) = (
        read(&span.time_min, "timeMin")?,
        read(&span.time_max, "timeMax")?,
    );
    if from >= to {
        return Err(ApiError::invalid_body("timeMax", "must be after timeMin"));
    }
    let body = json!({
        "timeMin": from.to_string(), "timeMax": to.to_string(), "items": [{"id": "primary"}],
    });
    let request = ApiRequest::post(google(&api, "/freeBusy")?, &body).repeatable();
    let client = client(&api, caller.account).await?;
    let found: Value = client.json(request).await.map_err(problem)?;
    let busy = found["calendars"]["primary"]["busy"].as_array();
    let busy = busy.cloned().unwrap_or_default();
    let busy = busy.iter().map(|span| Busy {
        start: span["start"].as_str().unwrap_or_default().to_owned(),
        end: span["end"].as_str().unwrap_or_default().to_owned(),
    });
    Ok(Json(FreeBusy {
        time_min: from.to_string(),
        time_max: to.to_string(),
        busy: busy.collect(),
    }))
}

fn read(text: &str, field: &str) -> Result<Timestamp, ApiError> {
    text.parse().map_err(|_| {
        let rule = "must be a time (2026-01-02T03:04:05Z)";
        ApiError::Invalid(vec![FieldError::new("body", field, rule)])
    })
}
