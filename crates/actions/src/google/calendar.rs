//! Calendar API v3: the user's primary calendar.

use super::{
    hosts::Api,
    people::{self, Contacts},
};
use crate::{
    ActionContext, ActionError, ApiClient, ApiRequest, Endpoints, Person, Provider, Speaker,
    calendar::{Calendar, Event, NewEvent, whole_series},
};
use jiff::{Timestamp, ToSpan as _, Zoned, civil::Date, tz::TimeZone};
use reqwest::{Method, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use url::Url;

/// Events on a page; Google's default.
const PAGE: &str = "250";
/// Pages that are read of one span.
const MOST_PAGES: usize = 4;
/// How far events are searched for people whom the address book does not have.
const DAYS_OF_PEOPLE: i32 = 60;

/// Opens a speaker's Google Calendar.
pub(crate) fn open_calendar(
    context: &ActionContext,
    speaker: &Speaker,
) -> Result<Box<dyn Calendar>, ActionError> {
    Ok(Box::new(GoogleCalendar {
        client: context.client(speaker, Provider::GoogleCalendar)?,
        endpoints: context.services.endpoints.clone(),
        now: context.services.now,
    }))
}

/// The primary calendar of one user.
#[derive(Debug)]
struct GoogleCalendar {
    client: ApiClient,
    endpoints: Endpoints,
    now: fn() -> Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    time_zone: Option<String>,
    next_page_token: Option<String>,
}

/// <https://developers.google.com/workspace/calendar/api/v3/reference/events>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    etag: Option<String>,
    status: Option<String>,
    summary: Option<String>,
    location: Option<String>,
    start: Option<Moment>,
    end: Option<Moment>,
    recurring_event_id: Option<String>,
    /// The rules of a series; its occurrences have none.
    #[serde(default)]
    recurrence: Vec<String>,
    organizer: Option<Guest>,
    #[serde(default)]
    guests_can_modify: bool,
    #[serde(default)]
    attendees: Vec<Guest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moment {
    date: Option<Date>,
    date_time: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Guest {
    #[serde(default)]
    email: String,
    #[serde(default)]
    display_name: String,
    #[serde(default, rename = "self")]
    is_self: bool,
    #[serde(default)]
    resource: bool,
    response_status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct FreeBusy {
    calendars: HashMap<String, Busy>,
}

#[derive(Debug, Deserialize)]
struct Busy {
    #[serde(default)]
    busy: Vec<BusySpan>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct BusySpan {
    start: Timestamp,
    end: Timestamp,
}

impl Moment {
    fn zoned(&self, zone: &TimeZone) -> Option<Zoned> {
        match (self.date_time, self.date) {
            (Some(moment), _) => Some(moment.to_zoned(zone.clone())),
            (None, Some(date)) => date.to_zoned(zone.clone()).ok(),
            (None, None) => None,
        }
    }
}

impl Item {
    /// The event, unless it is cancelled or the user has declined it.
    fn event(self, zone: &TimeZone) -> Option<Event> {
        let is_declined =
            |guest: &Guest| guest.is_self && guest.response_status.as_deref() == Some("declined");
        if self.status.as_deref() == Some("cancelled") || self.attendees.iter().any(is_declined) {
            return None;
        }
        let start = self.start?;
        Some(Event {
            is_all_day: start.date_time.is_none(),
            start: start.zoned(zone)?,
            end: self.end?.zoned(zone)?,
            id: self.id,
            version: self.etag,
            title: self.summary.unwrap_or_else(|| "No title".to_owned()),
            is_recurring: self.recurring_event_id.is_some(),
            is_own: self.guests_can_modify
                || self.organizer.is_none_or(|organizer| organizer.is_self),
            attendees: self
                .attendees
                .into_iter()
                .filter(|guest| !guest.is_self && !guest.resource)
                .map(|guest| Person {
                    name: guest.display_name,
                    email: guest.email,
                })
                .collect(),
            location: self.location,
        })
    }
}

impl GoogleCalendar {
    fn url(&self, segments: &[&str]) -> Url {
        let mut path = vec!["calendars", "primary", "events"];
        path.extend(segments);
        Api::Calendar.url(&self.endpoints, &path)
    }

    fn bad_answer(&self) -> ActionError {
        ActionError::BadAnswer(self.client.provider())
    }

    fn read(&self, item: Item, zone: &TimeZone) -> Result<Event, ActionError> {
        item.event(zone).ok_or_else(|| self.bad_answer())
    }
}

/// A time as the API takes it: RFC 3339 with an offset, and the zone by which a series goes on.
fn moment(at: &Zoned) -> Value {
    match at.time_zone().iana_name() {
        Some(zone) => json!({"dateTime": rfc3339(at), "timeZone": zone}),
        None => json!({"dateTime": rfc3339(at)}),
    }
}

fn rfc3339(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[async_trait::async_trait]
impl Calendar for GoogleCalendar {
    async fn zone(&self) -> Result<TimeZone, ActionError> {
        // The list of events tells it under the scope that they are read with; the settings ask for one of their own.
        let request = ApiRequest::get(self.url(&[]))
            .query("maxResults", "1")
            .query("fields", "timeZone");
        let page: Page = self.client.json(request).await?;
        let zone = page.time_zone.and_then(|zone| TimeZone::get(&zone).ok());
        zone.ok_or_else(|| self.bad_answer())
    }

    async fn events(&self, from: &Zoned, to: &Zoned) -> Result<Vec<Event>, ActionError> {
        let mut events = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = ApiRequest::get(self.url(&[]))
                .query("timeMin", rfc3339(from))
                .query("timeMax", rfc3339(to))
                .query("singleEvents", "true")
                .query("orderBy", "startTime")
                .query("maxResults", PAGE);
            if let Some(token) = &token {
                request = request.query("pageToken", token);
            }
            let page: Page = self.client.json(request).await?;
            let zone = from.time_zone();
            events.extend(page.items.into_iter().filter_map(|item| item.event(zone)));
            token = page.next_page_token;
            if token.is_none() {
                break;
            }
        }
        Ok(events)
    }

    async fn event(&self, id: &str, zone: &TimeZone) -> Result<Event, ActionError> {
        let item: Item = self.client.json(ApiRequest::get(self.url(&[id]))).await?;
        if !item.recurrence.is_empty() {
            return Err(whole_series());
        }
        // Google also tells of those that are cancelled.
        let gone = || ActionError::NotFound("That event is not on your calendar any more.".into());
        item.event(zone).ok_or_else(gone)
    }

    async fn create(&self, event: &NewEvent) -> Result<Event, ActionError> {
        let attendees: Vec<Value> = event
            .attendees
            .iter()
            .map(|person| match person.name.as_str() {
                "" => json!({"email": person.email}),
                name => json!({"email": person.email, "displayName": name}),
            })
            .collect();
        let mut body = json!({
            "id": event.id,
            "summary": event.title,
            "start": moment(&event.start),
            "end": moment(&event.end),
            "attendees": attendees,
        });
        if !event.description.is_empty() {
            body["description"] = json!(event.description);
        }
        // The id makes a repetition harmless.
        let request = ApiRequest::post(self.url(&[]), &body)
            .query("sendUpdates", "all")
            .repeatable();
        let made: Item = match self.client.json(request).await {
            // An earlier attempt has made it.
            Err(ActionError::Refused { status: 409, .. }) => {
                let request = ApiRequest::get(self.url(&[&event.id]));
                self.client.json(request).await?
            }
            made => made?,
        };
        self.read(made, event.start.time_zone())
    }

    async fn reschedule(
        &self,
        event: &Event,
        start: &Zoned,
        end: &Zoned,
    ) -> Result<Event, ActionError> {
        let body = json!({"start": moment(start), "end": moment(end)});
        let mut request = ApiRequest::new(Method::PATCH, self.url(&[&event.id]))
            .query("sendUpdates", "all")
            .json(&body);
        if let Some(version) = &event.version {
            request = request.header(header::IF_MATCH, version);
        }
        let moved = self.client.json(request).await?;
        self.read(moved, start.time_zone())
    }

    async fn cancel(&self, event: &Event) -> Result<(), ActionError> {
        let mut request =
            ApiRequest::new(Method::DELETE, self.url(&[&event.id])).query("sendUpdates", "all");
        if let Some(version) = &event.version {
            request = request.header(header::IF_MATCH, version);
        }
        self.client.bytes(request).await?;
        Ok(())
    }

    async fn busy(&self, from: &Zoned, to: &Zoned) -> Result<Vec<(Zoned, Zoned)>, ActionError> {
        let body = json!({
            "timeMin": rfc3339(from),
            "timeMax": rfc3339(to),
            "items": [{"id": "primary"}],
        });
        let url = Api::Calendar.url(&self.endpoints, &["freeBusy"]);
        let request = ApiRequest::post(url, &body).repeatable();
        let mut answer: FreeBusy = self.client.json(request).await?;
        let primary = answer.calendars.remove("primary");
        let primary = primary.filter(|calendar| calendar.errors.is_empty());
        let zone = from.time_zone();
        let span = |span: BusySpan| {
            let moment = |at: Timestamp| at.to_zoned(zone.clone());
            (moment(span.start), moment(span.end))
        };
        let busy = primary.ok_or_else(|| self.bad_answer())?.busy;
        Ok(busy.into_iter().map(span).collect())
    }

    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError> {
        let known = people::named(&self.client, &self.endpoints, Contacts::Own, name).await?;
        if !known.is_empty() {
            return Ok(known);
        }
        // Whom one met, or will.
        let now = (self.now)().to_zoned(TimeZone::UTC);
        let from = now.saturating_sub(DAYS_OF_PEOPLE.days());
        let to = now.saturating_add(DAYS_OF_PEOPLE.days());
        let name = name.to_lowercase();
        let mut met: Vec<Person> = Vec::new();
        for person in self
            .events(&from, &to)
            .await?
            .into_iter()
            .flat_map(|event| event.attendees)
        {
            let is_named = format!("{} {}", person.name, person.email)
                .to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| word == name);
            let is_named = is_named || person.name.to_lowercase().contains(&name);
            if is_named && !met.contains(&person) {
                met.push(person);
            }
        }
        Ok(met)
    }
}
