//! What several kinds of wishes name: words to write, quoted names.

use crate::builtin::assistant::tokens::Tokens;
use serde_json::Value;

/// What stands before words that are to be written, longest first where one begins another.
const MARKS: &[&str] = &[
    " saying that ",
    " saying: ",
    " saying ",
    " that says ",
    " with the text ",
    " telling him that ",
    " telling her that ",
    " telling them that ",
    " telling him ",
    " telling her ",
    " telling them ",
    " and tell him that ",
    " and tell her that ",
    " and tell them that ",
    " and tell him ",
    " and tell her ",
    " and tell them ",
    " and say that ",
    " and say ",
    " know that ",
    " that ",
    ": ",
];
/// What does so where none of them is: "let Ramesh know I'm late".
const LAST_MARK: &str = " know ";

/// Where the words that are to be written begin: the place of the mark before them, and theirs.
fn said_at(text: &str) -> Option<(usize, usize)> {
    // Only ASCII changes, so that places stay.
    let lower = text.to_ascii_lowercase();
    let found = MARKS
        .iter()
        .filter_map(|mark| Some((lower.find(mark)?, *mark)));
    let first = found.min_by_key(|(at, mark)| (*at, usize::MAX - mark.len()));
    let (at, mark) = first.or_else(|| Some((lower.find(LAST_MARK)?, LAST_MARK)))?;
    Some((at, at + mark.len()))
}

/// The words that are to be written.
pub(super) fn said(text: &str) -> Option<String> {
    let (_, begin) = said_at(text)?;
    let words = text[begin..].trim().trim_matches(['"', '“', '”']);
    (!words.is_empty()).then(|| capitalised(words))
}

/// The wish without the words that are to be written.
pub(super) fn order(text: &str) -> &str {
    said_at(text).map_or(text, |(at, _)| &text[..at])
}

/// What something is about.
pub(super) fn topic(text: &str) -> Option<String> {
    let tokens = Tokens::of(order(text));
    let start = tokens.position(&["about", "regarding"])? + 1;
    let end = tokens.find(&["to", "with"], start).unwrap_or(tokens.len());
    (start < end).then(|| tokens.written(start..end))
}

/// What something is called: "called", "titled", "named" and what follows, up to one of these words.
pub(super) fn called(tokens: &Tokens<'_>, ends: &[&str]) -> Option<String> {
    let start = tokens.position(&["called", "titled", "named", "entitled"])? + 1;
    let end = tokens.find(ends, start).unwrap_or(tokens.len());
    let name = tokens.written(start..end);
    (!name.is_empty()).then_some(name)
}

/// The words that are none of these, without the articles around them.
pub(super) fn rest(tokens: &Tokens<'_>, known: &[&str]) -> Option<String> {
    let is_left = |at: &usize| {
        let word = tokens.plain(*at);
        !known.contains(&word.strip_suffix("'s").unwrap_or(word))
    };
    let left: Vec<usize> = (0..tokens.len()).filter(is_left).collect();
    tokens.phrase_of(&left)
}

/// Sets a field to what was said, if anything was.
pub(super) fn put(arguments: &mut Value, field: &str, said: Option<String>) {
    if let Some(said) = said {
        arguments[field] = said.into();
    }
}

pub(in super::super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Where an address that is spoken out ends: "zoe at acme dot com".
pub(super) fn address_end(tokens: &Tokens<'_>, start: usize) -> usize {
    if tokens.plain(start).contains('@') {
        return start + 1;
    }
    let last_dot = (start..tokens.len())
        .take_while(|at| !tokens.is(*at, &["and", "phone", "saying", "about"]))
        .filter(|at| tokens.is(*at, &["dot"]))
        .last();
    last_dot.map_or(start, |dot| (dot + 2).min(tokens.len()))
}
