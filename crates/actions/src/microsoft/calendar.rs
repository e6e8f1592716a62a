//! Outlook's calendar.

use super::{
    graph::{Graph, Recipient},
    people, zone,
};
use crate::{
    ActionContext, ActionError, ApiRequest, Person, Provider, Speaker,
    calendar::{Calendar, Event, NewEvent, whole_series},
};
use jiff::{Zoned, civil::DateTime, tz::TimeZone};
use reqwest::{Method, header};
use serde::Deserialize;
use serde_json::{Value, json};

const FIELDS: &str = "id,subject,start,end,isAllDay,isCancelled,isOrganizer,type,showAs,organizer,attendees,location";
/// Events a page.
const PAGE: &str = "100";
/// All times go and come in UTC, so that no name of a zone is in between.
const IN_UTC: &str = "outlook.timezone=\"UTC\"";

/// Opens a speaker's Outlook calendar.
pub(crate) fn open_calendar(
    context: &ActionContext,
    speaker: &Speaker,
) -> Result<Box<dyn Calendar>, ActionError> {
    Ok(Box::new(OutlookCalendar {
        graph: Graph::new(context, speaker, Provider::OutlookCalendar)?,
    }))
}

/// The default calendar of one user.
#[derive(Debug)]
struct OutlookCalendar {
    graph: Graph,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    #[serde(rename = "@odata.etag")]
    etag: Option<String>,
    subject: Option<String>,
    start: Moment,
    end: Moment,
    #[serde(default)]
    is_all_day: bool,
    #[serde(default)]
    is_cancelled: bool,
    #[serde(default)]
    is_organizer: bool,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    show_as: String,
    #[serde(default)]
    organizer: Recipient,
    #[serde(default)]
    attendees: Vec<Recipient>,
    location: Option<Location>,
}

/// `{"dateTime": "2026-06-03T15:00:00.0000000", "timeZone": "UTC"}`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moment {
    date_time: DateTime,
    time_zone: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    display_name: Option<String>,
}

impl Moment {
    fn of(moment: &Zoned) -> Value {
        let utc = moment.with_time_zone(TimeZone::UTC).datetime();
        json!({ "dateTime": utc.strftime("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" })
    }

    fn read(&self, wanted: &TimeZone, is_all_day: bool) -> Option<Zoned> {
        // A whole day is a date, wherever one is.
        if is_all_day {
            return self.date_time.to_zoned(wanted.clone()).ok();
        }
        let own = zone::zone(&self.time_zone)?;
        let moment = self.date_time.to_zoned(own).ok()?;
        Some(moment.with_time_zone(wanted.clone()))
    }
}

impl Item {
    fn span(&self, zone: &TimeZone) -> Option<(Zoned, Zoned)> {
        let read = |moment: &Moment| moment.read(zone, self.is_all_day);
        Some((read(&self.start)?, read(&self.end)?))
    }

    fn event(self, zone: &TimeZone) -> Option<Event> {
        let (start, end) = self.span(zone)?;
        let organizer = (!self.is_organizer).then_some(self.organizer);
        let others = organizer.into_iter().chain(self.attendees);
        Some(Event {
            start,
            end,
            id: self.id,
            version: self.etag,
            title: self.subject.unwrap_or_default(),
            is_all_day: self.is_all_day,
            is_recurring: matches!(self.kind.as_str(), "occurrence" | "exception"),
            is_own: self.is_organizer,
            attendees: others.filter_map(Recipient::person).collect(),
            location: self
                .location
                .and_then(|location| location.display_name)
                .filter(|name| !name.is_empty()),
        })
    }
}

impl OutlookCalendar {
    fn unread(&self) -> ActionError {
        ActionError::BadAnswer(self.graph.provider())
    }

    async fn items(&self, from: &Zoned, to: &Zoned) -> Result<Vec<Item>, ActionError> {
        let url = self.graph.url(&["me", "calendarView"]);
        let (from, to) = (from.timestamp().to_string(), to.timestamp().to_string());
        let items: Vec<Item> = self
            .graph
            .all(url, |url| {
                let is_first = url.query().is_none();
                let mut request =
                    ApiRequest::get(url).header(header::HeaderName::from_static("prefer"), IN_UTC);
                if is_first {
                    request = request
                        .query("startDateTime", &from)
                        .query("endDateTime", &to)
                        .query("$select", FIELDS)
                        .query("$orderby", "start/dateTime")
                        .query("$top", PAGE);
                }
                request
            })
            .await?;
        Ok(items
            .into_iter()
            .filter(|item| !item.is_cancelled)
            .collect())
    }

