//! Which message is meant: "the last one from Ramesh", "Anil's mail about the budget", or the id that a list gave.

use super::{MailQuery, Mailbox, Message, text};
use crate::{ActionError, recipients, when};
use jiff::{Timestamp, ToSpan as _, Zoned, civil::Date};

/// How many messages are looked at.
const LOOKED_AT: usize = 10;
/// How many are named when it is asked which one is meant.
const NAMED: usize = 3;
/// Words for any message.
const KINDS: [&str; 16] = [
    "mail",
    "mails",
    "email",
    "emails",
    "e-mail",
    "e-mails",
    "message",
    "messages",
    "conversation",
    "conversations",
    "thread",
    "threads",
    "one",
    "ones",
    "anything",
    "everything",
];
/// Words that say nothing of which one it is.
const FILLERS: [&str; 20] = [
    "my", "the", "a", "an", "our", "that", "this", "it", "any", "all", "some", "please", "i", "me",
    "got", "received", "sent", "wrote", "which", "came",
];
/// Words before what it is about.
const TOPICS: [&str; 7] = [
    "about",
    "regarding",
    "concerning",
    "titled",
    "called",
    "subject",
    "saying",
];
/// Words that stand before a topic or a name and belong to neither.
const LINKS: [&str; 6] = ["with", "on", "of", "for", "re", "in"];

/// A message, as it is named.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    /// By its id.
    Id(String),
    /// By what it is.
    Described(Description),
}

/// What was said of a message.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Description {
    from: Option<String>,
    to: Option<String>,
    words: String,
    is_newest: bool,
    only_unread: bool,
    /// 0: today.
    days_ago: Option<i32>,
}

/// What the words that follow are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Words,
    Topic,
    From,
    To,
}

impl Wanted {
    pub(super) fn read(said: &str) -> Result<Self, ActionError> {
        let said = text::line(said);
        if is_id(&said) {
            return Ok(Self::Id(said));
        }
        let description = Description::read(&said);
        if description == Description::default() {
            return Err(ActionError::Ask("Which message do you mean?".to_owned()));
        }
        Ok(Self::Described(description))
    }
}

/// Gmail's ids are 16 hexadecimal digits, Graph's are long.
fn is_id(said: &str) -> bool {
    let is_hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "-_=+/".contains(c);
    said.len() == 16 && said.chars().all(is_hexadecimal)
        || said.len() >= 40 && said.chars().all(is_base64)
}

/// `from:ann`, `subject:budget`: the provider's own language.
fn is_operator(word: &str) -> bool {
    let name = word.trim_start_matches(['-', '(']).split_once(':');
    name.is_some_and(|(name, value)| {
        !name.is_empty() && !value.is_empty() && name.chars().all(|c| c.is_ascii_lowercase())
    })
}

/// Small letters, without punctuation around it; and whether it was a possessive.
fn plain(word: &str) -> (String, bool) {
    let word = word.to_lowercase().replace('\u{2019}', "'");
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    match word.strip_suffix("'s") {
        Some(owner) => (owner.to_owned(), true),
        None => (word.to_owned(), false),
    }
}

