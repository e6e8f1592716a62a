//! Drive API v3 as its reference describes it, strict about what it gets.

use super::query;
use crate::{
    files,
    google::cloud::failure,
    stand_in::{Answer, Received},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub(super) const FILES: &str = "/drive/v3/files";
pub(crate) const UPLOAD: &str = "/upload/drive/v3/files";
const FOLDER: &str = "application/vnd.google-apps.folder";
const DOCUMENT: &str = "application/vnd.google-apps.document";
const SHEET: &str = "application/vnd.google-apps.spreadsheet";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn bad(message: &str) -> Answer {
    failure(400, "badRequest", message)
}

fn file(id: &str, name: &str, mime_type: &str, day: u8, text: &str) -> Value {
    json!({
        "kind": "drive#file", "id": id, "name": name, "mimeType": mime_type, "parents": ["root"],
        "modifiedTime": format!("2026-05-{day:02}T09:30:00.000Z"), "size": "1200", "trashed": false,
        "webViewLink": format!("https://drive.google.com/file/d/{id}/view"), "text": text,
    })
}

/// What the drive holds, the newest first.
fn held() -> Vec<Value> {
    let mut held = vec![
        file(
            "deck",
            "Turbines",
            "application/vnd.google-apps.presentation",
            27,
            "Turbines turn.",
        ),
        file("b-2026", "Budget 2026.xlsx", EXCEL, 26, "Money"),
        file(
            "b-draft",
            "Budget draft",
            DOCUMENT,
            25,
            "We spend less. We earn more.",
        ),
        file("figures", "Figures", SHEET, 24, "month,sum\nMay,4"),
        file(
            "may",
            "Invoice May.pdf",
            "application/pdf",
            23,
            "Invoice of Acme",
        ),
        file(
            "april",
            "Invoice April.pdf",
            "application/pdf",
            22,
            "Invoice of Acme",
        ),
        file(
            "notes",
            "Ann's \"best\" notes.txt",
            "text/plain",
            21,
            "Wind is cheap. It blows.",
        ),
        file("demand", "Plan.txt", "text/plain", 20, files::DEMAND),
        file("damaged", "Damaged.pdf", "application/pdf", 19, ""),
        file("secret", "Secret.pdf", "application/pdf", 18, ""),
        file("bomb", "Bomb.docx", WORD, 17, ""),
        file("letter", "Letter.docx", WORD, 16, "Dear Ann"),
        file("huge", "Huge.pdf", "application/pdf", 15, ""),
        file("photo", "Photo.png", "image/png", 14, ""),
        file("map", "Map", "application/vnd.google-apps.map", 13, ""),
        file("twin-1", "Report.txt", "text/plain", 12, "First report."),
        file("twin-2", "Report.txt", "text/plain", 11, "Second report."),
        file(
            "way",
            "Way to the notes",
            "application/vnd.google-apps.shortcut",
            10,
            "",
        ),
        file("folder", "Budget of all years", FOLDER, 9, ""),
        file("old", "Budget old.txt", "text/plain", 8, "Old"),
    ];
    for file in &mut held {
        match file["id"].as_str().unwrap() {
            "huge" => file["size"] = json!("52428800"),
            "old" => file["trashed"] = json!(true),
            "way" => {
                file["shortcutDetails"] =
                    json!({"targetId": "notes", "targetMimeType": "text/plain"});
            }
            _ => {}
        }
    }
    held
}

fn bytes(file: &Value) -> Vec<u8> {
    let text = file["text"].as_str().unwrap();
    match (
        file["id"].as_str().unwrap(),
        file["mimeType"].as_str().unwrap(),
    ) {
        ("damaged", _) => files::damaged_pdf(),
        ("secret", _) => files::encrypted_pdf(),
        ("bomb", _) => files::zip_bomb(),
        (_, "application/pdf") => files::pdf(text),
        (_, WORD) => files::word(text),
        _ => text.into(),
    }
}

#[derive(Debug, Default)]
struct Made {
    ids: Vec<String>,
    files: Vec<Value>,
}

/// The rules. `ya29.drive` may do everything, `ya29.readonly` only look, `ya29.metadata` see no contents; any other
/// token is refused.
pub(crate) fn rules() -> impl Fn(&Received) -> Answer + Send + Sync + 'static {
    let made = Arc::new(Mutex::new(Made::default()));
    move |received| {
        let mut made = made.lock().unwrap();
        let is_write = received.method == "POST" || received.path.ends_with("/generateIds");
        let reads_content = received.query.get("alt").is_some_and(|alt| alt == "media")
            || received.path.ends_with("/export")
            || received
                .query
                .get("q")
                .is_some_and(|q| q.contains("fullText"));
        let may = match received.token() {
            "ya29.drive" => true,
            "ya29.readonly" => !is_write,
            "ya29.metadata" => !is_write && !reads_content,
            _ => return failure(401, "authError", "Invalid Credentials"),
        };
        if !may {
            let message = "Request had insufficient authentication scopes.";
            return failure(403, "insufficientPermissions", message);
        }
        let id = received
            .path
            .strip_prefix(FILES)
            .and_then(|rest| rest.strip_prefix('/'));
        match (received.method.as_str(), received.path.as_str(), id) {
            ("GET", FILES, _) => list(received, &made),
            ("POST", UPLOAD, _) => create(received, &mut made),
            ("GET", _, Some("generateIds")) => generate(received, &mut made),
            ("GET", _, Some(id)) => match id.strip_suffix("/export") {
                Some(id) => export(received, &made, id),
                None => get(received, &made, id),
            },
            _ => failure(404, "notFound", "Not Found"),
        }
    }
}