    async fn one(&self, request: ApiRequest, zone: &TimeZone) -> Result<Event, ActionError> {
        let request = request.header(header::HeaderName::from_static("prefer"), IN_UTC);
        let item: Item = self.graph.json(request).await?;
        item.event(zone).ok_or_else(|| self.unread())
    }
}

#[async_trait::async_trait]
impl Calendar for OutlookCalendar {
    async fn zone(&self) -> Result<TimeZone, ActionError> {
        let url = self.graph.url(&["me", "mailboxSettings"]);
        let settings: Value = self.graph.json(ApiRequest::get(url)).await?;
        let name = settings["timeZone"].as_str().unwrap_or_default();
        zone::zone(name).ok_or_else(|| self.unread())
    }

    async fn events(&self, from: &Zoned, to: &Zoned) -> Result<Vec<Event>, ActionError> {
        let items = self.items(from, to).await?.into_iter();
        let events = items.map(|item| item.event(from.time_zone()));
        events.collect::<Option<_>>().ok_or_else(|| self.unread())
    }

    async fn event(&self, id: &str, zone: &TimeZone) -> Result<Event, ActionError> {
        let url = self.graph.url(&["me", "events", id]);
        let request = ApiRequest::get(url)
            .query("$select", FIELDS)
            .header(header::HeaderName::from_static("prefer"), IN_UTC);
        let item: Item = self.graph.json(request).await?;
        if item.kind == "seriesMaster" {
            return Err(whole_series());
        }
        item.event(zone).ok_or_else(|| self.unread())
    }

    async fn create(&self, event: &NewEvent) -> Result<Event, ActionError> {
        let attendee = |person: &Person| {
            json!({
                "emailAddress": { "address": person.email, "name": person.name },
                "type": "required",
            })
        };
        let attendees: Vec<Value> = event.attendees.iter().map(attendee).collect();
        let body = json!({
            "subject": event.title,
            "start": Moment::of(&event.start),
            "end": Moment::of(&event.end),
            "attendees": attendees,
            "body": { "contentType": "text", "content": event.description },
            "transactionId": event.id,
        });
        // Graph makes one event of all requests with the same transactionId.
        let request = ApiRequest::post(self.graph.url(&["me", "events"]), &body).repeatable();
        self.one(request, event.start.time_zone()).await
    }

    async fn reschedule(
        &self,
        event: &Event,
        start: &Zoned,
        end: &Zoned,
    ) -> Result<Event, ActionError> {
        let url = self.graph.url(&["me", "events", &event.id]);
        let times = json!({ "start": Moment::of(start), "end": Moment::of(end) });
        let mut request = ApiRequest::new(Method::PATCH, url).json(&times);
        if let Some(version) = &event.version {
            request = request.header(header::IF_MATCH, version);
        }
        self.one(request, start.time_zone()).await
    }

    async fn cancel(&self, event: &Event) -> Result<(), ActionError> {
        let at = |verb: &str| self.graph.url(&["me", "events", &event.id, verb]);
        let request = if event.attendees.is_empty() {
            let url = self.graph.url(&["me", "events", &event.id]);
            ApiRequest::new(Method::DELETE, url)
        } else {
            ApiRequest::post(at("cancel"), &json!({ "comment": "" }))
        };
        self.graph.bytes(request).await.map(|_| ())
    }

    async fn busy(&self, from: &Zoned, to: &Zoned) -> Result<Vec<(Zoned, Zoned)>, ActionError> {
        let items = self.items(from, to).await?.into_iter();
        let is_taken = |item: &Item| matches!(item.show_as.as_str(), "busy" | "tentative" | "oof");
        let spans = items
            .filter(is_taken)
            .map(|item| item.span(from.time_zone()));
        spans.collect::<Option<_>>().ok_or_else(|| self.unread())
    }

    async fn find_people(&self, name: &str) -> Result<Vec<Person>, ActionError> {
        people::find(&self.graph, name).await
    }
}
