//! People as they are named in speech: "Ramesh", "Anil and Bob", "john at example dot com".

use crate::{ActionError, Person, mail::text};
use email_address::EmailAddress;
use std::str::FromStr as _;

/// How many are named when it is asked which one is meant.
const NAMED: usize = 3;

/// The names in a list: "Anil, Bob and john@example.com".
pub(crate) fn names(list: &str) -> Vec<String> {
    let mut is_quoted = false;
    let is_between = |c: char| {
        is_quoted ^= c == '"';
        matches!(c, ',' | ';') && !is_quoted
    };
    list.split(is_between)
        .flat_map(|part| {
            // "Kumar and Sons" <office@example.com>
            let between = if part.contains('"') { "\0" } else { " and " };
            part.split(between)
        })
        .map(|name| name.trim().trim_start_matches("and ").trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// "Ramesh Kumar <ramesh@example.com>", "Anil Rao (anil@example.com)": the name, and the address behind it.
fn with_name(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    [('<', '>'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| {
            let (name, email) = text.strip_suffix(close)?.rsplit_once(open)?;
            email.contains('@').then_some((name, email.trim()))
        })
}

/// The person that a name is an address of, if it is one; also as it is spoken.
pub(crate) fn address(name: &str) -> Result<Option<Person>, ActionError> {
    let (own, written) = with_name(name).unwrap_or(("", name));
    let words: Vec<&str> = written.split_whitespace().collect();
    let has = |word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    let email = if written.contains('@') {
        written.trim_matches(['<', '>']).to_owned()
    } else if has("at") && has("dot") {
        let sign = |word: &&str| match word.to_ascii_lowercase().as_str() {
            "at" => "@".to_owned(),
            "dot" => ".".to_owned(),
            "dash" => "-".to_owned(),
            "underscore" => "_".to_owned(),
            other => other.to_owned(),
        };
        words.iter().map(sign).collect()
    } else {
        return Ok(None);
    };
    if EmailAddress::from_str(&email).is_err() {
        let asked = format!("“{name}” is no e-mail address. What is it exactly?");
        return Err(ActionError::Ask(asked));
    }
    let own = text::line(own);
    let own = own.trim_matches(['"', '“', '”']);
    // A name that looks like an address would be taken for where it goes.
    let is_name = !own.contains(['@', '<', '>', '"']);
    Ok(Some(Person {
        name: if is_name { own } else { "" }.to_owned(),
        email,
    }))
}

/// The one that is meant, of those whom a search by name found.
pub(crate) fn one_of(name: &str, mut found: Vec<Person>) -> Result<Person, ActionError> {
    let mut seen = std::collections::HashSet::new();
    found.retain(|person| seen.insert(person.email.to_ascii_lowercase()));
    let exact: Vec<usize> = (0..found.len())
        .filter(|at| found[*at].name.eq_ignore_ascii_case(name))
        .collect();
    if let [only] = exact[..] {
        return Ok(found.swap_remove(only));
    }
    match found.len() {
        0 => Err(ActionError::NotFound(format!(
            "I found nobody called {name}. What is the e-mail address?"
        ))),
        1 => Ok(found.remove(0)),
        _ => {
            let named: Vec<String> = found.iter().take(NAMED).map(Person::spoken).collect();
            Err(ActionError::Ask(format!(
                "Which {name} do you mean: {}?",
                or_list(&named)
            )))
        }
    }
}

/// "A, B or C"
pub(crate) fn or_list(choices: &[String]) -> String {
    joined(choices, "or")
}

/// "A, B and C"
pub(crate) fn and_list(choices: &[String]) -> String {
    joined(choices, "and")
}

fn joined(choices: &[String], word: &str) -> String {
    match choices {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, email: &str) -> Person {
        Person {
            name: name.into(),
            email: email.into(),
        }
    }

    #[test]
    fn names_are_taken_apart() {
        for (list, expected) in [
            ("Ramesh", vec!["Ramesh"]),
            (
                "Anil, Bob and john@example.com",
                vec!["Anil", "Bob", "john@example.com"],
            ),
            ("Anil, and Bob", vec!["Anil", "Bob"]),
            ("Sandra", vec!["Sandra"]),
            (
                "Ramesh <ramesh@example.com>, Anil Rao (anil@example.com)",
                vec!["Ramesh <ramesh@example.com>", "Anil Rao (anil@example.com)"],
            ),
            (
                "\"Kumar, Ramesh\" <ramesh@example.com>, Bob",
                vec!["\"Kumar, Ramesh\" <ramesh@example.com>", "Bob"],
            ),
            (
                "\"Anil and Sons\" <anil@example.com>",
                vec!["\"Anil and Sons\" <anil@example.com>"],
            ),
            (" , ", vec![]),
        ] {
            assert_eq!(names(list), expected, "{list}");
        }
    }

    #[test]
    fn addresses_may_be_spoken() {
        for (said, expected) in [
            ("john@example.com", Some("john@example.com")),
            ("john at example dot com", Some("john@example.com")),
            (
                "John dot Doe at example dot co dot uk",
                Some("john.doe@example.co.uk"),
            ),
            ("Ramesh", None),
            ("the man at the door", None),
        ] {
            let found = address(said).unwrap().map(|person| person.email);
            assert_eq!(found.as_deref(), expected, "{said}");
        }
        assert!(matches!(address("john@"), Err(ActionError::Ask(_))));
    }

    #[test]
    fn an_address_may_stand_behind_its_name() {
        for (said, name, email) in [
            (
                "Ramesh Kumar <ramesh@example.com>",
                "Ramesh Kumar",
                "ramesh@example.com",
            ),
            (
                "Anil Rao (anil@example.com)",
                "Anil Rao",
                "anil@example.com",
            ),
            (
                " \"Anil\"  < anil@example.com > ",
                "Anil",
                "anil@example.com",
            ),
            (
                "Eve\r\nBcc: x <e@example.com>",
                "Eve Bcc: x",
                "e@example.com",
            ),
            ("<anil@example.com>", "", "anil@example.com"),
            ("ceo@example.com <eve@example.net>", "", "eve@example.net"),
            (
                "\"Kumar, Ramesh\" <ramesh@example.com>",
                "Kumar, Ramesh",
                "ramesh@example.com",
            ),
        ] {
            assert_eq!(address(said).unwrap(), Some(person(name, email)), "{said}");
        }
        for said in [
            "Ramesh <ramesh@>",
            "Ramesh <a@example.com> Anil",
            "Ramesh <a@example.com> <b@",
        ] {
            assert!(matches!(address(said), Err(ActionError::Ask(_))), "{said}");
        }
        // What stands in brackets is no address.
        assert_eq!(address("Anil (sales)").unwrap(), None);
    }

    #[test]
    fn one_acts_several_ask_and_none_says_so() {
        let kumar = person("Anil Kumar", "kumar@example.com");
        let rao = person("Anil Rao", "rao@example.com");
        assert_eq!(one_of("Anil", vec![kumar.clone()]).unwrap(), kumar);
        assert_eq!(
            one_of("anil rao", vec![kumar.clone(), rao.clone()]).unwrap(),
            rao
        );
        assert_eq!(
            one_of("Anil", vec![kumar.clone(), kumar.clone()]).unwrap(),
            kumar
        );
        assert_eq!(
            one_of("Anil", vec![kumar, rao]).unwrap_err().to_string(),
            "Which Anil do you mean: Anil Kumar (kumar@example.com) or Anil Rao (rao@example.com)?"
        );
        assert_eq!(
            one_of("Zoe", Vec::new()).unwrap_err().to_string(),
            "I found nobody called Zoe. What is the e-mail address?"
        );
    }
}
