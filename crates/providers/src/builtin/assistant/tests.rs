//! What people say, as they type it and as speech recognition hears it, and what comes of it.

use super::{
    RuleBased,
    intent::{self, Intent},
    words::Words,
};
use crate::{ChatMessage, ChatRequest, Delta, FinishReason, LanguageModel, ToolCall, ToolSpec};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::json;

/// Utterances and what is wanted. Those under "heard" are what PocketSphinx made of Flite's voices.
const INTENTS: &[(&str, Intent)] = &[
    // Calendar.
    ("What's on my calendar today?", Intent::Agenda),
    ("what is on my calendar today", Intent::Agenda),
    ("what is a my calendar to day", Intent::Agenda),
    ("what is on my colander to day", Intent::Agenda),
    (
        "hello what's on my calendar tomorrow please",
        Intent::Agenda,
    ),
    ("Do I have any meetings tomorrow?", Intent::Agenda),
    ("do i have many meanings tomorrow", Intent::Agenda),
    ("what is my scheduled for this week", Intent::Agenda),
    ("schedule for today", Intent::Agenda),
    ("read my agenda", Intent::Agenda),
    ("When is my next appointment?", Intent::Agenda),
    ("What time is my first meeting?", Intent::Agenda),
    ("am i free on friday afternoon", Intent::Agenda),
    ("Create a meeting tomorrow at 6 PM", Intent::CreateEvent),
    ("create a meeting tomorrow it's six pm", Intent::CreateEvent),
    ("Schedule a meeting tomorrow at 10 AM.", Intent::CreateEvent),
    (
        "schedule in college on on friday and ten a m",
        Intent::CreateEvent,
    ),
    (
        "schedule equal with john on friday and ten a m",
        Intent::CreateEvent,
    ),
    (
        "could you please book lunch with Sam on Monday",
        Intent::CreateEvent,
    ),
    ("put dentist on my calendar tomorrow", Intent::CreateEvent),
    ("Move my 3 PM meeting to 4 PM", Intent::MoveEvent),
    (
        "none of my three pm meaning to four began",
        Intent::MoveEvent,
    ),
    ("move my three pm meeting two four pm", Intent::MoveEvent),
    ("reschedule nine meeting with an", Intent::MoveEvent),
    ("Reschedule my meeting with Anna", Intent::MoveEvent),
    ("Cancel my call with Anil", Intent::CancelEvent),
    ("cancel michael was handled", Intent::CancelEvent),
    ("can some i'm meeting tomorrow", Intent::CancelEvent),
    ("cancel my meeting tomorrow", Intent::CancelEvent),
    // Mail.
    ("Read my unread messages", Intent::Unread),
    ("List my last 10 unread emails", Intent::Unread),
    ("do i have any new mail", Intent::Unread),
    ("check my e-mail", Intent::Unread),
    ("Check my unread Gmail messages.", Intent::Unread),
    ("Read my Outlook unread emails", Intent::Unread),
    ("Send a mail to John about the meeting", Intent::SendMail),
    ("send e-mail to john about the meaning", Intent::SendMail),
    (
        "send an outlook email to the basset hound revenue",
        Intent::SendMail,
    ),
    (
        "she and an outlook email to the boss about for the new",
        Intent::SendMail,
    ),
    ("email Ann that we won", Intent::SendMail),
    ("Find conversations with Alice", Intent::SearchMail),
    ("fine conversations with alice", Intent::SearchMail),
    (
        "Find Outlook mails about invoice payment",
        Intent::SearchMail,
    ),
    ("search my mail for invoices", Intent::SearchMail),
    // Chats and files.
    ("Send a message to Ramesh on Slack", Intent::SendSlack),
    ("send a message to iran ash on slack", Intent::SendSlack),
    ("chen domestic jeter amish on slack", Intent::SendSlack),
    ("sending teams message to marry him", Intent::SendTeams),
    ("she ended teams message to really", Intent::SendTeams),
    ("tell the boss on teams that I am ill", Intent::SendTeams),
    ("find the budget fell in my dr", Intent::FindFile),
    ("find the budget flight on my drive", Intent::FindFile),
    ("fine my presentation", Intent::FindFile),
    ("flying my presentation", Intent::FindFile),
    ("Where is the quarterly report?", Intent::FindFile),
    // Manners and small talk.
    ("Hello!", Intent::Greeting),
    ("hi there", Intent::Greeting),
    ("good morning", Intent::Greeting),
    ("hello are you", Intent::HowAreYou),
    ("How are you?", Intent::HowAreYou),
    ("Thank you very much", Intent::Thanks),
    ("sent you very much", Intent::Thanks),
    ("thanks", Intent::Thanks),
    ("Goodbye", Intent::Goodbye),
    ("bye bye", Intent::Goodbye),
    ("that is all done by", Intent::Goodbye),
    ("that is all good bye", Intent::Goodbye),
    ("no that's all thanks", Intent::Goodbye),
    ("okay good bye", Intent::Goodbye),
    ("please hang up now", Intent::Goodbye),
    ("What time is it?", Intent::Time),
    ("can you tell me the time", Intent::Time),
    ("What is the date today?", Intent::Date),
    ("what is the day to day", Intent::Date),
    ("what day is it", Intent::Date),
    ("what can you do huh", Intent::Help),
    ("help", Intent::Help),
    ("who are you", Intent::WhoAreYou),
    ("what is your name", Intent::WhoAreYou),
    ("arguing robot", Intent::WhoAreYou),
    ("please repeat that", Intent::Repeat),
    ("shame that again", Intent::Repeat),
    ("tell me a joke", Intent::Joke),
    ("how's the weather in paris", Intent::Weather),
    ("yes please", Intent::Yes),
    ("sure go ahead", Intent::Yes),
    ("no thanks", Intent::No),
    ("never mind", Intent::No),
    // Nothing to be made of it.
    ("", Intent::Silence),
    ("…", Intent::Silence),
    (
        "she and i'm able to john open up the meeting",
        Intent::Unknown,
    ),
    ("can you sing me the blues", Intent::Unknown),
    ("gelb", Intent::Unknown),
    ("I like black tea", Intent::Unknown),
];

