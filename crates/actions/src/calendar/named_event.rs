//! Which event is meant: "my 3 PM meeting", "the call with Anil", "tomorrow's stand-up", or the id that the agenda gave.

use super::{
    Event,
    desk::{Opened, named},
};
use crate::{ActionError, choice, recipients::or_list, when::Said};
use jiff::{ToSpan as _, Zoned};

/// How far ahead an event is sought when no day is said.
const DAYS_AHEAD: i32 = 14;
/// How far when none of those fits.
const MOST_DAYS_AHEAD: i32 = 90;
/// The shortest id that is known as one: Google's own have 26 characters, Microsoft's far more.
const SHORTEST_ID: usize = 20;
/// How many are named when it is asked which one is meant.
const NAMED: usize = 3;
/// Words that say nothing of which event it is.
const FILLERS: [&str; 24] = [
    "my", "the", "a", "an", "our", "with", "at", "on", "of", "for", "in", "about", "that", "this",
    "and", "called", "named", "event", "please", "upcoming", "one", "to", "from", "o'clock",
];
/// Words for any event; they only count where several are left.
const KINDS: [&str; 8] = [
    "meeting",
    "call",
    "appointment",
    "session",
    "catch-up",
    "invite",
    "entry",
    "slot",
];
/// Words of time that are titles more often when they stand alone: "my lunch with Ann".
const TITLES: [&str; 11] = [
    "lunch",
    "lunchtime",
    "one",
    "one-on-one",
    "1-on-1",
    "first",
    "second",
    "third",
    "next",
    "last",
    "weekend",
];

/// What was said of an event.
#[derive(Debug, Default)]
struct Description {
    when: Option<Said>,
    /// Lower-case words that its title or people have.
    words: Vec<String>,
    kinds: Vec<String>,
    is_next: bool,
}