fn unknown(received: &Received, known: &[&str]) -> Option<Answer> {
    let mut names = received.query.keys();
    let name = names.find(|name| !known.contains(&name.as_str()))?;
    Some(bad(&format!(
        "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter."
    )))
}

/// A file with the fields that were asked for; without a list, only the usual few.
fn shown(file: &Value, fields: &str) -> Value {
    let fields: Vec<&str> = fields.split([',', '(', ')']).collect();
    let all = file.as_object().unwrap().iter();
    let wanted = all.filter(|(name, _)| fields.contains(&name.as_str()) && *name != "text");
    wanted
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn list(received: &Received, made: &Made) -> Answer {
    let known = [
        "q",
        "fields",
        "pageSize",
        "pageToken",
        "orderBy",
        "corpora",
        "supportsAllDrives",
        "includeItemsFromAllDrives",
    ];
    if let Some(answer) = unknown(received, &known) {
        return answer;
    }
    let query = |name: &str| received.query.get(name).map(String::as_str);
    if !matches!(query("corpora"), None | Some("user")) {
        return bad("The specified corpora is not supported here.");
    }
    if query("includeItemsFromAllDrives") == Some("true")
        && query("supportsAllDrives") != Some("true")
    {
        return bad("includeItemsFromAllDrives requires supportsAllDrives.");
    }
    let size: usize = query("pageSize")
        .unwrap_or("100")
        .parse()
        .unwrap_or_default();
    if !(1..=1000).contains(&size) {
        return failure(400, "invalidParameter", "Invalid value for pageSize.");
    }
    let q = query("q").unwrap_or_default();
    let order = query("orderBy");
    if order.is_some() && q.contains("fullText") {
        let message = "Sorting is not supported for queries with fullText terms. Results are always in descending \
                       relevance order.";
        return failure(403, "forbidden", message);
    }
    if !matches!(order, None | Some("modifiedTime desc" | "recency desc")) {
        return failure(400, "invalid", "Invalid Value");
    }
    let mut found = Vec::new();
    for file in made.files.iter().chain(&held()) {
        match query::fits(q, file) {
            Some(true) => found.push(file.clone()),
            Some(false) => {}
            None => return failure(400, "invalid", "Invalid Value"),
        }
    }
    // A page may be shorter than it was asked to be, and even empty.
    let token: usize = query("pageToken")
        .map_or(Ok(0), str::parse)
        .unwrap_or(usize::MAX);
    let (from, to) = match token {
        0 => (0, size.min(2)),
        1 => (size.min(2), size.min(2)),
        2 => (size.min(2), found.len().max(2)),
        _ => return failure(400, "invalid", "Invalid Value"),
    };
    let fields = query("fields").unwrap_or("id,name,mimeType,kind");
    let files = found.iter().take(to).skip(from).take(size);
    let files: Vec<Value> = files.map(|file| shown(file, fields)).collect();
    let mut page = json!({ "files": files });
    if token < 2 && found.len() > to && fields.contains("nextPageToken") {
        page["nextPageToken"] = json!((token + 1).to_string());
    }
    Answer::json(200, &page)
}

fn found(made: &Made, id: &str) -> Result<Value, Answer> {
    let held = held();
    let found = made.files.iter().chain(&held).find(|file| file["id"] == id);
    found
        .cloned()
        .ok_or_else(|| failure(404, "notFound", &format!("File not found: {id}.")))
}

fn get(received: &Received, made: &Made, id: &str) -> Answer {
    if let Some(answer) = unknown(received, &["alt", "fields", "supportsAllDrives"]) {
        return answer;
    }
    let file = match found(made, id) {
        Ok(file) => file,
        Err(answer) => return answer,
    };
    if received.query.get("alt").map(String::as_str) != Some("media") {
        let fields = received
            .query
            .get("fields")
            .map_or("id,name,mimeType,kind", String::as_str);
        return Answer::json(200, &shown(&file, fields));
    }
    let mime_type = file["mimeType"].as_str().unwrap();
    if mime_type.starts_with("application/vnd.google-apps.") {
        let message =
            "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
        return failure(403, "fileNotDownloadable", message);
    }
    Answer::bytes(200, mime_type, bytes(&file))
}

fn export(received: &Received, made: &Made, id: &str) -> Answer {
    if let Some(answer) = unknown(received, &["mimeType"]) {
        return answer;
    }
    let file = match found(made, id) {
        Ok(file) => file,
        Err(answer) => return answer,
    };
    let wanted = received
        .query
        .get("mimeType")
        .map(String::as_str)
        .unwrap_or_default();
    match (file["mimeType"].as_str().unwrap(), wanted) {
        (_, "") => failure(400, "required", "Required parameter: mimeType"),
        (DOCUMENT | "application/vnd.google-apps.presentation", "text/plain")
        | (SHEET, "text/csv") => Answer::bytes(200, wanted, bytes(&file)),
        (own, _) if own.starts_with("application/vnd.google-apps.") => {
            bad("The requested conversion is not supported.")
        }
        _ => failure(
            403,
            "fileNotExportable",
            "Export only supports Docs Editors files.",
        ),
    }
}

fn generate(received: &Received, made: &mut Made) -> Answer {
    if let Some(answer) = unknown(received, &["count", "space", "type"]) {
        return answer;
    }
    let id = format!("generated-{}", made.ids.len());
    made.ids.push(id.clone());
    let ids = json!({"kind": "drive#generatedIds", "space": "drive", "ids": [id]});
    Answer::json(200, &ids)
}

/// The two parts of `multipart/related`: their types and contents.
pub(crate) fn parts(received: &Received) -> Option<[(String, String); 2]> {
    let boundary = received
        .header("content-type")
        .strip_prefix("multipart/related; boundary=")?;
    let body = String::from_utf8(received.body.to_vec()).ok()?;
    let body = body.strip_prefix(&format!("--{boundary}\r\n"))?;
    let body = body.strip_suffix(&format!("\r\n--{boundary}--\r\n"))?;
    let (first, second) = body.split_once(&format!("\r\n--{boundary}\r\n"))?;
    let part = |part: &str| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        let mime_type = head.strip_prefix("Content-Type: ")?;
        Some((mime_type.to_owned(), content.to_owned()))
    };
    Some([part(first)?, part(second)?])
}

