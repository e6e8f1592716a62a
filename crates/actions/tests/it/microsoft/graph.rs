//! Microsoft Graph v1.0, as its reference describes calendars and contacts.

use crate::stand_in::{Answer, Received};
use axum::http::Method;
use serde_json::{Value, json};

pub(super) fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "error": { "code": code, "message": message } }),
    )
}

fn bad(message: &str) -> Answer {
    refused(400, "ErrorInvalidRequest", message)
}

fn event(id: &str, subject: &str, hours: (u8, u8), is_organizer: bool, guests: &Value) -> Value {
    let at = |hour: u8| json!({ "dateTime": format!("2026-05-29T{hour:02}:00:00.0000000"), "timeZone": "UTC" });
    json!({
        "@odata.etag": format!("W/\"{id}\""), "id": id, "subject": subject, "type": "singleInstance",
        "start": at(hours.0), "end": at(hours.1), "isAllDay": false, "isCancelled": false,
        "isOrganizer": is_organizer, "showAs": if id == "alone" { "free" } else { "busy" },
        "organizer": { "emailAddress": { "name": "Boss", "address": "boss@example.com" } },
        "attendees": guests, "location": { "displayName": "" },
    })
}

pub(crate) fn answer(request: &Received) -> Answer {
    match request.token() {
        "all" => {}
        "bare" => return refused(403, "ErrorAccessDenied", "Access is denied."),
        _ => {
            return refused(
                401,
                "InvalidAuthenticationToken",
                "Access token has expired.",
            );
        }
    }
    let Some(path) = request.path.strip_prefix("/v1.0/me/") else {
        return refused(400, "BadRequest", "Resource not found for the segment.");
    };
    match (&request.method, path) {
        (&Method::GET, "mailboxSettings") => {
            Answer::json(200, &json!({ "timeZone": "W. Europe Standard Time" }))
        }
        (&Method::GET, "calendarView") => view(request),
        (&Method::POST, "events") => create(&request.json()),
        (&Method::PATCH, "events/own=") => {
            if request.unknown(&["start", "end"]).is_some() || request.header("if-match").is_empty()
            {
                return bad("An update needs its version and known fields.");
            }
            Answer::json(200, &event("own=", "Budget", (14, 15), true, &json!([])))
        }
        (&Method::POST, "events/own=/cancel") if request.unknown(&["comment"]).is_none() => {
            Answer::empty(202)
        }
        (&Method::DELETE, "events/alone") => Answer::empty(204),
        (&Method::GET, "contacts") => contacts(request),
        (&Method::GET, "people") => refused(403, "ErrorAccessDenied", "Access is denied."),
        _ => refused(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        ),
    }
}

fn view(request: &Received) -> Answer {
    if request.header("prefer") != "outlook.timezone=\"UTC\"" {
        return bad("The times would be in another zone.");
    }
    let mut next = request.root_of("/v1.0/me/calendarView");
    if request.query.contains_key("$skip") {
        let anil = json!([{ "type": "required", "emailAddress": { "name": "Anil Rao", "address": "anil@example.com" } }]);
        let events = [
            event("own=", "Budget", (13, 14), true, &anil),
            event("alone", "Dentist", (16, 17), true, &json!([])),
        ];
        return Answer::json(200, &json!({ "value": events }));
    }
    let known = [
        "startDateTime",
        "endDateTime",
        "$select",
        "$orderby",
        "$top",
    ];
    let is_time = |name: &str| {
        let time = request.query.get(name);
        time.is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok())
    };
    if request.unknown(&known).is_some() || !is_time("startDateTime") || !is_time("endDateTime") {
        return bad(
            "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
        );
    }
    next.push_str("?%24skip=100");
    let first = [event("invited", "Standup", (7, 8), false, &json!([]))];
    Answer::json(200, &json!({ "value": first, "@odata.nextLink": next }))
}

fn create(body: &Value) -> Answer {
    let known = [
        "subject",
        "start",
        "end",
        "attendees",
        "body",
        "transactionId",
    ];
    let fields = body.as_object().unwrap();
    if let Some(odd) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return refused(
            400,
            "RequestBodyRead",
            &format!("The property '{odd}' does not exist on type 'microsoft.graph.event'."),
        );
    }
    let time = body["start"]["dateTime"].as_str().unwrap_or_default();
    if time.parse::<jiff::civil::DateTime>().is_err() || body["start"]["timeZone"] != "UTC" {
        return refused(
            400,
            "TimeZoneNotSupportedException",
            "A valid TimeZone value must be specified.",
        );
    }
    let mut made = event("new", "", (16, 17), true, &body["attendees"]);
    for field in ["subject", "start", "end"] {
        made[field] = body[field].clone();
    }
    Answer::json(201, &made)
}

fn contacts(request: &Received) -> Answer {
    if request.unknown(&["$filter", "$select", "$top"]).is_some() {
        return refused(400, "BadRequest", "The query option is not supported.");
    }
    let anil = json!({ "displayName": "Anil Rao", "emailAddresses": [{ "name": "Anil", "address": "anil@example.com" }] });
    let found = if request.query["$filter"].contains("'Anil'") {
        json!([anil])
    } else {
        json!([])
    };
    Answer::json(200, &json!({ "value": found }))
}