impl Description {
    fn read(text: &str, now: &Zoned) -> Self {
        let mut tokens: Vec<&str> = text.split_whitespace().collect();
        // "My 3 PM meeting tomorrow" has its time in two places.
        let mut times: Vec<String> = Vec::new();
        while let Some((run, begin)) = longest_time(&tokens, now) {
            times.push(
                tokens
                    .drain(begin..begin + run)
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
        let when = Said::parse(&times.join(" "), now).ok();
        let mut description = Self {
            when,
            ..Self::default()
        };
        for word in tokens.into_iter().map(plain) {
            if ["one-on-one", "1-on-1"].contains(&word.as_str()) {
                description.words.push("1:1".to_owned());
            } else if word == "next" {
                description.is_next = true;
            } else if KINDS.contains(&word.as_str()) {
                description.kinds.push(word);
            } else if !word.is_empty() && !FILLERS.contains(&word.as_str()) {
                description.words.push(word);
            }
        }
        description
    }

    fn names_a_day(&self) -> bool {
        self.when.as_ref().is_some_and(Said::names_a_day)
    }

    /// The span of the calendar that is looked at; so many days ahead where none is said.
    fn span(&self, now: &Zoned, days_ahead: i32) -> (Zoned, Zoned) {
        match &self.when {
            Some(said) if said.names_a_day() => {
                let (from, to) = said.span(now);
                // "Tomorrow at 3" is one hour of that day, but events of the other half of the clock fit, too.
                let begin = from.start_of_day().unwrap_or(from);
                let end = to.saturating_add(1.day());
                (begin, end)
            }
            _ => (now.clone(), now.saturating_add(days_ahead.days())),
        }
    }

    fn fits(&self, event: &Event, now: &Zoned) -> bool {
        let is_then = match &self.when {
            Some(said) => said.fits(&event.start, now),
            None => true,
        };
        is_then && event.end > *now && self.words.iter().all(|word| has_word(event, word))
    }
}

/// The longest run of words that is a time: its length, and where it begins.
fn longest_time(tokens: &[&str], now: &Zoned) -> Option<(usize, usize)> {
    let is_title = |word: &&str| {
        let word = plain(word);
        TITLES.contains(&word.as_str()) || FILLERS.contains(&word.as_str())
    };
    let runs = (1..=tokens.len())
        .rev()
        .flat_map(|length| (0..=tokens.len() - length).map(move |begin| (length, begin)));
    runs.into_iter().find(|(length, begin)| {
        let run = &tokens[*begin..begin + length];
        !run.iter().all(is_title) && Said::parse(&run.join(" "), now).is_ok()
    })
}

/// Lower case, without punctuation and the possessive.
fn plain(word: &str) -> String {
    let word = word.to_lowercase().replace('\u{2019}', "'");
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.strip_suffix("'s").unwrap_or(word).to_owned()
}

fn has_word(event: &Event, word: &str) -> bool {
    // "Jose" is José.
    let wanted = choice::words(word).concat();
    let stem = wanted.strip_suffix('s').filter(|stem| stem.len() > 3);
    let is_it = |text: &str| {
        let parts = choice::words(text);
        let is_part = |part: &String| *part == wanted || Some(part.as_str()) == stem;
        parts.iter().any(is_part)
            || (word.contains(':') && text.to_lowercase().contains(word))
            || (wanted.len() > 3 && parts.concat().contains(&wanted))
    };
    is_it(&event.title)
        || event.attendees.iter().any(|person| {
            is_it(&person.name) || is_it(person.email.split('@').next().unwrap_or(""))
        })
}

/// Both calendars' ids are long, in one piece, and have digits in them.
fn is_id(said: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_=+/".contains(letter);
    said.len() >= SHORTEST_ID
        && said.chars().all(is_part)
        && said.contains(|letter: char| letter.is_ascii_digit())
}

impl Opened {
    /// The events that a description fits, the first one first.
    async fn fitting(
        &self,
        description: &Description,
        days_ahead: i32,
    ) -> Result<Vec<Event>, ActionError> {
        let (from, to) = description.span(&self.now, days_ahead);
        let mut found = self.calendar.events(&from, &to).await?;
        found.retain(|event| description.fits(event, &self.now));
        found.sort_by(|one, other| one.start.cmp(&other.start));
        Ok(found)
    }

    /// The one event that the words mean, or whose id they are.
    pub(super) async fn event(&self, words: &str) -> Result<Event, ActionError> {
        let id = words.trim();
        if is_id(id) {
            match self.calendar.event(id, self.now.time_zone()).await {
                // Words, after all.
                Err(ActionError::NotFound(_) | ActionError::Refused { status: 400, .. }) => {}
                found => return found,
            }
        }
        let description = Description::read(words, &self.now);
        let mut found = self.fitting(&description, DAYS_AHEAD).await?;
        if found.is_empty() && !description.names_a_day() {
            found = self.fitting(&description, MOST_DAYS_AHEAD).await?;
        }
        if description.words.is_empty() && description.when.is_none() {
            nearest_day(&mut found);
        }
        let says_no_day = description
            .when
            .as_ref()
            .is_some_and(|said| !said.names_a_day());
        if says_no_day {
            nearest_day(&mut found);
        }
        let of_kind: Vec<Event> = found
            .iter()
            .filter(|event| description.kinds.iter().all(|kind| has_word(event, kind)))
            .cloned()
            .collect();
        if !of_kind.is_empty() {
            found = of_kind;
        }
        if description.is_next {
            found.truncate(1);
        }
        // Of a series, the next one.
        let mut series: Vec<String> = Vec::new();
        found.retain(|event| {
            let is_new = !series.contains(&event.title);
            if event.is_recurring {
                series.push(event.title.clone());
            }
            !event.is_recurring || is_new
        });
        match found.len() {
            0 => Err(ActionError::NotFound(format!(
                "I found no “{}” on your calendar.",
                words.trim()
            ))),
            1 => Ok(found.remove(0)),
            _ => {
                let choices: Vec<String> = found.iter().take(NAMED).map(named).collect();
                Err(ActionError::Ask(format!(
                    "Which one do you mean: {}?",
                    or_list(&choices)
                )))
            }
        }
    }
}

/// Keeps those of the first day that has any.
fn nearest_day(events: &mut Vec<Event>) {
    if let Some(day) = events.first().map(|event| event.start.date()) {
        events.retain(|event| event.start.date() == day);
    }
}
