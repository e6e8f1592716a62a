//! What is said without a tool.

use super::{intent::Intent, words::Words};
use jiff::Zoned;

/// What the assistant does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Says this.
    Text(String),
    /// Says this, if anything, and calls a tool: name and arguments.
    Call(String, String, String),
}

const ABILITIES: &str = "I can keep your calendar, read, write and search your mail, use Slack and Teams, find and sum up files, look after \
                         contacts and issues, and tell you the time.";

/// Words that go with a tool's call: a goodbye must be said before hanging up.
pub(super) fn beside_call(intent: Intent) -> String {
    match intent {
        Intent::Goodbye => GOODBYE.to_owned(),
        _ => String::new(),
    }
}

const GOODBYE: &str = "Goodbye, and have a nice day.";

/// The answer to what needs no tool.
pub(super) fn small_talk(intent: Intent, words: &Words, now: &Zoned) -> Answer {
    Answer::Text(match intent {
        Intent::Greeting => "Hello! How can I help you?".to_owned(),
        Intent::HowAreYou => "I'm doing well, thank you. How can I help you?".to_owned(),
        Intent::Thanks => "You're welcome. Is there anything else?".to_owned(),
        Intent::Goodbye => GOODBYE.to_owned(),
        Intent::Yes => "All right. What would you like to do?".to_owned(),
        Intent::No => "All right. Let me know if you need anything.".to_owned(),
        Intent::Help => format!("{ABILITIES} What would you like?"),
        Intent::WhoAreYou => "I'm CASP, an AI assistant, the simple built-in one that works offline. How can I help you?".to_owned(),
        Intent::Joke => "Why did the computer go to the doctor? It had caught a virus. What else can I do for you?".to_owned(),
        Intent::Weather => "I'm sorry, I can't look up the weather. Is there anything else?".to_owned(),
        Intent::Time => format!("It's {}.", now.strftime("%-I:%M %p")),
        Intent::Date => format!("Today is {}.", now.strftime("%A, %B %-d, %Y")),
        Intent::Silence => "I'm sorry, I didn't catch that. Could you say it again?".to_owned(),
        _ => not_understood(words),
    })
}

fn not_understood(words: &Words) -> String {
    match words.quoted(12) {
        Some(heard) => {
            format!(
                "I'm sorry, I heard \"{heard}\", and I don't know how to help with that. {ABILITIES}"
            )
        }
        None => format!("I'm sorry, I didn't understand that. {ABILITIES}"),
    }
}
