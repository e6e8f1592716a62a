//! What a wish names: times, people, topics, files.

use super::tokens::Tokens;

/// The time that is told: "tomorrow at 6 PM".
pub(super) fn when(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let (begin, end) = tokens.time_span(0)?;
    let begin = if matches!(tokens.plain(begin), "at" | "on" | "for" | "in") {
        begin + 1
    } else {
        begin
    };
    Some(tokens.written(begin, end))
}

/// What a new event is called.
pub(super) fn title(text: &str) -> String {
    let tokens = Tokens::of(text);
    let verbs = [
        "create", "schedule", "book", "add", "set", "arrange", "plan", "make", "put", "remind",
        "invite",
    ];
    let start = tokens.position(&verbs).map_or(0, |at| at + 1);
    let before_time = match tokens.time_span(start) {
        // "at 6 PM a meeting with Ann": the name comes behind.
        Some((begin, end)) if begin == start => tokens.phrase(end, tokens.len()),
        Some((begin, _)) => tokens.phrase(start, begin),
        None => tokens.phrase(start, tokens.len()),
    };
    before_time.map_or_else(
        || "Meeting".to_owned(),
        |words| {
            capitalised(
                words
                    .trim_end_matches(" on my calendar")
                    .trim_end_matches(" to my calendar"),
            )
        },
    )
}

/// Which event is to be moved, and to when: "my 3 PM meeting", "4 PM".
pub(super) fn moved(text: &str) -> (Option<String>, Option<String>) {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&[
            "move",
            "reschedule",
            "postpone",
            "shift",
            "delay",
            "push",
            "none",
        ])
        .map_or(0, |at| at + 1);
    let to = (start..tokens.len())
        .find(|at| {
            matches!(tokens.plain(*at), "to" | "two" | "until") && tokens.is_time_soon(at + 1)
        })
        .filter(|at| *at > start);
    let when = to
        .and_then(|to| tokens.time_span(to + 1))
        .and_then(|(begin, end)| tokens.phrase(begin, end));
    (tokens.phrase(start, to.unwrap_or(tokens.len())), when)
}

/// Which event is to be cancelled.
pub(super) fn cancelled(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&["cancel", "delete", "remove", "drop", "some", "off"])
        .map_or(0, |at| at + 1);
    tokens.phrase(start, tokens.len())
}

const AFTER_RECIPIENT: &[&str] = &[
    "about",
    "saying",
    "that",
    "regarding",
    "on",
    "in",
    "via",
    "and",
    "with",
    "tell",
    "telling",
    "asking",
];

/// Who is to get a message.
pub(super) fn recipient(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let said = tokens
        .position(&["saying", "that", "about"])
        .unwrap_or(tokens.len());
    let to = (0..said)
        .rev()
        .find(|at| tokens.plain(*at) == "to")
        .or_else(|| tokens.position(&["to"]));
    let start = match to {
        Some(to) => to + 1,
        // "email Ann about …", "tell Ann …", "message Ann …"
        None => {
            tokens
                .position(&["email", "mail", "tell", "message", "write"])
                .filter(|at| *at == 0)?
                + 1
        }
    };
    let end = (start..tokens.len())
        .find(|at| AFTER_RECIPIENT.contains(&tokens.plain(*at)))
        .unwrap_or(tokens.len());
    tokens.phrase(start, end)
}

/// What a message is about.
pub(super) fn topic(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let start = tokens.position(&["about", "regarding"])? + 1;
    let end = (start..tokens.len())
        .find(|at| matches!(tokens.plain(*at), "saying" | "to"))
        .unwrap_or(tokens.len());
    (start < end).then(|| tokens.written(start, end))
}

/// The words of a message itself.
pub(super) fn words_to_send(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    // Lower case may change the length of some letters; then the text is left alone.
    let source = if lower.len() == text.len() {
        text
    } else {
        &lower
    };
    let at = [" saying ", " that says ", " that "]
        .iter()
        .find_map(|mark| lower.find(mark).map(|at| at + mark.len()))?;
    let words = source.get(at..)?.trim();
    (!words.is_empty()).then(|| capitalised(words))
}

/// What to search the mail for.
pub(super) fn query(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let start = tokens.position(&["with", "for", "about", "from"])? + 1;
    tokens.phrase(start, tokens.len())
}

