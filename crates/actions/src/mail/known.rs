//! People whom a mailbox knows.

use super::Message;
use crate::{Person, choice};

/// What somebody is called by: the name, and what stands before the @.
pub(crate) fn names(person: &Person) -> Vec<String> {
    let (local, _) = person.email.split_once('@').unwrap_or_default();
    vec![person.name.clone(), local.to_owned()]
}

/// Those of a name among whom messages came from and went to, who wrote or got the most of them first.
pub(crate) fn known_as(name: &str, messages: Vec<Message>) -> Vec<Person> {
    let mut met: Vec<(usize, Person)> = Vec::new();
    for message in messages {
        for person in [message.from]
            .into_iter()
            .chain(message.to)
            .chain(message.cc)
        {
            let is_it =
                |(_, known): &&mut (usize, Person)| known.email.eq_ignore_ascii_case(&person.email);
            match met.iter_mut().find(is_it) {
                Some((count, known)) => {
                    *count += 1;
                    if known.name.is_empty() {
                        known.name = person.name;
                    }
                }
                None if person.email.contains('@') => met.push((1, person)),
                None => {}
            }
        }
    }
    met.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let met = met.into_iter().map(|(_, person)| person);
    choice::people(name, met, names)
}
