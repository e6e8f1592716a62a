//! Arguments of a call, changed by what the user said of it.

use super::{
    choice::{chosen, options, quoted_options},
    time::changed,
};
use crate::builtin::assistant::{
    arguments::capitalised,
    lengths,
    times::{Times, is_hour},
    tokens::Tokens,
};
use serde_json::Value;

/// Fields that name who gets or attends something.
const PEOPLE: &[&str] = &[
    "to",
    "attendees",
    "with",
    "channel",
    "place",
    "assignee",
    "about",
];
const TEXTS: &[&str] = &["body", "text"];
/// Puts what was said instead where it belongs; `names` where somebody is meant by it.
pub(super) fn correct(arguments: &mut Value, said: &str, names: bool) -> bool {
    let tokens = Tokens::of(said);
    // "No, not at three" says what is not wanted.
    if tokens
        .position(&["not", "don't", "dont", "never"])
        .is_some()
    {
        return false;
    }
    let times = Times::of(&tokens);
    if let Some(minutes) = times.minutes()
        && arguments.get("title").is_some()
    {
        arguments["duration_minutes"] = minutes.into();
        return true;
    }
    if tokens.is(0, &["say", "saying", "write"]) {
        return set(
            arguments,
            TEXTS,
            &capitalised(&tokens.written(1..tokens.len())),
        );
    }
    if tokens.is(0, &["call"]) && tokens.is(1, &["it"]) {
        return set(
            arguments,
            &["title", "name", "summary"],
            &tokens.written(2..tokens.len()),
        );
    }
    let leads = ["send", "it", "to", "for"];
    let start = (0..tokens.len())
        .take_while(|at| tokens.is(*at, &leads))
        .count();
    let words = tokens.written(start..tokens.len());
    let is_time = times.told(&tokens, 0).is_some() || is_hour(tokens.plain(start));
    if is_time && arguments.get("when").is_some() {
        return retime(arguments, &words);
    }
    let is_name = names || start > 0;
    is_name && !words.is_empty() && set_person(arguments, &words)
}

/// Somebody else gets or attends it, and where the title names who did, it names them.
fn set_person(arguments: &mut Value, name: &str) -> bool {
    let known = arguments["attendees"].as_str().unwrap_or_default();
    if let Some(title) = arguments["title"].as_str()
        && !known.is_empty()
    {
        arguments["title"] = title.replace(known, name).into();
    }
    set(arguments, PEOPLE, name)
}

/// Puts the answer to a question where that asked for it.
pub(super) fn answer(arguments: &mut Value, question: &str, said: &str) -> bool {
    let between = |start: &str, end: &str| {
        let (_, rest) = question.split_once(start)?;
        Some(rest.split_once(end)?.0)
    };
    if question.starts_with("Which one do you mean") {
        let event = chosen(&quoted_options(question), said);
        let field = if arguments.get("event").is_some() {
            "event"
        } else {
            "message"
        };
        let known = arguments[field].as_str().unwrap_or_default();
        let words = event.unwrap_or_else(|| format!("{known} {said}"));
        return set(arguments, &[field], &words);
    }
    let name = between("Which ", " do you mean");
    if let Some(name) = name.filter(|name| !name.contains("time")) {
        let options = options(question);
        return replace(
            arguments,
            name,
            &chosen(&options, said).unwrap_or_else(|| said.to_owned()),
        );
    }
    if let Some(name) =
        between("found nobody called ", ".").or_else(|| between("“", "” is no e-mail"))
    {
        return replace(arguments, name, said);
    }
    if question.starts_with("Do you mean ") {
        let options: Vec<String> = between("Do you mean ", "?")
            .into_iter()
            .flat_map(|list| list.split(", or "))
            .map(str::to_owned)
            .collect();
        return match chosen(&options, said) {
            Some(moment) => set(arguments, &["when"], &moment),
            None => retime(arguments, said),
        };
    }
    if arguments.get("when").is_some() && (question.contains("time") || question.contains("day")) {
        return retime(arguments, said);
    }
    if question.starts_with("How long") {
        let tokens = Tokens::of(said);
        let minutes = lengths::minutes(&tokens, 0);
        return minutes.is_some_and(|(minutes, _)| {
            arguments["duration_minutes"] = minutes.into();
            true
        });
    }
    let listed = chosen(&options(question), said).unwrap_or_else(|| said.to_owned());
    let field = [
        ("In which Jira project", "project"),
        ("Which type", "type"),
        ("call the new one", "name"),
        ("Who should get it", "to"),
    ];
    let field = field.iter().find(|(asked, _)| question.contains(asked));
    field.is_some_and(|(_, field)| {
        arguments[*field] = listed.into();
        true
    })
}

/// Another time; what was not said of it stays as it was.
fn retime(arguments: &mut Value, said: &str) -> bool {
    let when = changed(arguments["when"].as_str().unwrap_or_default(), said);
    set(arguments, &["when"], &when)
}

/// Sets the first of these fields that is there.
fn set(arguments: &mut Value, fields: &[&str], words: &str) -> bool {
    let field = fields.iter().find(|field| arguments.get(**field).is_some());
    field.is_some_and(|field| {
        arguments[*field] = words.into();
        true
    })
}

/// Puts other words for a name, in whichever text it stands.
fn replace(arguments: &mut Value, name: &str, words: &str) -> bool {
    let fields = arguments.as_object_mut().into_iter().flatten();
    for (field, value) in fields {
        let Some(text) = value.as_str().filter(|_| !TEXTS.contains(&field.as_str())) else {
            continue;
        };
        let at = text.to_ascii_lowercase().find(&name.to_ascii_lowercase());
        if let Some(at) = at {
            let changed = format!("{}{words}{}", &text[..at], &text[at + name.len()..]);
            *value = changed.into();
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_goes_where_it_was_asked_for() {
        let which = "Which Priya do you mean: Priya Nair (nair@example.com) or Priya Sharma (sharma@example.com)?";
        let events = "Which one do you mean: “Call” on Friday, May 29 at 2 PM or “Call with Ann” on Monday, June 1 at 9 AM?";
        for (question, said, known, expected) in [
            (
                which,
                "Sharma",
                json!({"to": "Priya", "body": "Hi Priya"}),
                json!({"to": "Priya Sharma", "body": "Hi Priya"}),
            ),
            (
                which,
                "first one",
                json!({"attendees": "Anil and Priya"}),
                json!({"attendees": "Anil and Priya Nair"}),
            ),
            (
                "I found nobody called Zoe. What is the e-mail address?",
                "zoe at example dot com",
                json!({"to": "Zoe"}),
                json!({"to": "zoe at example dot com"}),
            ),
            (
                events,
                "second one",
                json!({"event": "my call"}),
                json!({"event": "Call with Ann on Monday, June 1 at 9 AM"}),
            ),
            (
                events,
                "one on Friday",
                json!({"event": "my call"}),
                json!({"event": "Call on Friday, May 29 at 2 PM"}),
            ),
            (
                "At what time on Friday, May 29?",
                "at 3",
                json!({"when": "tomorrow"}),
                json!({"when": "tomorrow at 3"}),
            ),
            (
                "In which Jira project: Web Shop or Web-Docs?",
                "web shop",
                json!({"summary": "x"}),
                json!({"summary": "x", "project": "Web Shop"}),
            ),
        ] {
            let mut arguments = known;
            assert!(answer(&mut arguments, question, said), "{question}");
            assert_eq!(arguments, expected, "{question} {said}");
        }
    }
}
