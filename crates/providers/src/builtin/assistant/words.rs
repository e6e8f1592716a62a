//! Words as they were recognised, and whether they sound like others.

/// Words that are looked at; who says more says it to somebody else.
const MOST_WORDS: usize = 100;

/// What was said: words in lower case, without punctuation.
#[derive(Debug)]
pub(super) struct Words {
    words: Vec<String>,
    names_an_issue: bool,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let lower = text
            .to_lowercase()
            .replace('’', "'")
            .replace("e-mail", "email");
        let mut words: Vec<String> = Vec::new();
        for token in lower.split(|character: char| {
            character.is_whitespace() || matches!(character, ',' | ';' | '/' | '-')
        }) {
            let token = token
                .trim_matches(|character: char| !character.is_alphanumeric() && character != '\'');
            let token: String = token
                .chars()
                .filter(|character| *character != '.')
                .collect();
            let (stem, tail) = match token.split_once('\'') {
                Some((stem, "s")) => (stem.to_owned(), Some("is")),
                Some((stem, "m")) => (stem.to_owned(), Some("am")),
                Some((stem, "re")) => (stem.to_owned(), Some("are")),
                Some(_) => (token.replace('\'', ""), None),
                None => (token, None),
            };
            // "6 p m" is "6 pm".
            if stem == "m" && words.last().is_some_and(|last| last == "p" || last == "a") {
                words.last_mut().expect("there is a last word").push('m');
                continue;
            }
            words.extend((!stem.is_empty()).then_some(stem));
            words.extend(tail.map(str::to_owned));
            if words.len() >= MOST_WORDS {
                break;
            }
        }
        let names_an_issue = text.split_whitespace().any(is_issue_key);
        Self {
            words,
            names_an_issue,
        }
    }

    /// Whether an issue was named by its key: "WEB-12".
    pub(super) fn names_an_issue(&self) -> bool {
        self.names_an_issue
    }

    /// Whether one of these words was said, to the letter.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The first words as they were heard; none when nothing was said.
    pub(super) fn quoted(&self, most: usize) -> Option<String> {
        let heard = self
            .words
            .iter()
            .take(most)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        (!heard.is_empty()).then_some(heard)
    }

    /// Whether one of the keywords was said. A keyword of several words wants them in a row.
    pub(super) fn has(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.find(keyword).is_some())
    }

    /// Whether it begins with one of the keywords, after words of politeness.
    pub(super) fn begins_with(&self, keywords: &[&str]) -> bool {
        let polite = [
            "please", "can", "could", "would", "you", "i", "want", "to", "like", "and", "so", "ok",
            "okay", "well", "the", "a", "hey", "hi", "hello", "need", "us",
        ];
        let start = self
            .words
            .iter()
            .position(|word| !polite.contains(&word.as_str()))
            .unwrap_or(0);
        keywords
            .iter()
            .any(|keyword| matches!(self.find(keyword), Some(at) if at <= start))
    }

    /// Whether it consists of nothing but these words.
    pub(super) fn is_only(&self, allowed: &[&str]) -> bool {
        !self.is_empty()
            && self
                .words
                .iter()
                .all(|word| allowed.contains(&word.as_str()))
    }

    /// Whether a key of a telephone was said.
    pub(super) fn has_key(&self) -> bool {
        let is_key = |word: &String| {
            super::times::is_hour(word)
                || matches!(word.as_str(), "zero" | "star" | "pound" | "hash")
        };
        self.words.iter().any(is_key)
    }

    /// Whether a word that tells a time of day or an hour follows "to" or a word like it.
    pub(super) fn has_to_time(&self) -> bool {
        self.words.windows(2).any(|pair| {
            matches!(pair[0].as_str(), "to" | "two" | "for") && super::times::is_hour(&pair[1])
        })
    }

    /// Whether an hour with "am" or "pm", or "at" an hour, was said.
    pub(super) fn has_clock_time(&self) -> bool {
        self.words.windows(2).any(|pair| {
            (super::times::is_hour(&pair[0]) && matches!(pair[1].as_str(), "am" | "pm" | "oclock"))
                || (pair[0] == "at" && super::times::is_hour(&pair[1]))
        })
    }

    fn find(&self, keyword: &str) -> Option<usize> {
        let parts: Vec<&str> = keyword.split(' ').collect();
        let in_a_row = self.words.windows(parts.len()).position(|window| {
            window
                .iter()
                .zip(&parts)
                .all(|(word, part)| sounds_like(word, part))
        });
        // Recognition splits words: "to day".
        in_a_row.or_else(|| {
            let [part] = parts[..] else { return None };
            self.words
                .windows(2)
                .position(|pair| part.len() >= 5 && pair.concat() == part)
        })
    }
}

