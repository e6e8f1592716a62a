//! OneDrive in Microsoft Graph v1.0, as its reference describes it, and the store that its contents are fetched from.

use crate::{
    files,
    stand_in::{Answer, Received},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use url::Url;

pub(super) const WORD: &str =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

pub(super) fn refused(status: u16, code: &str, message: &str) -> Answer {
    let error =
        json!({"error": {"code": code, "message": message, "innerError": {"request-id": "1"}}});
    Answer::json(status, &error)
}

fn missing() -> Answer {
    refused(404, "itemNotFound", "The resource could not be found.")
}

fn item(id: &str, name: &str, mime_type: &str, day: u8, text: &str) -> Value {
    json!({
        "id": id, "name": name, "size": text.len(), "text": text,
        "lastModifiedDateTime": format!("2026-05-{day:02}T09:30:00Z"),
        "webUrl": format!("https://tenant-my.sharepoint.com/{id}"),
        "file": {"mimeType": mime_type}, "parentReference": {"driveId": "own!1", "path": "/drive/root:"},
    })
}

/// What the drive holds, in no order.
fn held() -> Vec<Value> {
    let mut held = vec![
        item(
            "draft",
            "Budget draft.docx",
            WORD,
            20,
            "We spend less. We earn more.",
        ),
        item(
            "b-2026",
            "Budget 2026.txt",
            "text/plain",
            26,
            "Money for wind",
        ),
        item(
            "notes",
            "Ann's notes.txt",
            "text/plain",
            21,
            "Wind is cheap. It blows.",
        ),
        item(
            "may",
            "Invoice May.pdf",
            "application/pdf",
            23,
            "Invoice of Acme",
        ),
        item(
            "april",
            "Invoice April.pdf",
            "application/pdf",
            22,
            "Invoice of Acme",
        ),
        item("demand", "Plan.txt", "text/plain", 19, files::DEMAND),
        item("damaged", "Damaged.pdf", "application/pdf", 18, ""),
        item("bomb", "Bomb.docx", WORD, 17, ""),
        item("huge", "Huge.pdf", "application/pdf", 16, ""),
    ];
    held[8]["size"] = json!(52_428_800);
    let mut folder = item("folder", "Budget of all years", "", 15, "");
    folder["folder"] = json!({"childCount": 3});
    folder.as_object_mut().unwrap().remove("file");
    let shared = json!({
        "id": "here", "name": "Shared plan.txt", "lastModifiedDateTime": "2026-05-01T09:30:00Z", "text": "",
        "remoteItem": {
            "id": "there", "name": "Shared plan.txt", "size": 16, "file": {"mimeType": "text/plain"},
            "lastModifiedDateTime": "2026-05-27T09:30:00Z", "parentReference": {"driveId": "other!2"},
        },
    });
    held.extend([folder, shared]);
    held
}

fn bytes(item: &Value) -> Vec<u8> {
    let text = item["text"].as_str().unwrap();
    match (
        item["id"].as_str().unwrap(),
        item["file"]["mimeType"].as_str().unwrap(),
    ) {
        ("damaged", _) => files::damaged_pdf(),
        ("bomb", _) => files::zip_bomb(),
        (_, "application/pdf") => files::pdf(text),
        (_, WORD) => files::word(text),
        _ => text.into(),
    }
}

/// A path without its codes.
fn decoded(path: &str) -> String {
    let coded = format!("path={}", path.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(coded.as_bytes());
    pairs.next().unwrap().1.into_owned()
}

#[derive(Debug)]
struct Drive {
    store: Url,
    made: Vec<Value>,
    tells_recent: bool,
}

/// The rules of Graph. `all` may do everything, `read` only look, `bare` nothing; any other token is refused. Contents
/// are at `store`.
pub(crate) fn rules(
    store: Url,
    tells_recent: bool,
) -> impl Fn(&Received) -> Answer + Send + Sync + 'static {
    let drive = Arc::new(Mutex::new(Drive {
        store,
        made: Vec::new(),
        tells_recent,
    }));
    move |received| {
        let is_write = received.method != "GET";
        match received.token() {
            "all" => {}
            "read" if !is_write => {}
            "read" | "bare" => return refused(403, "accessDenied", "Access denied"),
            _ => {
                let message = "Access token has expired or is not yet valid.";
                return refused(401, "InvalidAuthenticationToken", message);
            }
        }
        answer(received, &mut drive.lock().unwrap())
    }
}

fn answer(received: &Received, drive: &mut Drive) -> Answer {
    let path = decoded(&received.path);
    let Some(path) = path.strip_prefix("/v1.0/") else {
        return refused(400, "BadRequest", "Invalid version.");
    };
    let all: Vec<Value> = drive.made.iter().cloned().chain(held()).collect();
    if let Some(search) = path.strip_prefix("me/drive/root/search(q='") {
        return search
            .strip_suffix("')")
            .and_then(unquoted)
            .map_or_else(invalid, |words| collection(received, &found(&all, &words)));
    }
    let id = path
        .strip_prefix("drives/own!1/items/")
        .and_then(|rest| rest.strip_suffix("/content"));
    if let Some(id) = id {
        return if all
            .iter()
            .any(|item| item["id"] == id && item.get("file").is_some())
        {
            redirection(drive, id)
        } else {
            missing()
        };
    }
    if path == "drives/other!2/items/there/content" {
        return redirection(drive, "there");
    }
    match (received.method.as_str(), path) {
        ("GET", "me/drive/recent") if !received.query.is_empty() => invalid(),
        ("GET", "me/drive/recent") => {
            let shared = all
                .iter()
                .filter(|item| item["id"] == "here" || item["id"] == "notes");
            let told: Vec<Value> = shared.rev().map(without_text).collect();
            let told = if drive.tells_recent { told } else { Vec::new() };
            Answer::json(200, &json!({ "value": told }))
        }
        ("GET", "me/drive/root/children") => collection(received, &all),
        (method, path) => match (method, path.strip_prefix("me/drive/root:/")) {
            ("GET", Some(name)) => {
                let named = all.iter().find(|item| item["name"] == name);
                named.map_or_else(missing, |item| Answer::json(200, &without_text(item)))
            }
            ("PUT", Some(place)) => match place.strip_suffix(":/content") {
                Some(name) => put(received, drive, &all, name),
                None => invalid(),
            },
            _ => missing(),
        },
    }
}

fn invalid() -> Answer {
    refused(400, "invalidRequest", "Invalid request")
}

fn redirection(drive: &Drive, id: &str) -> Answer {
    let place = format!("{}kept/{id}?tempauth=v1.let-me-in", drive.store);
    Answer::empty(302).header("location", place)
}

fn without_text(item: &Value) -> Value {
    let mut item = item.clone();
    item.as_object_mut().unwrap().remove("text");
    item
}

/// A text in quotes, within which each quote is doubled.
fn unquoted(text: &str) -> Option<String> {
    let single = text.replace("''", "");
    (!single.contains('\'') && !text.contains('/')).then(|| text.replace("''", "'"))
}

fn found(all: &[Value], words: &str) -> Vec<Value> {
    let has = |item: &&Value, word: &str| {
        let text = item["text"].as_str().unwrap_or_default();
        let all = format!("{} {text}", item["name"].as_str().unwrap()).to_lowercase();
        all.contains(&word.to_lowercase())
    };
    let fits = |item: &&Value| words.split(' ').all(|word| has(item, word));
    all.iter().filter(fits).cloned().collect()
}

/// Two pages, whatever was asked for.
fn collection(received: &Received, items: &[Value]) -> Answer {
    let known = ["$select", "$top", "$orderby", "$skiptoken"];
    let mut names = received.query.keys();
    if names.any(|name| !known.contains(&name.as_str())) {
        return invalid();
    }
    let order = received.query.get("$orderby").map(String::as_str);
    if !matches!(order, None | Some("lastModifiedDateTime desc" | "name")) {
        return invalid();
    }
    let mut items = items.to_vec();
    if order == Some("lastModifiedDateTime desc") {
        items.sort_by_key(|item| std::cmp::Reverse(item["lastModifiedDateTime"].to_string()));
    }
    let middle = items.len() / 2;
    if received.query.contains_key("$skiptoken") {
        let rest: Vec<Value> = items[middle..].iter().map(without_text).collect();
        return Answer::json(200, &json!({ "value": rest }));
    }
    let first: Vec<Value> = items[..middle].iter().map(without_text).collect();
    let order = order.map(|order| format!("&%24orderby={}", order.replace(' ', "%20")));
    let next = received.root_of(&received.path);
    let next = format!("{next}?%24skiptoken=2{}", order.unwrap_or_default());
    Answer::json(200, &json!({ "value": first, "@odata.nextLink": next }))
}

fn put(received: &Received, drive: &mut Drive, all: &[Value], name: &str) -> Answer {
    let mut names = received.query.keys();
    if names.any(|name| name != "@microsoft.graph.conflictBehavior") {
        return invalid();
    }
    if name.contains(['"', '*', ':', '<', '>', '?', '/', '\\', '|']) {
        return refused(
            400,
            "invalidRequest",
            "The provided name cannot contain those signs.",
        );
    }
    let is_there = all.iter().any(|item| item["name"] == name);
    match (
        received
            .query
            .get("@microsoft.graph.conflictBehavior")
            .map(String::as_str),
        is_there,
    ) {
        (Some("fail"), true) => {
            let message = "The specified item name already exists under the parent.";
            refused(409, "nameAlreadyExists", message)
        }
        (Some("fail"), false) => {
            let text = String::from_utf8_lossy(&received.body);
            let mut made = item("made", name, received.header("content-type"), 28, &text);
            made["size"] = json!(received.body.len());
            drive.made.push(made.clone());
            Answer::json(201, &without_text(&made))
        }
        // It would overwrite.
        _ => invalid(),
    }
}

/// The store. Who shows it a token has given it away.
pub(crate) fn store(received: &Received) -> Answer {
    if !received.header("authorization").is_empty() {
        return Answer::empty(401);
    }
    let is_let_in = received
        .query
        .get("tempauth")
        .is_some_and(|auth| auth == "v1.let-me-in");
    let id = received.path.strip_prefix("/kept/");
    let held = held();
    let kept = held
        .iter()
        .find(|item| id.is_some_and(|id| item["id"] == id));
    match (is_let_in, id, kept) {
        (false, _, _) => Answer::empty(403),
        (true, Some("there"), _) => Answer::bytes(200, "text/plain", "Theirs, not ours"),
        (true, Some("made"), _) => Answer::bytes(200, "text/plain", "Buy wind."),
        (true, _, Some(item)) => Answer::bytes(200, "application/octet-stream", bytes(item)),
        _ => Answer::empty(404),
    }
}
