//! What a voice gets to say, clause by clause.

use super::{ClauseSplitter, speakable};
use proptest::prelude::*;

/// Clauses of a text that comes in pieces.
fn split<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut splitter = ClauseSplitter::new();
    let mut clauses: Vec<String> = pieces
        .into_iter()
        .flat_map(|piece| splitter.push(piece))
        .collect();
    clauses.extend(splitter.finish());
    clauses
}

fn split_by_character(text: &str) -> Vec<String> {
    let mut buffer = [0; 4];
    let mut splitter = ClauseSplitter::new();
    let mut clauses = Vec::new();
    for character in text.chars() {
        clauses.extend(splitter.push(character.encode_utf8(&mut buffer)));
    }
    clauses.extend(splitter.finish());
    clauses
}

/// A text and its clauses.
type Case = (&'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    // Sentences.
    (
        "Hello. How are you? Fine!",
        &["Hello.", "How are you?", "Fine!"],
    ),
    ("Really?! Yes.", &["Really?!", "Yes."]),
    (
        "He said \"no.\" Then he left.",
        &["He said \"no.\"", "Then he left."],
    ),
    ("**Done.** Anything else?", &["Done.", "Anything else?"]),
    ("No end", &["No end"]),
    // The first clause may end at a pause, later ones don't.
    (
        "You have two events today, lunch at noon and a call, both short.",
        &[
            "You have two events today,",
            "lunch at noon and a call, both short.",
        ],
    ),
    (
        "Well, yes, I can do that for you.",
        &["Well, yes, I can do that for you."],
    ),
    (
        "Sure, Anna, let me look, one moment.",
        &["Sure, Anna, let me look,", "one moment."],
    ),
    (
        "It is going to rain tomorrow morning; take an umbrella.",
        &["It is going to rain tomorrow morning;", "take an umbrella."],
    ),
    (
        "There is one thing you should know – it costs.",
        &["There is one thing you should know –", "it costs."],
    ),
    (
        "There is one thing you should know—it costs.",
        &["There is one thing you should know—", "it costs."],
    ),
    (
        "Short: it works. Long sentences, though, with commas, stay whole.",
        &[
            "Short: it works.",
            "Long sentences, though, with commas, stay whole.",
        ],
    ),
    // What looks like an end and is none.
    (
        "Pi is 3.14159 or so. Fine.",
        &["Pi is 3.14159 or so.", "Fine."],
    ),
    (
        "Dr. Smith met Mrs. Jones. They spoke.",
        &["Dr. Smith met Mrs. Jones.", "They spoke."],
    ),
    (
        "Use a tool, e.g. a hammer. Or two.",
        &["Use a tool, e.g. a hammer.", "Or two."],
    ),
    (
        "It starts at 10:30 sharp. Be there.",
        &["It starts at 10:30 sharp.", "Be there."],
    ),
    (
        "See https://example.com/a,b?c=d. It helps.",
        &["See https://example.com/a,b?c=d.", "It helps."],
    ),
    (
        "Write to a.b@example.co.uk today. Thanks.",
        &["Write to a.b@example.co.uk today.", "Thanks."],
    ),
    ("Well... I think so. Yes.", &["Well... I think so.", "Yes."]),
    ("Well… let me see. Yes.", &["Well… let me see.", "Yes."]),
    (
        "Come at 3 p.m. tomorrow. Bye.",
        &["Come at 3 p.m. tomorrow.", "Bye."],
    ),
    (
        "It is 3 p.m. Shall we go?",
        &["It is 3 p.m.", "Shall we go?"],
    ),
    (
        "Take No. 5 now. No. Not that.",
        &["Take No. 5 now.", "No.", "Not that."],
    ),
    (
        "J. R. Smith called. So did I. Twice.",
        &["J. R. Smith called.", "So did I.", "Twice."],
    ),
    (
        "It has 1,000,000 parts in all. Wow.",
        &["It has 1,000,000 parts in all.", "Wow."],
    ),
    (
        "A well-known state-of-the-art thing it is, this one. Yes.",
        &[
            "A well-known state-of-the-art thing it is,",
            "this one.",
            "Yes.",
        ],
    ),
    // Markup.
    (
        "Here:\n\n1. Milk\n2. Eggs\n\nDone.",
        &["Here:", "1. Milk", "2. Eggs", "Done."],
    ),
    ("- one\n- two", &["one", "two"]),
    ("```sh\nls -l\n```\nThat lists.", &["ls -l", "That lists."]),
    (
        "Read [the guide. All of it](https://example.com/x. y), please. Now.",
        &["Read the guide. All of it,", "please.", "Now."],
    ),
    ("🎉 🎉", &[]),
    ("... !", &[]),
    ("", &[]),
    (
        "今日は晴れです。散歩に行けます。",
        &["今日は晴れです。", "散歩に行けます。"],
    ),
];