#[test]
fn wishes_are_recognised_even_when_misheard() {
    let wrong: Vec<_> = INTENTS
        .iter()
        .map(|(text, expected)| (text, expected, intent::recognise(&Words::of(text))))
        .filter(|(_, expected, found)| *expected != found)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn model() -> RuleBased {
    RuleBased::with_clock(|| Timestamp::from_second(1_748_945_100).unwrap()) // 2025-06-03T10:05:00Z
}

fn user(text: &str) -> ChatMessage {
    ChatMessage::User {
        content: text.into(),
    }
}

fn says(text: &str) -> ChatMessage {
    ChatMessage::Assistant {
        content: text.into(),
        tool_calls: vec![],
    }
}

fn called(name: &str, arguments: &str) -> ChatMessage {
    let call = ToolCall {
        id: "1".into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    ChatMessage::Assistant {
        content: String::new(),
        tool_calls: vec![call],
    }
}

fn answered(answer: &serde_json::Value) -> ChatMessage {
    ChatMessage::Tool {
        tool_call_id: "1".into(),
        content: answer.to_string(),
    }
}

const TOOLS: &[&str] = &[
    "google-calendar__agenda",
    "google-calendar__create",
    "google-calendar__reschedule",
    "google-calendar__cancel",
    "gmail__unread",
    "gmail__send",
    "gmail__search",
    "slack__send",
    "teams__send_chat",
    "google-drive__find",
    "call__hang_up",
];

/// The text and the call that a conversation leads to.
async fn answer(messages: &[ChatMessage], tools: &[&str]) -> (String, Option<ToolCall>) {
    let spec = |name: &&str| ToolSpec {
        name: (*name).into(),
        description: String::new(),
        parameters: json!({}),
    };
    let request = ChatRequest {
        messages: messages.to_vec(),
        tools: tools.iter().map(spec).collect(),
        ..ChatRequest::default()
    };
    let deltas: Vec<_> = model()
        .chat(request)
        .await
        .unwrap()
        .map(Result::unwrap)
        .collect()
        .await;
    let (mut text, mut call, mut finish) = (String::new(), None, None);
    for delta in deltas {
        assert!(finish.is_none(), "the end is last");
        match delta {
            Delta::Text(word) => {
                assert!(
                    word.split_whitespace().count() == 1,
                    "word by word: {word:?}"
                );
                text.push_str(&word);
            }
            Delta::ToolCall(tool) => call = Some(tool),
            Delta::Finish(reason) => finish = Some(reason),
        }
    }
    let expected = if call.is_some() {
        FinishReason::ToolCalls
    } else {
        FinishReason::Stop
    };
    assert_eq!(finish, Some(expected));
    (text, call)
}

/// What is said to one turn.
async fn reply(text: &str) -> String {
    let (text, call) = answer(&[user(text)], TOOLS).await;
    assert_eq!(call, None);
    text
}

#[tokio::test]
async fn wishes_become_calls_with_their_arguments() {
    for (text, name, arguments) in [
        (
            "What's on my calendar today?",
            "google-calendar__agenda",
            json!({"when": "today"}),
        ),
        (
            "what is a my calendar",
            "google-calendar__agenda",
            json!({"when": "today"}),
        ),
        (
            "what is my schedule for this week",
            "google-calendar__agenda",
            json!({"when": "this week"}),
        ),
        (
            "Create a meeting tomorrow at 6 PM",
            "google-calendar__create",
            json!({"title": "Meeting", "when": "tomorrow at 6 PM"}),
        ),
        (
            "Move my 3 PM meeting to 4 PM",
            "google-calendar__reschedule",
            json!({"event": "3 PM meeting", "when": "4 PM"}),
        ),
        (
            "move my three pm meeting two four pm",
            "google-calendar__reschedule",
            json!({"event": "three pm meeting", "when": "four pm"}),
        ),
        (
            "Cancel my call with Anil",
            "google-calendar__cancel",
            json!({"event": "call with Anil"}),
        ),
        ("Read my unread messages", "gmail__unread", json!({})),
        (
            "Find conversations with Alice",
            "gmail__search",
            json!({"query": "Alice"}),
        ),
        (
            "Send a mail to John about the meeting",
            "gmail__send",
            json!({"to": "John", "subject": "the meeting", "body": "This is about the meeting."}),
        ),
        (
            "send a message to Ramesh on Slack saying I'm late",
            "slack__send",
            json!({"to": "Ramesh", "text": "I'm late"}),
        ),
        (
            "find the budget file in my drive",
            "google-drive__find",
            json!({"name": "budget"}),
        ),
    ] {
        let (said, call) = answer(&[user(text)], TOOLS).await;
        let call = call.unwrap_or_else(|| panic!("{text}: {said}"));
        assert_eq!((call.name.as_str(), said.as_str()), (name, ""), "{text}");
        let given: serde_json::Value = serde_json::from_str(&call.arguments).unwrap();
        assert_eq!(given, arguments, "{text}");
    }
}

#[tokio::test]
async fn what_is_missing_is_asked_for_and_put_together() {
    let mut talk = vec![user("Send a mail")];
    for (question, reply) in [
        ("Who should get it?", "to John"),
        ("What should it say?", "I will be late"),
    ] {
        let (said, call) = answer(&talk, TOOLS).await;
        assert_eq!((said.as_str(), call), (question, None));
        talk.extend([says(&said), user(reply)]);
    }
    let (_, call) = answer(&talk, TOOLS).await;
    let call = call.unwrap();
    assert_eq!(call.name, "gmail__send");
    assert_eq!(call.arguments, r#"{"body":"I will be late","to":"John"}"#);

    let when = answer(
        &[
            user("Create a meeting"),
            says("When should it be?"),
            user("tomorrow at noon"),
        ],
        TOOLS,
    )
    .await;
    assert_eq!(
        when.1.unwrap().arguments,
        r#"{"title":"Meeting","when":"tomorrow at noon"}"#
    );
    // Who changes their mind is not held to the question.
    let (said, call) = answer(
        &[
            user("Create a meeting"),
            says("When should it be?"),
            user("never mind"),
        ],
        TOOLS,
    )
    .await;
    assert_eq!(
        (said.as_str(), call),
        ("All right. Let me know if you need anything.", None)
    );
}

#[tokio::test]
async fn without_a_connection_it_says_how_to_connect() {
    let result = json!({
        "status": "failed",
        "error": "No Google Calendar is connected.",
        "connect": "/v1/oauth/connect/google-calendar",
    });
    let talk = [
        user("what is on my calendar today"),
        called("google-calendar__agenda", "{}"),
        answered(&result),
    ];
    let (said, call) = answer(&talk, TOOLS).await;
    assert_eq!(call, None);
    assert_eq!(
        said,
        "No Google Calendar is connected yet. You can connect one on the Connections page, or in your browser at \
         /v1/oauth/connect/google-calendar."
    );
    // Without the tool, and for a provider that was named.
    let (said, _) = answer(&[user("what is on my calendar today")], &[]).await;
    assert!(
        said.starts_with(
            "No Google Calendar is connected to this conversation. You can connect one"
        ),
        "{said}"
    );
    let (said, _) = answer(&[user("read my outlook mail")], TOOLS).await;
    assert!(
        said.starts_with("No Outlook account is connected") && said.ends_with("/connect/outlook."),
        "{said}"
    );
}

#[tokio::test]
async fn results_are_told_in_words() {
    for (tool, result, expected) in [
        (
            "google-calendar__agenda",
            json!({"status": "succeeded", "result": []}),
            "You have nothing on your calendar.",
        ),
        (
            "google-calendar__agenda",
            json!({"status": "succeeded", "result": {"events": [{"title": "Lunch", "start": "2025-06-03T12:30:00Z"}]}}),
            "You have 1 event: Lunch, at 12:30 PM.",
        ),
        (
            "gmail__unread",
            json!({"status": "succeeded", "result": [{"subject": "A", "from": "Ann"}, "B", "C", "D"]}),
            "You have 4 unread messages. The first are: A, from Ann; B; C.",
        ),
        (
            "gmail__send",
            json!({"status": "succeeded", "result": {"id": 1}}),
            "Done. Your message is sent.",
        ),
        (
            "google-drive__find",
            json!({"status": "succeeded"}),
            "I found no such file.",
        ),
        (
            "gmail__send",
            json!({"status": "failed", "error": "Nobody called John is known"}),
            "I'm sorry, that didn't work. Nobody called John is known.",
        ),
        (
            "gmail__send",
            json!({"status": "needs_confirmation", "result": "Send \"Hi\" to John"}),
            "Send \"Hi\" to John. Shall I go ahead?",
        ),
        (
            "gmail__send",
            json!("nonsense"),
            "I'm sorry, that didn't work.",
        ),
    ] {
        let (said, call) = answer(&[user("x"), called(tool, "{}"), answered(&result)], TOOLS).await;
        assert_eq!((said.as_str(), call), (expected, None));
    }
}

#[tokio::test]
async fn a_yes_repeats_the_call_that_waits_for_it() {
    let pending = [
        user("send it"),
        called("gmail__send", r#"{"to":"John"}"#),
        answered(&json!({"status": "needs_confirmation"})),
        says("Shall I go ahead?"),
    ];
    let (_, call) = answer(&[&pending[..], &[user("yes please")]].concat(), TOOLS).await;
    let call = call.unwrap();
    assert_eq!(
        (call.name.as_str(), call.arguments.as_str()),
        ("gmail__send", r#"{"to":"John"}"#)
    );
    let (said, call) = answer(&[&pending[..], &[user("no thanks")]].concat(), TOOLS).await;
    assert_eq!(
        (said.as_str(), call),
        ("All right. Let me know if you need anything.", None)
    );
    // Done once, it is not done again.
    let done = [
        called("gmail__send", "{}"),
        answered(&json!({"status": "succeeded"})),
        says("Done."),
        user("yes"),
    ];
    let (said, call) = answer(&[&pending[..], &[user("yes")], &done].concat(), TOOLS).await;
    assert_eq!(
        (said.as_str(), call),
        ("All right. What would you like to do?", None)
    );
}

#[tokio::test]
async fn a_goodbye_is_said_and_the_call_is_ended() {
    let (said, call) = answer(&[user("Goodbye")], TOOLS).await;
    assert_eq!(
        (said.as_str(), call.unwrap().name.as_str()),
        ("Goodbye, and have a nice day.", "call__hang_up")
    );
    let (said, call) = answer(&[user("Goodbye")], &[]).await;
    assert_eq!(
        (said.as_str(), call),
        ("Goodbye, and have a nice day.", None)
    );
}

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
        ("what can you do", "I can look at your calendar"),
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