fn create(received: &Received, made: &mut Made) -> Answer {
    if let Some(answer) = unknown(received, &["uploadType", "fields"]) {
        return answer;
    }
    let upload = received.query.get("uploadType").map(String::as_str);
    let (Some("multipart"), Some([metadata, content])) = (upload, parts(received)) else {
        return bad("Malformed multipart body.");
    };
    let Ok(mut file) = serde_json::from_str::<Value>(&metadata.1) else {
        return bad("Parse Error");
    };
    let known = ["id", "name", "mimeType"];
    let fields = file.as_object().unwrap().keys();
    if let Some(name) = fields.clone().find(|name| !known.contains(&name.as_str())) {
        return bad(&format!(
            "Invalid JSON payload received. Unknown name \"{name}\"."
        ));
    }
    if metadata.0 != "application/json; charset=UTF-8" || file["mimeType"] != content.0 {
        return bad("Bad Request");
    }
    if !made.ids.iter().any(|id| file["id"] == **id) {
        return failure(400, "fileIdInvalid", "The provided file ID is not usable.");
    }
    if made.files.iter().any(|other| other["id"] == file["id"]) {
        return failure(
            409,
            "fileIdInUse",
            "A file already exists with the provided ID.",
        );
    }
    file["parents"] = json!(["root"]);
    file["text"] = json!(content.1);
    file["size"] = json!(content.1.len().to_string());
    file["modifiedTime"] = json!("2026-05-28T20:26:40.000Z");
    made.files.push(file.clone());
    let fields = received
        .query
        .get("fields")
        .map_or("id,name,mimeType,kind", String::as_str);
    Answer::json(200, &shown(&file, fields))
}
