//! What is wanted, in many words.

use super::super::{
    intent::{self, Intent},
    words::Words,
};

/// Utterances and what is wanted. Those under "heard" are what PocketSphinx made of Flite's voices.
pub(super) const INTENTS: &[(&str, Intent)] = &[
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
    ("am i free on friday afternoon", Intent::FreeTime),
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
    ("Search drive for PDF invoices", Intent::SearchFiles),
    ("search my onedrive for turbines", Intent::SearchFiles),
    ("Summarize the file I last opened", Intent::SummarizeFile),
    ("sum up the quarterly report", Intent::SummarizeFile),
    ("give me a summary of the budget", Intent::SummarizeFile),
    ("show my recent files", Intent::RecentFiles),
    ("which documents did I open recently", Intent::RecentFiles),
    ("Upload a file to my drive", Intent::UploadFile),
    ("save a file called ideas in my drive", Intent::UploadFile),
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
