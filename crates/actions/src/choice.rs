//! Which one is meant by what was said: one match acts, several are asked about, none is said.

use crate::ActionError;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// How many of several are read out.
const MOST_NAMED: usize = 4;
/// The longest label that is read out, in characters.
const LONGEST_LABEL: usize = 80;

/// How well a name fits what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Each word said begins a word of the name.
    Beginning,
    /// Each word said is a word of the name.
    Words,
    /// It is the name.
    Whole,
}

/// The words of a name: small letters without accents.
pub(crate) fn words(text: &str) -> Vec<String> {
    let plain: String = text
        .nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .collect();
    let words = plain.split(|letter: char| !letter.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn fit(said: &[String], name: &str) -> Option<Fit> {
    let name = words(name);
    let all = |fits: &dyn Fn(&String, &String) -> bool| {
        said.iter().all(|word| name.iter().any(|of| fits(of, word)))
    };
    if said.is_empty() {
        None
    } else if name == said {
        Some(Fit::Whole)
    } else if all(&|of, word| of == word) {
        Some(Fit::Words)
    } else if all(&|of, word| of.starts_with(word.as_str())) {
        Some(Fit::Beginning)
    } else {
        None
    }
}

fn best<T>(
    said: &str,
    all: impl IntoIterator<Item = T>,
    names: impl Fn(&T) -> Vec<String>,
    weigh: impl Fn(Fit) -> Fit,
) -> Vec<T> {
    let said = words(said);
    let fits = |one: T| {
        let fit = names(&one).iter().filter_map(|name| fit(&said, name)).max();
        fit.map(|fit| (weigh(fit), one))
    };
    let fitting: Vec<_> = all.into_iter().filter_map(fits).collect();
    let best = fitting.iter().map(|(fit, _)| *fit).max();
    let of_best = fitting.into_iter().filter(|(fit, _)| Some(*fit) == best);
    of_best.map(|(_, one)| one).collect()
}

/// The people who may be meant. A first name means everybody who bears it, also beside one who is listed by it alone.
pub(crate) fn people<T>(
    said: &str,
    all: impl IntoIterator<Item = T>,
    names: impl Fn(&T) -> Vec<String>,
) -> Vec<T> {
    let is_one_word = words(said).len() == 1;
    best(said, all, names, |fit| {
        if is_one_word {
            fit.min(Fit::Words)
        } else {
            fit
        }
    })
}

/// The things that may be meant: channels, teams, states. The whole name wins.
pub(crate) fn things<T>(
    said: &str,
    all: impl IntoIterator<Item = T>,
    names: impl Fn(&T) -> Vec<String>,
) -> Vec<T> {
    best(said, all, names, |fit| fit)
}

/// The only one found; else a question, or the word that there is none. `place` is as in "in your Slack workspace".
pub(crate) fn only<T>(
    said: &str,
    mut found: Vec<T>,
    label: impl Fn(&T) -> String,
    place: &str,
) -> Result<T, ActionError> {
    let said = said.trim();
    if found.len() > 1 {
        let several = listed(found.iter().map(label), "or");
        return Err(ActionError::Ask(format!(
            "Which {said} do you mean: {several}?"
        )));
    }
    let none = || ActionError::NotFound(format!("I found no {said} {place}."));
    found.pop().ok_or_else(none)
}

/// "A, B or C".
pub(crate) fn listed(names: impl IntoIterator<Item = String>, joint: &str) -> String {
    let mut names: Vec<String> = names
        .into_iter()
        .map(|name| name.chars().take(LONGEST_LABEL).collect())
        .collect();
    if names.len() > MOST_NAMED {
        let left = names.len() - MOST_NAMED;
        names.truncate(MOST_NAMED);
        names.push(format!("{left} more"));
    }
    let last = names.pop().unwrap_or_default();
    if names.is_empty() {
        last
    } else {
        format!("{} {joint} {last}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(one: &&str) -> Vec<String> {
        vec![(*one).to_owned()]
    }

    #[test]
    fn people_are_found_as_they_are_called() {
        let all = ["Priya Sharma", "Priya Nair", "Priya", "José Díaz", "Anil"];
        for (said, expected) in [
            ("priya", vec!["Priya Sharma", "Priya Nair", "Priya"]),
            ("Priya Nair", vec!["Priya Nair"]),
            ("nair priya", vec!["Priya Nair"]),
            ("jose", vec!["José Díaz"]),
            ("Ani", vec!["Anil"]),
            ("Ramesh", vec![]),
            ("  ", vec![]),
        ] {
            assert_eq!(people(said, all, named), expected, "{said}");
        }
    }

    #[test]
    fn a_thing_is_meant_by_its_whole_name_first() {
        let all = ["general", "general-talk", "release-2"];
        assert_eq!(things("general", all, named), ["general"]);
        assert_eq!(things("#Release 2", all, named), ["release-2"]);
        assert_eq!(things("gen", all, named), ["general", "general-talk"]);
    }

    #[test]
    fn several_are_asked_about_and_none_is_said() {
        let only = |found: Vec<&'static str>| {
            only("Priya", found, |one| (*one).to_owned(), "in Slack").map_err(|e| e.to_string())
        };
        assert_eq!(only(vec!["a"]), Ok("a"));
        assert_eq!(
            only(vec!["a", "b", "c", "d", "e", "f"]).unwrap_err(),
            "Which Priya do you mean: a, b, c, d or 2 more?"
        );
        assert_eq!(only(vec![]).unwrap_err(), "I found no Priya in Slack.");
    }
}
