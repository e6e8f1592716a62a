//! Wishes about customers: contacts, notes and deals.

use super::Intent;
use crate::builtin::assistant::words::Words;

pub(super) fn wish(words: &Words) -> Option<Intent> {
    let is_crm = words.has(&["hubspot", "crm"]);
    let adds = words.begins_with(&["create", "add", "make", "new", "save", "log", "put"]);
    let notes = words.begins_with(&[
        "log", "add", "make", "take", "write", "put", "leave", "note",
    ]) && words.says(&["note", "notes"]);
    if notes && (is_crm || words.has(&["on", "for", "about", "to", "deal", "contact"])) {
        return Some(Intent::LogNote);
    }
    let asks = words.has(&[
        "what", "which", "show", "list", "how many", "any", "find", "read", "tell me", "my", "get",
    ]);
    if words.says(&["deal", "deals"]) && (asks || is_crm) {
        return Some(Intent::Deals);
    }
    if adds && (is_crm || words.says(&["contact", "contacts"])) {
        return Some(Intent::CreateContact);
    }
    let finds = words.has(&[
        "find",
        "look up",
        "search",
        "show",
        "who",
        "get",
        "what",
        "do we have",
    ]);
    (finds && (is_crm || words.says(&["contact", "contacts"]))).then_some(Intent::FindContact)
}
