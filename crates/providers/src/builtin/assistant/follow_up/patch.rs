//! Arguments of a call, changed by what the user said of it.

use crate::builtin::assistant::{
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
const ORDINALS: [&[&str]; 4] = [
    &["first", "1st", "former"],
    &["second", "2nd", "latter"],
    &["third", "3rd"],
    &["fourth", "4th"],
];

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
        let minutes = crate::builtin::assistant::times::minutes(&tokens, 0);
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

/// Another time; what was not said of it stays as it was: the day, or the time of day.
fn retime(arguments: &mut Value, said: &str) -> bool {
    let known = arguments["when"].as_str().unwrap_or_default().to_owned();
    let (day, clock) = parts(&known);
    let (new_day, new_clock) = parts(said);
    let half = half(&clock).filter(|_| half(&new_clock).is_none() && is_hour(last(&new_clock)));
    let new_clock = match half {
        Some(half) => format!("{new_clock} {half}"),
        None => new_clock,
    };
    let day = if new_day.is_empty() { day } else { new_day };
    let clock = if new_clock.is_empty() {
        clock
    } else {
        new_clock
    };
    let when = match (day.as_str(), clock.as_str()) {
        ("", clock) => clock.to_owned(),
        (day, "") => day.to_owned(),
        (day, clock) => format!("{day} at {clock}"),
    };
    set(arguments, &["when"], &when)
}

fn last(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

fn half(clock: &str) -> Option<&'static str> {
    let clock = clock.to_lowercase().replace('.', "");
    [("am", "AM"), ("pm", "PM")]
        .into_iter()
        .find_map(|(end, half)| clock.ends_with(end).then_some(half))
}

/// What tells the day, and what the time of day.
fn parts(when: &str) -> (String, String) {
    let tokens = Tokens::of(when);
    let is_clock = |at: usize| {
        let is_month = |at: usize| is_month(tokens.plain(at));
        let (word, before) = (tokens.plain(at), tokens.before(at));
        let is_of_date = is_month(at + 1) || at > 0 && is_month(at - 1) || before == "in";
        let is_hour = is_hour(word) && !is_of_date && !is_ordinal(word) && !word.contains("-0");
        is_hour
            || matches!(
                word.trim_end_matches('.'),
                "am" | "pm"
                    | "a.m"
                    | "p.m"
                    | "noon"
                    | "midnight"
                    | "midday"
                    | "o'clock"
                    | "past"
                    | "oh"
            )
            || word == "to" && at > 0 && is_clock_lead(before)
    };
    let (mut day, mut clock) = (Vec::new(), Vec::new());
    for at in 0..tokens.len() {
        if is_clock(at) {
            clock.push(at);
        } else if !tokens.is(at, &["at", "on", "by", "around", "a"]) {
            day.push(at);
        }
    }
    (tokens.written(day), tokens.written(clock))
}

fn is_clock_lead(word: &str) -> bool {
    is_hour(word)
}

fn is_ordinal(word: &str) -> bool {
    ["st", "nd", "rd", "th"]
        .iter()
        .any(|end| word.ends_with(end))
}

fn is_month(word: &str) -> bool {
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
    .contains(&word)
}

/// "A (a@x) or B (b@y)" behind the colon of a question.
fn options(question: &str) -> Vec<String> {
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
fn quoted_options(question: &str) -> Vec<String> {
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
fn chosen(options: &[String], said: &str) -> Option<String> {
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

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_new_time_keeps_what_was_not_said() {
        for (known, said, expected) in [
            ("tomorrow at 6 PM", "5", "tomorrow at 5 PM"),
            ("tomorrow at 6 PM", "Friday", "Friday at 6 PM"),
            ("tomorrow at 6 PM", "7 AM on Monday", "Monday at 7 AM"),
            ("4", "half past four", "half past four"),
            ("tomorrow", "at 3", "tomorrow at 3"),
            (
                "June 5 at 2",
                "quarter to four",
                "June 5 at quarter to four",
            ),
        ] {
            let mut arguments = json!({ "when": known });
            assert!(retime(&mut arguments, said));
            assert_eq!(arguments["when"], expected, "{known} {said}");
        }
    }

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