#[test]
fn clauses_end_where_a_voice_may_pause() {
    for (text, expected) in CASES {
        assert_eq!(split([*text]), *expected, "{text}");
        assert_eq!(split_by_character(text), *expected, "{text}, by character");
    }
}

#[test]
fn the_first_sentence_is_there_with_its_last_token() {
    let mut splitter = ClauseSplitter::new();
    let text = "The weather in Paris is sunny today with a light breeze. You can walk outside without any coat at all.";
    let mut first_at = None;
    let mut clauses = Vec::new();
    for (token, word) in text.split_inclusive(' ').enumerate() {
        clauses.extend(splitter.push(word));
        if first_at.is_none() && !clauses.is_empty() {
            first_at = Some(token);
        }
    }
    clauses.extend(splitter.finish());
    assert_eq!(first_at, Some(10));
    assert_eq!(
        clauses,
        [
            "The weather in Paris is sunny today with a light breeze.",
            "You can walk outside without any coat at all.",
        ]
    );
}

#[test]
fn after_a_pause_the_next_clause_may_be_early_again() {
    let mut splitter = ClauseSplitter::new();
    assert_eq!(splitter.push("Let me look. "), ["Let me look."]);
    assert!(splitter.finish().is_empty());
    assert_eq!(
        splitter.push("You have two events today, lunch"),
        ["You have two events today,"]
    );
}

#[test]
fn a_text_without_end_is_cut_at_pauses_and_spaces() {
    let endless = "and then another thing happened ".repeat(40);
    let clauses = split([endless.as_str()]);
    assert!(
        clauses
            .iter()
            .all(|clause| clause.len() <= 240 && !clause.ends_with("anothe")),
        "{clauses:?}"
    );
    assert_eq!(clauses.join(" "), endless.trim());
    let clauses = split(["x".repeat(5_000).as_str()]);
    assert!(clauses.iter().all(|clause| clause.len() <= 1_000));
    let brackets = split(["[".repeat(5_000).as_str()]);
    assert!(brackets.is_empty());
}

proptest! {
    /// Plain words and marks, in any pieces: nothing is lost, and the pieces make no difference.
    #[test]
    fn no_word_is_lost(
        words in prop::collection::vec("[A-Za-z0-9]{1,12}('s)?[.,;:!?]{0,3}", 0..120),
        sizes in prop::collection::vec(1_usize..20, 1..40),
    ) {
        let text = words.join(" ");
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        for size in sizes.iter().cycle() {
            if rest.is_empty() { break }
            let (piece, behind) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        let clauses = split(pieces);
        prop_assert_eq!(clauses.join(" "), speakable(&text));
        prop_assert_eq!(clauses, split([text.as_str()]));
    }

    /// Anything at all: no panic, no clause without a word, none without bounds.
    #[test]
    fn any_text_gives_clauses_with_words(text in "[\\PC\n\\[\\]()*_`~|<>.,!? ]{0,600}") {
        for clause in split_by_character(&text) {
            prop_assert!(clause.chars().any(char::is_alphanumeric));
            prop_assert!(clause.chars().count() <= 1_000);
        }
    }
}