/// A file's name.
pub(super) fn file(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let start = tokens
        .position(&[
            "find", "fine", "flying", "search", "for", "open", "is", "show", "get", "locate",
            "need",
        ])
        .map_or(0, |at| at + 1);
    // "search my drive for invoices"
    let sought = tokens.position(&["for"]);
    let searches = tokens.position(&["search", "look"]).is_some();
    let start = sought.filter(|_| searches).map_or(start, |at| at + 1);
    let end = (start..tokens.len())
        .find(|at| matches!(tokens.plain(*at), "in" | "on" | "from"))
        .unwrap_or(tokens.len());
    let name = tokens.phrase(start, end)?;
    let name = ["file", "document"]
        .iter()
        .find_map(|noun| name.strip_suffix(noun))
        .unwrap_or(&name)
        .trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The file that is to be summed up, as it was spoken of: "file I last opened".
pub(super) fn summed_up(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let start = tokens.position(&["summarize", "summarise", "sum", "summary"])? + 1;
    tokens.phrase(start, tokens.len())
}

/// What a new file is to be called.
pub(super) fn new_file(text: &str) -> Option<String> {
    let tokens = Tokens::of(text);
    let start = tokens.position(&["called", "named"])? + 1;
    let end = (start..tokens.len())
        .find(|at| matches!(tokens.plain(*at), "saying" | "that" | "in" | "on" | "to"))
        .unwrap_or(tokens.len());
    tokens.phrase(start, end)
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

    #[test]
    fn times_are_found() {
        for (text, expected) in [
            ("What's on my calendar today?", Some("today")),
            ("do I have meetings this week", Some("this week")),
            (
                "Create a meeting tomorrow at 6 PM.",
                Some("tomorrow at 6 PM"),
            ),
            (
                "schedule a call on Friday at ten a m with John",
                Some("Friday at ten a m"),
            ),
            ("book lunch at noon on Monday", Some("noon on Monday")),
            ("what is on my calendar", None),
        ] {
            assert_eq!(when(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn titles_are_what_stands_between_verb_and_time() {
        for (text, expected) in [
            ("Create a meeting tomorrow at 6 PM", "Meeting"),
            ("schedule a call with John on Friday", "Call with John"),
            ("add tomorrow at noon lunch with Ann", "Lunch with Ann"),
            ("schedule tomorrow", "Meeting"),
            ("put dentist on my calendar tomorrow", "Dentist"),
        ] {
            assert_eq!(title(text), expected, "{text}");
        }
    }

    #[test]
    fn an_event_is_moved_from_one_time_to_another() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            moved("Move my 3 PM meeting to 4 PM."),
            (some("3 PM meeting"), some("4 PM"))
        );
        assert_eq!(
            moved("reschedule my meeting with Anna"),
            (some("meeting with Anna"), None)
        );
        assert_eq!(
            moved("reschedule my meeting with Anna to next Friday"),
            (some("meeting with Anna"), some("next Friday"))
        );
        assert_eq!(moved("reschedule"), (None, None));
        assert_eq!(
            cancelled("Cancel my call with Anil."),
            some("call with Anil")
        );
        assert_eq!(cancelled("cancel"), None);
    }

    #[test]
    fn messages_have_people_topics_and_words() {
        let some = |text: &str| Some(text.to_owned());
        for (text, to, about, words) in [
            (
                "Send a mail to John about the meeting",
                some("John"),
                some("the meeting"),
                None,
            ),
            (
                "send a message to Ramesh on Slack saying I'm late",
                some("Ramesh"),
                None,
                some("I'm late"),
            ),
            ("Email Ann that we won", some("Ann"), None, some("We won")),
            ("I want to send a mail to Bob", some("Bob"), None, None),
            ("send a mail", None, None, None),
            (
                "tell the boss on teams that I am ill",
                some("boss"),
                None,
                some("I am ill"),
            ),
        ] {
            assert_eq!(
                (recipient(text), topic(text), words_to_send(text)),
                (to, about, words),
                "{text}"
            );
        }
    }

    #[test]
    fn searches_have_a_query() {
        assert_eq!(
            query("Find conversations with Alice").as_deref(),
            Some("Alice")
        );
        assert_eq!(
            query("search my mail for invoices").as_deref(),
            Some("invoices")
        );
        assert_eq!(query("search my mail"), None);
        assert_eq!(
            file("find the budget file in my drive").as_deref(),
            Some("budget")
        );
        assert_eq!(
            file("Where is my presentation?").as_deref(),
            Some("presentation")
        );
        assert_eq!(file("find my file"), None);
        assert_eq!(
            file("search my drive for the invoices").as_deref(),
            Some("invoices")
        );
        assert_eq!(
            summed_up("Summarize the file I last opened.").as_deref(),
            Some("file I last opened")
        );
        assert_eq!(
            new_file("upload a file called wind ideas to my drive saying buy").as_deref(),
            Some("wind ideas")
        );
    }
}
