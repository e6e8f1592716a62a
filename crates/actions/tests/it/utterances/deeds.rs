//! What arrived at the providers that changes something, a line each, with all that the user had a say in.

use crate::{
    google::drive::api::parts,
    stand_in::{Received, StandIn},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use jiff::Timestamp;
use mailparse::MailHeaderMap as _;
use serde_json::Value;

/// The lines, in the order they came.
pub(super) fn of(stand_in: &StandIn) -> Vec<String> {
    stand_in.all().iter().filter_map(deed).collect()
}

fn deed(request: &Received) -> Option<String> {
    let (body, method) = (request.json(), request.method.as_str());
    let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    Some(match (method, &path[..]) {
        ("GET", _) | ("POST", [.., "search" | "jql" | "freeBusy" | "conversations.open"]) => {
            return None;
        }
        ("POST", ["calendar", .., "events"]) => {
            created(&body, &body["summary"], &body["description"])
        }
        ("DELETE", ["calendar", .., id] | ["v1.0", "me", "events", id]) => {
            format!("cancel {id}")
        }
        ("POST", ["gmail", .., "send"]) => sent(&body),
        ("POST", ["upload", "drive", ..]) => {
            let [metadata, content] = parts(request)?;
            let metadata: Value = serde_json::from_str(&metadata.1).ok()?;
            format!("save “{}”: {}", text(&metadata["name"]), content.1)
        }
        ("POST", ["v1.0", "me", "events"]) => {
            created(&body, &body["subject"], &body["body"]["content"])
        }
        ("PATCH", ["calendar", .., id] | ["v1.0", "me", "events", id]) => moved(id, &body),
        ("POST", ["v1.0", "me", "events", id, "cancel"]) => format!("cancel {id}"),
        ("POST", ["v1.0", "me", "sendMail"]) => {
            let mail = &body["message"];
            let people = [people(&mail["toRecipients"]), people(&mail["ccRecipients"])];
            mailed(
                &people,
                text(&mail["subject"]),
                text(&mail["body"]["content"]),
            )
        }
        ("POST", ["v1.0", "me", "messages", _, "reply"]) => {
            let mail = &body["message"];
            format!(
                "reply to {}: {}",
                people(&mail["toRecipients"]),
                text(&mail["body"]["content"])
            )
        }
        ("POST", ["v1.0", "chats"]) => {
            let other = text(&body["members"][1]["user@odata.bind"]);
            format!("open a chat with {}", other.split('\'').nth(1)?)
        }
        ("POST", ["v1.0", "chats", chat, "messages"]) => {
            format!("post to {chat}: {}", text(&body["body"]["content"]))
        }
        ("POST", ["v1.0", "teams", team, "channels", channel, "messages"]) => {
            format!(
                "post to {channel} of {team}: {}",
                text(&body["body"]["content"])
            )
        }
        ("PUT", ["v1.0", "me", "drive", place, ..]) => format!(
            "save “{}”: {}",
            path[4..].join("/").trim_end_matches(":/content"),
            lossy(request)
        )
        .replacen("save “”", &format!("save “{place}”"), 1),
        ("POST", ["api", "chat.postMessage"]) => {
            format!(
                "post to {}: {}",
                text(&body["channel"]),
                text(&body["text"])
            )
        }
        ("POST", ["crm", "v3", "objects", "contacts"]) => {
            format!("contact {}", fields(&body["properties"]))
        }
        ("POST", ["crm", "v3", "objects", "notes"]) => {
            let about = text(&body["associations"][0]["to"]["id"]);
            format!(
                "note on {about}: {}",
                text(&body["properties"]["hs_note_body"])
            )
        }
        ("POST", [.., "issue"]) => {
            let issue = &body["fields"];
            let mut line = format!(
                "issue of type {} in {}: {}",
                text(&issue["issuetype"]["id"]),
                text(&issue["project"]["id"]),
                text(&issue["summary"])
            );
            if let Some(who) = issue["assignee"]["accountId"].as_str() {
                line = format!("{line}, for {who}");
            }
            line
        }
        ("POST", [.., "issue", key, "comment"]) => {
            format!(
                "comment on {key}: {}",
                text(&body["body"]["content"][0]["content"][0]["text"])
            )
        }
        ("POST", [.., "issue", key, "transitions"]) => {
            format!("step {} of {key}", text(&body["transition"]["id"]))
        }
        _ => format!("{method} {}", request.path),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn lossy(request: &Received) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// `2026-05-29T18:00-04:00`, or in the zone that stands beside it.
fn moment(value: &Value) -> String {
    let time = text(&value["dateTime"]);
    match time.get(16..19) {
        Some(":00") => format!("{}{}", &time[..16], &time[19..]),
        _ => time.to_owned(),
    }
}

fn minutes(body: &Value) -> i64 {
    let at = |side: &str| {
        let time = text(&body[side]["dateTime"]);
        let stamp = time.parse::<Timestamp>();
        stamp
            .or_else(|_| format!("{time}Z").parse())
            .unwrap()
            .as_second()
    };
    (at("end") - at("start")) / 60
}

fn created(body: &Value, title: &Value, description: &Value) -> String {
    let mut line = format!(
        "create “{}” {} for {} min",
        text(title),
        moment(&body["start"]),
        minutes(body)
    );
    let guests = body["attendees"].as_array().into_iter().flatten();
    let guests: Vec<&str> = guests
        .map(|guest| {
            guest["email"]
                .as_str()
                .unwrap_or_else(|| text(&guest["emailAddress"]["address"]))
        })
        .collect();
    if !guests.is_empty() {
        line = format!("{line} with {}", guests.join(", "));
    }
    if !text(description).is_empty() {
        line = format!("{line} about {}", text(description));
    }
    line
}

fn moved(id: &str, body: &Value) -> String {
    format!(
        "move {id} to {} for {} min",
        moment(&body["start"]),
        minutes(body)
    )
}

fn people(recipients: &Value) -> String {
    let all = recipients.as_array().into_iter().flatten();
    let all: Vec<&str> = all
        .map(|one| text(&one["emailAddress"]["address"]))
        .collect();
    all.join(", ")
}

fn mailed(people: &[String; 2], subject: &str, body: &str) -> String {
    let [to, cc] = people;
    let copy = if cc.is_empty() {
        String::new()
    } else {
        format!(", copy to {cc}")
    };
    format!("mail to {to}{copy}, “{subject}”: {}", body.trim_end())
}

/// A message in MIME.
fn sent(body: &Value) -> String {
    let raw = URL_SAFE.decode(text(&body["raw"])).unwrap();
    let mail = mailparse::parse_mail(&raw).unwrap();
    let addresses = |name: &str| {
        let header = mail.headers.get_first_header(name);
        let list = header.map(|header| mailparse::addrparse_header(header).unwrap());
        let all: Vec<String> = list
            .iter()
            .flat_map(|list| list.iter())
            .map(|one| match one {
                mailparse::MailAddr::Single(one) => one.addr.clone(),
                mailparse::MailAddr::Group(group) => group.group_name.clone(),
            })
            .collect();
        all.join(", ")
    };
    let subject = mail.headers.get_first_value("Subject").unwrap_or_default();
    let line = mailed(
        &[addresses("To"), addresses("Cc")],
        &subject,
        &mail.get_body().unwrap(),
    );
    match body["threadId"].as_str() {
        Some(thread) => format!("{line} (in {thread})"),
        None => line,
    }
}

/// `a=b, c=d`
fn fields(value: &Value) -> String {
    let fields = value.as_object().into_iter().flatten();
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{name}={}", text(value)))
        .collect();
    fields.join(", ")
}
