//! Which of those that a question named is meant.

use crate::builtin::assistant::tokens::Tokens;

const ORDINALS: [&[&str]; 4] = [
    &["first", "1st", "former"],
    &["second", "2nd", "latter"],
    &["third", "3rd"],
    &["fourth", "4th"],
];

/// "A (a@x) or B (b@y)" behind the colon of a question.
pub(super) fn options(question: &str) -> Vec<String> {
    let Some((_, list)) = question.rsplit_once(": ") else {
        return Vec::new();
    };
    let list = list.trim_end_matches('?');
    let options: Vec<&str> = list
        .split(", ")
        .flat_map(|part| part.split(" or "))
        .map(str::trim)
        .collect();
    let name = |option: &str| option.split(" (").next().unwrap_or(option).to_owned();
    let names: Vec<String> = options.iter().map(|option| name(option)).collect();
    let is_double = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    let address = |option: &str| {
        let (_, address) = option.split_once('(')?;
        Some(address.trim_end_matches(')').to_owned())
    };
    options
        .iter()
        .zip(&names)
        .map(|(option, name)| {
            let by_address = address(option).filter(|_| is_double(name));
            by_address.unwrap_or_else(|| name.clone())
        })
        .collect()
}

/// "“Call” on Friday, May 29 at 2 PM, or …": each with its quotation.
pub(super) fn quoted_options(question: &str) -> Vec<String> {
    let options = question.split('“').skip(1);
    options
        .map(|option| {
            let option = option
                .replace(", this occurrence only,", "")
                .replace('”', "");
            let option = option.trim_end_matches(['?', ' ']);
            let option = option.strip_suffix(" or").unwrap_or(option);
            option.trim_end_matches(',').to_owned()
        })
        .collect()
}

/// The option that is meant: by its place, or as the only one that has all the words.
pub(super) fn chosen(options: &[String], said: &str) -> Option<String> {
    let tokens = Tokens::of(said);
    let place = ORDINALS
        .iter()
        .position(|words| tokens.position(words).is_some())
        .or_else(|| tokens.position(&["last"]).and(options.len().checked_sub(1)));
    if let Some(place) = place {
        return options.get(place).cloned();
    }
    let is_filler =
        |word: &str| matches!(word, "the" | "one" | "with" | "from" | "at" | "on" | "in");
    let has_all = |option: &&String| {
        let option = Tokens::of(option);
        (0..tokens.len()).all(|at| {
            let word = tokens.plain(at);
            is_filler(word) || option.position(&[word]).is_some()
        })
    };
    let mut fitting = options.iter().filter(has_all);
    let only = fitting.next()?;
    fitting.next().is_none().then(|| only.clone())
}