impl Description {
    pub(super) fn read(said: &str) -> Self {
        let mut description = Self::default();
        if said.split_whitespace().any(is_operator) {
            said.clone_into(&mut description.words);
            return description;
        }
        let (mut words, mut from, mut to): (Vec<&str>, Vec<&str>, Vec<&str>) = Default::default();
        let (mut part, mut is_after_kind) = (Part::Words, true);
        let mut all = said.split_whitespace().peekable();
        while let Some(word) = all.next() {
            let (small, is_owner) = plain(word);
            // "About yesterday's outage" is no day, "about the outage yesterday" is one.
            let may_be_day = part != Part::Topic || (!is_owner && all.peek().is_none());
            let was_after_kind = std::mem::replace(&mut is_after_kind, false);
            let is_first = match part {
                Part::Words | Part::Topic => words.is_empty(),
                Part::From => from.is_empty(),
                Part::To => to.is_empty(),
            };
            let small = small.as_str();
            match small {
                "" => {}
                "today" | "yesterday" if may_be_day => {
                    description.days_ago = Some(i32::from(small == "yesterday"));
                }
                "from" | "by" if was_after_kind || (is_first && part != Part::Topic) => {
                    part = Part::From;
                }
                // "From Ramesh from yesterday"
                "from" if part == Part::From => {}
                "to" if was_after_kind || (is_first && part != Part::Topic) => part = Part::To,
                topic if TOPICS.contains(&topic) && (part != Part::Topic || is_first) => {
                    part = Part::Topic;
                }
                filler if is_first && (FILLERS.contains(&filler) || LINKS.contains(&filler)) => {
                    is_after_kind = was_after_kind;
                }
                _ if part == Part::Topic => words.push(word),
                "last" | "latest" | "newest" | "recent" | "new" | "most" => {
                    description.is_newest = true;
                    is_after_kind = true;
                }
                "unread" => {
                    description.only_unread = true;
                    is_after_kind = true;
                }
                kind if KINDS.contains(&kind) => {
                    part = Part::Words;
                    is_after_kind = true;
                }
                _ if part == Part::From => from.push(word),
                _ if part == Part::To => to.push(word),
                _ if is_owner => {
                    let end = word.len()
                        - word
                            .rfind(['\'', '\u{2019}'])
                            .map_or(0, |at| word.len() - at);
                    from.append(&mut words);
                    from.push(&word[..end]);
                    is_after_kind = true;
                }
                filler if FILLERS.contains(&filler) => {}
                _ => words.push(word),
            }
        }
        let name = |words: Vec<&str>| {
            let name = words.join(" ");
            let name = name.trim_matches(|c: char| ",.!?\"“”'".contains(c));
            let address = recipients::address(name).ok().flatten();
            let name = address.map_or_else(|| name.to_owned(), |person| person.email);
            Some(name).filter(|name| !name.is_empty())
        };
        description.from = name(from);
        description.to = name(to);
        let words = words.join(" ");
        let words = words.trim_matches(|c| ",.!?“”".contains(c));
        words.clone_into(&mut description.words);
        description
    }

    /// What to search for. What is told by its day or its newness alone is what came.
    pub(super) fn query(&self, now: &Zoned) -> MailQuery {
        MailQuery {
            words: self.words.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            only_unread: self.only_unread,
            only_received: self.words.is_empty() && self.from.is_none() && self.to.is_none(),
            received: self.day(now),
        }
    }

    /// The day that was said, in the speaker's zone, up to the first moment of the next.
    fn day(&self, now: &Zoned) -> Option<(Timestamp, Timestamp)> {
        let day = now.saturating_sub(self.days_ago?.days()).date();
        let begin = |day: Date| {
            let begin = day.to_zoned(now.time_zone().clone());
            begin.ok().map(|begin| begin.timestamp())
        };
        Some((begin(day)?, begin(day.tomorrow().ok()?)?))
    }

    /// "from Ramesh about “budget”"
    fn spoken(&self) -> String {
        let mut spoken = String::from(if self.only_unread {
            "unread message"
        } else {
            "message"
        });
        if let Some(from) = &self.from {
            spoken = format!("{spoken} from {from}");
        }
        if let Some(to) = &self.to {
            spoken = format!("{spoken} to {to}");
        }
        if !self.words.is_empty() {
            spoken = format!("{spoken} about “{}”", self.words);
        }
        match self.days_ago {
            Some(0) => spoken + " of today",
            Some(_) => spoken + " of yesterday",
            None => spoken,
        }
    }

