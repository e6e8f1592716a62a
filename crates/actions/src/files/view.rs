//! Files as answers tell of them.

use super::{File, Kind};
use crate::{untrusted::untrusted, when};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

/// The longest name that is told, in characters: others may have given it.
const LONGEST_NAME: usize = 150;

/// A file for speech and for JSON. Others may have named it, so that its name is marked as their words.
#[derive(Debug, Serialize)]
pub(super) struct FileView {
    name: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// As it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    id: String,
}

impl FileView {
    pub(super) fn of(file: &File, zone: &TimeZone) -> Self {
        Self {
            name: untrusted(&name(file)),
            kind: Kind::of(&file.mime_type).map(Kind::label),
            changed: changed(file, zone),
            modified: file.modified.map(|at| at.to_string()),
            size_bytes: file.size,
            link: file.link.clone(),
            id: file.id.clone(),
        }
    }
}

/// A file's name, in one line.
pub(super) fn name(file: &File) -> String {
    let letters = file.name.chars().take(LONGEST_NAME);
    letters
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// When it was changed, as it is said.
pub(super) fn changed(file: &File, zone: &TimeZone) -> Option<String> {
    let at = file.modified?.to_zoned(zone.clone());
    Some(when::spoken(&at))
}

/// What was found: `some` and `none` begin the sentence that says so.
pub(super) fn found(files: &[File], some: &str, none: &str, zone: &TimeZone) -> Value {
    let spoken = match files.len() {
        0 => none.to_owned(),
        count => {
            let plural = if count == 1 { "" } else { "s" };
            format!("{some} {count} file{plural}.")
        }
    };
    let files: Vec<FileView> = files.iter().map(|file| FileView::of(file, zone)).collect();
    json!({"spoken": spoken, "files": files})
}
