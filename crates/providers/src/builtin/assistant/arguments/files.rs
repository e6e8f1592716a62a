//! Files: which one is meant, what is sought, what a new one is called.

use super::{
    question::{NEW_FILE, SEARCH, WHAT, WHICH_FILE},
    texts::{called, order, said},
};
use crate::builtin::assistant::tokens::Tokens;
use serde_json::{Value, json};

const PLACES: &[&str] = &["in", "on", "from"];

pub(super) fn finding(text: &str) -> Result<Value, &'static str> {
    let name = file(text).ok_or(WHICH_FILE)?;
    Ok(json!({ "name": name }))
}

fn file(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    if let Some(name) = called(&tokens, PLACES) {
        return Some(name);
    }
    let verb = tokens.position(&[
        "find", "fine", "flying", "search", "for", "open", "is", "show", "get", "locate", "need",
    ]);
    let start = verb.map_or(0, |at| at + 1);
    // "search my drive for invoices"
    let sought = tokens.position(&["for"]);
    let searches = tokens.position(&["search", "look"]).is_some();
    let start = sought.filter(|_| searches).map_or(start, |at| at + 1);
    let end = tokens.find(PLACES, start).unwrap_or(tokens.len());
    let name = tokens.phrase(start, end)?;
    let name = ["file", "document"]
        .iter()
        .find_map(|noun| name.strip_suffix(noun))
        .unwrap_or(&name)
        .trim();
    (!name.is_empty()).then(|| name.to_owned())
}

pub(super) fn search(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&["for", "about", "mention"])
        .ok_or(SEARCH)?
        + 1;
    let is_drive = |at: &usize| {
        let is_drive = |at: usize| tokens.is(at, &["drive", "onedrive"]);
        tokens.is(*at, PLACES) && (is_drive(at + 1) || is_drive(at + 2) || is_drive(at + 3))
    };
    let end = (start..tokens.len()).find(is_drive).unwrap_or(tokens.len());
    let query = tokens.phrase(start, end).ok_or(SEARCH)?;
    Ok(json!({ "query": query }))
}

/// As it was spoken of: "file I last opened".
pub(super) fn summary(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&["summarize", "summarise", "sum", "summary", "in"])
        .ok_or(WHICH_FILE)?
        + 1;
    let name = tokens.phrase(start, tokens.len()).ok_or(WHICH_FILE)?;
    Ok(json!({ "name": name }))
}

pub(super) fn upload(text: &str) -> Result<Value, &'static str> {
    let name = called(&Tokens::of(order(text)), &["in", "on", "to", "with", "and"]);
    Ok(json!({ "name": name.ok_or(NEW_FILE)?, "text": said(text).ok_or(WHAT)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names() {
        for (text, name) in [
            ("find the budget file in my drive", Some("budget")),
            ("Where is my presentation?", Some("presentation")),
            ("find my file", None),
            ("search my drive for the invoices", Some("invoices")),
            (
                "Find the document titled ‘Budget 2024’",
                Some("Budget 2024"),
            ),
            (
                "find the file called \"Ann's notes\" on my drive",
                Some("Ann's notes"),
            ),
        ] {
            assert_eq!(file(text).as_deref(), name, "{text}");
        }
        let last = summary("Summarize the file I last opened.");
        assert_eq!(last, Ok(json!({ "name": "file I last opened" })));
        assert_eq!(
            upload("upload a file called wind ideas to my drive saying buy"),
            Ok(json!({ "name": "wind ideas", "text": "Buy" }))
        );
        assert_eq!(
            search("search my OneDrive for PDF invoices"),
            Ok(json!({ "query": "PDF invoices" }))
        );
        assert_eq!(
            search("find files about turbines in my drive"),
            Ok(json!({ "query": "turbines" }))
        );
    }
}
