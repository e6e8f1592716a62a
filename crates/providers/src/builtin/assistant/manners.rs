//! What people say beside wishes.

use super::{intent::Intent, words::Words};

/// Short turns about the conversation itself.
pub(super) fn about_the_talk(words: &Words) -> Option<Intent> {
    const YES: &[&str] = &[
        "yes", "yeah", "yep", "sure", "ok", "okay", "please", "do", "it", "go", "ahead", "right",
        "correct", "of", "course",
    ];
    const NO: &[&str] = &[
        "no", "nope", "not", "now", "thanks", "thank", "you", "never", "mind", "nothing", "forget",
        "it", "dont",
    ];
    let leaves = words.has(&[
        "hang up",
        "end the call",
        "end call",
        "that is all",
        "that was all",
        "that will be all",
        "see you later",
        "talk to you later",
    ]);
    if leaves || (words.len() <= 6 && words.has(&["goodbye", "bye", "see you", "good night"])) {
        return Some(Intent::Goodbye);
    }
    let repeats = words.len() <= 6
        && words.has(&[
            "repeat",
            "that again",
            "say again",
            "say it again",
            "come again",
            "pardon",
            "what did you say",
        ]);
    if repeats {
        return Some(Intent::Repeat);
    }
    if words.is_only(NO) && words.has(&["no", "nope", "never mind", "forget it", "not now"]) {
        return Some(Intent::No);
    }
    if words.is_only(YES)
        && words.has(&[
            "yes",
            "yeah",
            "yep",
            "sure",
            "ok",
            "okay",
            "go ahead",
            "do it",
            "right",
            "correct",
            "of course",
        ])
    {
        return Some(Intent::Yes);
    }
    None
}

/// Talk for its own sake, and questions about the assistant.
pub(super) fn small_talk(words: &Words) -> Option<Intent> {
    let rules: &[(Intent, &[&str])] = &[
        (
            Intent::WhoAreYou,
            &[
                "who are you",
                "your name",
                "are you a robot",
                "robot",
                "are you human",
                "are you real",
                "are you an ai",
                "what are you",
                "who am i talking to",
                "who is this",
                "who made you",
            ],
        ),
        (
            Intent::Help,
            &[
                "what can you",
                "what can i",
                "can you do",
                "help",
                "what do you do",
                "how does this work",
                "your abilities",
                "what else",
            ],
        ),
        (
            Intent::Weather,
            &["weather", "rain", "sunny", "temperature", "forecast"],
        ),
        (Intent::Joke, &["joke", "make me laugh", "something funny"]),
        (
            Intent::HowAreYou,
            &[
                "how are you",
                "how do you do",
                "how is it going",
                "how are things",
                "hello are you",
            ],
        ),
        (
            Intent::Thanks,
            &[
                "thanks",
                "thank",
                "you very much",
                "appreciate",
                "great",
                "perfect",
                "awesome",
                "wonderful",
                "well done",
            ],
        ),
        (
            Intent::Greeting,
            &[
                "hello",
                "hi",
                "hey",
                "good morning",
                "good afternoon",
                "good evening",
                "greetings",
                "can you hear me",
                "anybody there",
            ],
        ),
    ];
    rules
        .iter()
        .find(|(_, keywords)| words.has(keywords))
        .map(|(intent, _)| *intent)
}
