//! Wishes about files.

use super::Intent;
use crate::builtin::assistant::words::Words;

const FILE: &[&str] = &[
    "file",
    "document",
    "presentation",
    "spreadsheet",
    "folder",
    "slides",
    "drive",
    "onedrive",
    "report",
    "budget",
    "pdf",
    "invoice",
    "contract",
];

pub(super) fn wish(words: &Words) -> Option<Intent> {
    let is_file = words.has(FILE);
    let is_drive = words.has(&["drive", "onedrive"]);
    if words.has(&["what is in"]) && is_file {
        return Some(if is_drive {
            Intent::RecentFiles
        } else {
            Intent::SummarizeFile
        });
    }
    if words.has(&["summarize", "summarise", "sum up", "summary"]) {
        return Some(Intent::SummarizeFile);
    }
    let makes = words.has(&["upload", "save"]) || words.begins_with(&["create", "make"]);
    if makes && (is_file || words.says(&["note"])) {
        return Some(Intent::UploadFile);
    }
    if is_file
        && words.has(&[
            "recent",
            "recently",
            "last files",
            "opened last",
            "latest files",
        ])
    {
        return Some(Intent::RecentFiles);
    }
    if words.has(&["search", "look"]) && words.has(&["for"]) && is_drive
        || words.has(&["files about", "documents about", "files that mention"])
    {
        return Some(Intent::SearchFiles);
    }
    let searches = words.has(&[
        "find",
        "search",
        "look for",
        "do i have",
        "is there",
        "where is",
        "open",
        "show",
        "get",
        "locate",
        "need",
    ]);
    (searches && is_file || words.begins_with(&["find", "search"]) && words.len() >= 3)
        .then_some(Intent::FindFile)
}