/// `WEB-12`.
pub(super) fn is_issue_key(word: &str) -> bool {
    let word = word.trim_matches(|mark: char| !mark.is_alphanumeric());
    let Some((project, number)) = word.split_once('-') else {
        return false;
    };
    let is_project = (2..=10).contains(&project.len())
        && project.starts_with(|c: char| c.is_ascii_uppercase())
        && project
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_project && is_number
}

/// What PocketSphinx makes of some words, heard in trials with Flite's voices.
const MISHEARD: &[(&str, &[&str])] = &[
    ("meeting", &["meaning", "meanings"]),
    ("calendar", &["calender", "colander", "candor"]),
    ("schedule", &["scheduled", "schedules"]),
    ("email", &["mail", "mails", "male"]),
    ("find", &["fine", "flying", "finding"]),
    (
        "cancel",
        &["council", "counsel", "cancels", "cancelled", "canceled"],
    ),
    ("message", &["massage"]),
    ("goodbye", &["bye"]),
];

/// Whether a word is a keyword, its plural, or near enough to it.
fn sounds_like(word: &str, keyword: &str) -> bool {
    if word == keyword || word.strip_suffix('s') == Some(keyword) {
        return true;
    }
    if MISHEARD
        .iter()
        .any(|(said, heard)| *said == keyword && heard.contains(&word))
    {
        return true;
    }
    // Short words have too many neighbours.
    let (length, other) = (keyword.len(), word.len());
    let is_same_start = word.chars().next() == keyword.chars().next();
    match length {
        0..=5 => false,
        6..=7 => is_same_start && other.abs_diff(length) <= 1 && distance(word, keyword) <= 1,
        _ => is_same_start && other.abs_diff(length) <= 2 && distance(word, keyword) <= 2,
    }
}

/// Levenshtein's distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, right) in other.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{Words, distance, sounds_like};

    #[test]
    fn words_are_taken_apart() {
        for (text, expected) in [
            (
                "What's on my calendar, today?",
                "what is on my calendar today",
            ),
            ("At 6 P.M. please", "at 6 pm please"),
            ("six p m", "six pm"),
            ("I'm here; they're not", "i am here they are not"),
            ("Don't", "dont"),
            ("An e-mail!", "an email"),
            ("…", ""),
        ] {
            assert_eq!(Words::of(text).words.join(" "), expected);
        }
    }

    #[test]
    fn near_words_match_and_far_ones_do_not() {
        for (word, keyword, expected) in [
            ("calendar", "calendar", true),
            ("calendars", "calendar", true),
            ("calender", "calendar", true),
            ("callendar", "calendar", true),
            ("meanings", "meeting", true),
            ("mesage", "message", true),
            ("schedule", "reschedule", false),
            ("black", "slack", false),
            ("greeting", "meeting", false),
            ("thing", "time", false),
        ] {
            assert_eq!(sounds_like(word, keyword), expected, "{word} {keyword}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert!(Words::of("on my cal endar to day").has(&["today"]));
        assert!(Words::of("on my cal endar").has(&["calendar"]));
    }
}
