//! What needs no tool.

use super::{TOOLS, answer, intents::INTENTS, reply, says, user};
use crate::ChatMessage;

#[tokio::test]
async fn time_and_date_are_those_of_the_conversation() {
    let berlin = ChatMessage::System {
        content: "Be kind. It is noon (time zone Europe/Berlin).".into(),
    };
    let (said, _) = answer(&[berlin, user("what time is it")], TOOLS).await;
    assert_eq!(said, "It's 12:05 PM.");
    let odd = ChatMessage::System {
        content: "(time zone Mars/Base)".into(),
    };
    let (said, _) = answer(&[odd, user("what time is it")], TOOLS).await;
    assert_eq!(said, "It's 10:05 AM.");
    assert_eq!(
        reply("what is the day to day").await,
        "Today is Tuesday, June 3, 2025."
    );
}

#[tokio::test]
async fn small_talk_is_short_and_what_was_not_understood_is_said_back() {
    for (text, expected) in [
        ("Hello!", "Hello! How can I help you?"),
        ("thanks", "You're welcome."),
        ("what can you do", "I can keep your calendar"),
        ("who are you", "I'm CASP, an AI assistant"),
        ("", "I'm sorry, I didn't catch that."),
        (
            "can you sing me the blues",
            "I'm sorry, I heard \"can you sing me the blues\"",
        ),
    ] {
        let said = reply(text).await;
        assert!(
            said.starts_with(expected) && said.len() < 300,
            "{text}: {said}"
        );
    }
    let long = reply(&"lorem ipsum ".repeat(500)).await;
    assert!(long.len() < 400, "{long}");
}

#[tokio::test]
async fn it_repeats_what_it_said() {
    let (said, _) = answer(
        &[
            says("Welcome."),
            user("hi"),
            says("It's noon."),
            user("say that again"),
        ],
        TOOLS,
    )
    .await;
    assert_eq!(said, "It's noon.");
    assert_eq!(
        reply("please repeat that").await,
        "I have not said anything yet."
    );
}

#[tokio::test]
async fn whatever_is_said_has_an_answer() {
    let wishes = INTENTS.iter().map(|(text, _)| *text);
    let ends = [
        "",
        " to",
        " about",
        " saying ",
        " at İ5",
        " 🎉 to 🎉 saying ẞ",
        " m p m",
        " to to to",
        " \u{a0}",
    ];
    for wish in wishes {
        for end in ends {
            for text in [format!("{wish}{end}"), format!("{end} {wish}")] {
                let (said, call) = answer(&[user(&text)], TOOLS).await;
                assert!(!said.is_empty() || call.is_some(), "{text}");
            }
        }
    }
}
