use crate::turn::wording::{is_backchannel, looks_unfinished, words_of};

#[test]
fn unfinished_words_are_told_from_finished_ones() {
    for text in [
        "I would like to",
        "I need a table for",
        "So, um.",
        "First we go to Paris and",
        "First we go to Paris, and.",
        "Monday,",
        "Let me think...",
        "It is about the",
        "My number is 555-",
        "Well",
    ] {
        assert!(looks_unfinished(text), "{text:?} is unfinished");
    }
    for text in [
        "What is on my calendar today?",
        "what is on my calendar today",
        "What are you up to?",
        "Turn it on.",
        "Stop!",
        "今日の天気は？",
        "yes",
        "",
    ] {
        assert!(!looks_unfinished(text), "{text:?} is finished");
    }
}

#[test]
fn encouragements_are_told_from_answers() {
    for text in ["Mm-hm", "Yeah.", "okay, okay", "Uh-huh", "I see", "got it!"] {
        assert!(is_backchannel(text), "{text:?}");
    }
    for text in [
        "No.",
        "Stop",
        "yeah but wait",
        "okay okay okay okay",
        "",
        "...",
    ] {
        assert!(!is_backchannel(text), "{text:?}");
    }
}

#[test]
fn sounds_are_not_words() {
    for text in ["[BLANK_AUDIO]", "(coughs)", "*music*", " . ", "…", ""] {
        assert_eq!(words_of(text), "", "{text:?}");
    }
    assert_eq!(words_of(" Hello (again). "), "Hello (again).");
}
