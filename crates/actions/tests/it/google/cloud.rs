//! Google as its reference describes it: Calendar API v3 and People API v1, strict about what it gets.

use crate::stand_in::{Answer, Received};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

pub(crate) const EVENTS: &str = "/calendar/v3/calendars/primary/events";
pub(crate) const PEOPLE: &str = "/v1/people:searchContacts";

/// A calendar and the address book beside it.
#[derive(Debug)]
pub(crate) struct Cloud {
    /// IANA name.
    pub(crate) zone: String,
    /// In the order of their starts.
    pub(crate) events: Vec<Value>,
}

impl Default for Cloud {
    fn default() -> Self {
        Self {
            zone: "America/New_York".to_owned(),
            events: events(),
        }
    }
}

/// An error as Google's JSON APIs shape it.
pub(crate) fn failure(status: u16, reason: &str, message: &str) -> Answer {
    let error = json!({"error": {
        "code": status,
        "message": message,
        "errors": [{"domain": "global", "reason": reason, "message": message}],
    }});
    Answer::json(status, &error)
}

fn bad(message: &str) -> Answer {
    failure(400, "badRequest", message)
}

/// An event of the user's own, unless `more` says otherwise.
pub(crate) fn event(id: &str, title: &str, start: &str, end: &str, more: &Value) -> Value {
    let mut event = json!({
        "kind": "calendar#event",
        "id": id,
        "etag": format!("\"{id}-1\""),
        "status": "confirmed",
        "summary": title,
        "start": {"dateTime": start, "timeZone": "America/New_York"},
        "end": {"dateTime": end, "timeZone": "America/New_York"},
        "organizer": {"email": "ann@example.com", "self": true},
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}

/// The calendar, in the order of its starts.
fn events() -> Vec<Value> {
    let guests = |name: &str, email: &str| {
        json!({"attendees": [
            {"email": "ann@example.com", "self": true, "responseStatus": "accepted"},
            {"email": email, "displayName": name, "responseStatus": "needsAction"},
            {"email": "room-4@resource.example.com", "resource": true},
        ]})
    };
    vec![
        event(
            "late",
            "Late review",
            "2026-05-28T18:00:00-04:00",
            "2026-05-28T19:00:00-04:00",
            &json!({}),
        ),
        event(
            "declined",
            "Party",
            "2026-05-28T18:00:00-04:00",
            "2026-05-28T22:00:00-04:00",
            &json!({"attendees": [{"email": "ann@example.com", "self": true, "responseStatus": "declined"}]}),
        ),
        event(
            "standup_20260529",
            "Stand-up",
            "2026-05-29T10:00:00-04:00",
            "2026-05-29T10:15:00-04:00",
            &json!({"recurringEventId": "standup"}),
        ),
        event(
            "anil",
            "Call",
            "2026-05-29T14:00:00-04:00",
            "2026-05-29T14:30:00-04:00",
            &guests("Anil Rao", "anil@example.com"),
        ),
        event(
            "budget",
            "Budget",
            "2026-05-29T15:00:00-04:00",
            "2026-05-29T16:00:00-04:00",
            &json!({}),
        ),
        event(
            "board",
            "Board",
            "2026-05-29T17:00:00-04:00",
            "2026-05-29T18:00:00-04:00",
            &json!({"organizer": {"email": "boss@example.com"}}),
        ),
    ]
}

/// The rules, with the usual events.
pub(super) fn answer(received: &Received) -> Answer {
    Cloud::default().answer(received)
}

impl Cloud {
    /// The rules. `ya29.all` may do everything, `ya29.calendar` nothing but the calendar; any other token is refused.
    pub(crate) fn answer(&self, received: &Received) -> Answer {
        match received.token() {
            "ya29.all" => {}
            "ya29.calendar" if received.path != PEOPLE => {}
            "ya29.calendar" => {
                return failure(
                    403,
                    "insufficientPermissions",
                    "Request had insufficient authentication scopes.",
                );
            }
            _ => return failure(401, "authError", "Invalid Credentials"),
        }
        let event = received
            .path
            .strip_prefix(EVENTS)
            .and_then(|rest| rest.strip_prefix('/'));
        match (received.method.as_str(), received.path.as_str(), event) {
            ("GET", EVENTS, _) => self.list(received),
            ("POST", EVENTS, _) => insert(received),
            ("POST", "/calendar/v3/freeBusy", _) => free_busy(received),
            ("GET", PEOPLE, _) => people(received),
            ("PATCH", _, Some(id)) => self.change(received, id, |event| {
                event["start"] = received.json()["start"].clone();
                event["end"] = received.json()["end"].clone();
                Answer::json(200, event)
            }),
            ("DELETE", _, Some(id)) => self.change(received, id, |_| Answer::empty(204)),
            ("GET", _, Some(id)) => self.change(received, id, |event| Answer::json(200, event)),
            _ => failure(404, "notFound", "Not Found"),
        }
    }

    fn list(&self, received: &Received) -> Answer {
        let known = [
            "timeMin",
            "timeMax",
            "singleEvents",
            "orderBy",
            "maxResults",
            "pageToken",
            "fields",
        ];
        if let Some(name) = received.unknown(&known) {
            return bad(&format!("Unknown name \"{name}\""));
        }
        let query = |name: &str| received.query.get(name).map(String::as_str);
        if query("orderBy") == Some("startTime") && query("singleEvents") != Some("true") {
            return bad("The requested ordering is not available for the particular query.");
        }
        let time = |name: &str| query(name).map(str::parse::<Timestamp>).transpose();
        let (Ok(from), Ok(to)) = (time("timeMin"), time("timeMax")) else {
            return bad("Bad Request");
        };
        let at = |event: &Value, side: &str| -> Timestamp {
            event[side]["dateTime"].as_str().unwrap().parse().unwrap()
        };
        let mut items = self.events.clone();
        items.retain(|event| {
            to.is_none_or(|to| at(event, "start") < to)
                && from.is_none_or(|from| at(event, "end") > from)
        });
        let mut page = json!({"kind": "calendar#events", "timeZone": self.zone});
        // Two pages, however few there are.
        if query("fields").is_none() {
            let second = items.split_off(items.len().min(1));
            let is_second = query("pageToken") == Some("second");
            page["items"] = json!(if is_second { second } else { items });
            if !is_second {
                page["nextPageToken"] = json!("second");
            }
        }
        Answer::json(200, &page)
    }

    fn change(
        &self,
        received: &Received,
        id: &str,
        answer: impl Fn(&mut Value) -> Answer,
    ) -> Answer {
        if let Some(name) = received.unknown(&["start", "end", "sendUpdates"]) {
            return bad(&format!("Unknown name \"{name}\""));
        }
        let Some(mut event) = self.events.iter().find(|event| event["id"] == id).cloned() else {
            return failure(404, "notFound", "Not Found");
        };
        let version = received.header("if-match");
        if !version.is_empty() && event["etag"] != version {
            return failure(412, "conditionNotMet", "Precondition Failed");
        }
        let body = received.json();
        if received.method == "PATCH" && !(is_moment(&body["start"]) && is_moment(&body["end"])) {
            return bad("Invalid value for start or end.");
        }
        answer(&mut event)
    }
}

/// `dateTime` with an offset, and a zone that there is.
fn is_moment(value: &Value) -> bool {
    let time = value["dateTime"].as_str().unwrap_or_default();
    let zone = value["timeZone"].as_str().unwrap_or("UTC");
    time.parse::<Timestamp>().is_ok() && TimeZone::get(zone).is_ok()
}

fn insert(received: &Received) -> Answer {
    let known = [
        "id",
        "summary",
        "start",
        "end",
        "attendees",
        "description",
        "sendUpdates",
    ];
    if let Some(name) = received.unknown(&known) {
        return bad(&format!("Unknown name \"{name}\""));
    }
    let body = received.json();
    let id = body["id"].as_str().unwrap_or_default();
    let is_id = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte);
    if !(5..=1024).contains(&id.len()) || !id.bytes().all(is_id) {
        return failure(400, "invalid", "Invalid resource id value.");
    }
    if !is_moment(&body["start"]) || !is_moment(&body["end"]) {
        return bad("Invalid value for start or end.");
    }
    let mut event = body;
    event["etag"] = json!("\"1\"");
    event["status"] = json!("confirmed");
    event["organizer"] = json!({"email": "ann@example.com", "self": true});
    Answer::json(200, &event)
}

fn free_busy(received: &Received) -> Answer {
    if let Some(name) = received.unknown(&["timeMin", "timeMax", "timeZone", "items"]) {
        return bad(&format!("Unknown name \"{name}\""));
    }
    let body = received.json();
    let is_time = |name: &str| {
        let time = body[name].as_str().unwrap_or_default();
        time.parse::<Timestamp>().is_ok()
    };
    if !is_time("timeMin") || !is_time("timeMax") || body["items"] != json!([{"id": "primary"}]) {
        return bad("Bad Request");
    }
    let busy = json!([{"start": "2026-05-29T18:00:00Z", "end": "2026-05-29T18:30:00Z"}]);
    Answer::json(
        200,
        &json!({"kind": "calendar#freeBusy", "calendars": {"primary": {"busy": busy}}}),
    )
}

fn people(received: &Received) -> Answer {
    if let Some(name) = received.unknown(&["query", "readMask", "pageSize"]) {
        return bad(&format!("Unknown name \"{name}\""));
    }
    if !received.query.contains_key("readMask") {
        return failure(400, "invalidArgument", "personFields mask is required.");
    }
    let known = [
        ("Ramesh Kumar", "ramesh@example.com"),
        ("Priya Nair", "nair@example.com"),
        ("Priya Sharma", "sharma@example.com"),
    ];
    let query = received
        .query
        .get("query")
        .map(|query| query.to_lowercase());
    let query = query.filter(|query| !query.is_empty());
    let is_it = |name: &str| {
        let name = name.to_lowercase();
        let begins = |query: &String| {
            name.starts_with(query) || name.split(' ').any(|word| word.starts_with(query))
        };
        query.as_ref().is_some_and(begins)
    };
    let results: Vec<Value> = known
        .iter()
        .filter(|(name, _)| is_it(name))
        .map(|(name, email)| {
            json!({"person": {"names": [{"displayName": name}], "emailAddresses": [{"value": email}]}})
        })
        .collect();
    // Google leaves an empty list out.
    let answer = if results.is_empty() {
        json!({})
    } else {
        json!({"results": results})
    };
    Answer::json(200, &answer)
}