    /// The one message that is meant: of one sender or one conversation, the newest.
    pub(super) async fn find(
        &self,
        mailbox: &dyn Mailbox,
        now: &Zoned,
    ) -> Result<Message, ActionError> {
        let query = MailQuery {
            only_received: self.to.is_none(),
            ..self.query(now)
        };
        let mut found = mailbox.search(&query, LOOKED_AT).await?;
        let zone = now.time_zone();
        let all_same = |key: fn(&Message) -> String| {
            let first = found.first().map(key);
            found.iter().all(|message| Some(key(message)) == first)
        };
        let is_one = self.is_newest
            || all_same(|message| message.thread.clone())
            || all_same(|message| message.from.email.to_lowercase());
        if found.is_empty() {
            return Err(ActionError::NotFound(format!(
                "I found no {}.",
                self.spoken()
            )));
        }
        if is_one {
            return Ok(found.remove(0));
        }
        let choice = |message: &Message| {
            let subject = text::subject(&message.subject);
            let from = text::line(&message.from.spoken());
            let when = message
                .received
                .map(|at| when::spoken(&at.to_zoned(zone.clone())));
            format!(
                "“{subject}” from {from}{}",
                when.map_or(String::new(), |when| format!(" on {when}"))
            )
        };
        let choices: Vec<String> = found.iter().take(NAMED).map(choice).collect();
        Err(ActionError::Ask(format!(
            "Which one do you mean: {}?",
            recipients::or_list(&choices)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From, to, words, and the rest in letters: newest, unread, today, yesterday.
    fn told(said: &str) -> (String, String, String, String) {
        let read = Description::read(said);
        let mut rest = String::new();
        for (letter, is_so) in [
            ('n', read.is_newest),
            ('u', read.only_unread),
            ('t', read.days_ago == Some(0)),
            ('y', read.days_ago == Some(1)),
        ] {
            if is_so {
                rest.push(letter);
            }
        }
        (
            read.from.unwrap_or_default(),
            read.to.unwrap_or_default(),
            read.words,
            rest,
        )
    }

    #[test]
    fn messages_are_named_as_people_name_them() {
        for (said, from, to, words, rest) in [
            ("the last mail from Ramesh", "Ramesh", "", "", "n"),
            (
                "the mail I got from Ramesh Kumar yesterday",
                "Ramesh Kumar",
                "",
                "",
                "y",
            ),
            ("Ramesh's message", "Ramesh", "", "", ""),
            (
                "Ramesh Kumar’s latest email about the budget",
                "Ramesh Kumar",
                "",
                "budget",
                "n",
            ),
            (
                "the one about the trip from Rome to Paris",
                "",
                "",
                "trip from Rome to Paris",
                "",
            ),
            ("unread message from Anil", "Anil", "", "", "u"),
            ("my mail to Bob about lunch", "", "Bob", "lunch", ""),
            ("the most recent message", "", "", "", "n"),
            (
                "today's mail from ann at example dot com",
                "ann@example.com",
                "",
                "",
                "t",
            ),
            ("Find flight to Rome", "", "", "Find flight to Rome", ""),
            ("from Alice", "Alice", "", "", ""),
            ("conversations with Alice", "", "", "Alice", ""),
            ("invoice payment", "", "", "invoice payment", ""),
            (
                "from:ann subject:(last budget)",
                "",
                "",
                "from:ann subject:(last budget)",
                "",
            ),
            (
                "messages with the subject Quarterly report",
                "",
                "",
                "Quarterly report",
                "",
            ),
            ("budget mail from Ramesh", "Ramesh", "", "budget", ""),
            ("mails from yesterday", "", "", "", "y"),
            (
                "mails about yesterday's outage",
                "",
                "",
                "yesterday's outage",
                "",
            ),
            ("mails about the outage yesterday", "", "", "outage", "y"),
            ("mail from Ramesh from yesterday", "Ramesh", "", "", "y"),
        ] {
            let (one, two, three, four) = told(said);
            let read = (one.as_str(), two.as_str(), three.as_str(), four.as_str());
            assert_eq!(read, (from, to, words, rest), "{said}");
        }
    }

    #[test]
    fn a_day_is_one_of_the_speakers_zone() {
        // The clocks go forward on this Sunday.
        let now: Zoned = "2026-03-08T22:00:00-04:00[America/New_York]"
            .parse()
            .unwrap();
        for (said, from, before) in [
            (
                "mails from today",
                "2026-03-08T05:00:00Z",
                "2026-03-09T04:00:00Z",
            ),
            (
                "yesterday's mail from Ramesh",
                "2026-03-07T05:00:00Z",
                "2026-03-08T05:00:00Z",
            ),
        ] {
            let query = Description::read(said).query(&now);
            let (first, last) = query.received.unwrap();
            assert_eq!(
                (first.to_string(), last.to_string()),
                (from.to_owned(), before.to_owned()),
                "{said}"
            );
            assert_eq!(query.only_received, query.from.is_none(), "{said}");
        }
        let any = Description::read("mail from Ramesh").query(&now);
        assert_eq!(any.received, None);
    }

    #[test]
    fn what_says_nothing_is_asked_about() {
        for said in ["", "  ", "the message", "it", "that one", "mail"] {
            assert!(
                matches!(Wanted::read(said), Err(ActionError::Ask(_))),
                "{said}"
            );
        }
    }

    #[test]
    fn ids_are_known_by_their_looks() {
        let graph = "AAMkAGUAAAwTW09AAA=".repeat(4);
        for (said, is_known) in [
            ("18c2a4b5d6e7f809", true),
            (graph.as_str(), true),
            ("defaced", false),
            ("budgetmeeting2026", false),
        ] {
            assert_eq!(
                matches!(Wanted::read(said), Ok(Wanted::Id(_))),
                is_known,
                "{said}"
            );
        }
    }
}
