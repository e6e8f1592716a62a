//! A wish as words, and the times told in it.

const TIME_WORDS: &[&str] = &[
    "today",
    "tomorrow",
    "tonight",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "week",
    "weekend",
    "month",
    "morning",
    "afternoon",
    "evening",
    "noon",
    "midnight",
    "am",
    "pm",
    "a.m",
    "p.m",
    "oclock",
    "o'clock",
];
/// They belong to a time when one follows.
const BEFORE_TIME: &[&str] = &[
    "at", "on", "in", "this", "next", "the", "for", "from", "until", "by", "about", "around",
];
const NUMBERS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirty", "fifteen", "half", "quarter",
];
const ARTICLES: &[&str] = &[
    "a", "an", "the", "my", "our", "new", "me", "for", "on", "in", "to", "up", "at", "with", "of",
    "some", "it",
];

/// A text's words as they were written, beside their plain forms.
pub(super) struct Tokens<'a>(Vec<(&'a str, String)>);

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let tokens = text.split_whitespace().map(|word| {
            let word =
                word.trim_matches(|mark: char| matches!(mark, '.' | ',' | '!' | '?' | ';' | '"'));
            (word, word.to_lowercase())
        });
        Self(tokens.filter(|(word, _)| !word.is_empty()).collect())
    }

    pub(super) fn plain(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |(_, plain)| plain)
    }

    /// The words from `start` to `end` as they were written.
    pub(super) fn written(&self, start: usize, end: usize) -> String {
        let words: Vec<&str> = self.0[start..end].iter().map(|(word, _)| *word).collect();
        words.join(" ")
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn position(&self, words: &[&str]) -> Option<usize> {
        self.0
            .iter()
            .position(|(_, plain)| words.contains(&plain.as_str()))
    }

    /// The words from `start` to `end` without articles and prepositions around them.
    pub(super) fn phrase(&self, start: usize, end: usize) -> Option<String> {
        let (mut start, mut end) = (start, end.min(self.len()));
        while start < end && ARTICLES.contains(&self.plain(start)) {
            start += 1;
        }
        while end > start && ARTICLES.contains(&self.plain(end - 1)) {
            end -= 1;
        }
        let words: Vec<&str> = self
            .0
            .get(start..end)?
            .iter()
            .map(|(word, _)| *word)
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Whether a time is told at `at`.
    fn is_time(&self, at: usize) -> bool {
        let word = self.plain(at);
        let next = self.plain(at + 1);
        TIME_WORDS.contains(&word)
            || (is_hour(word) && !matches!(next, "people" | "minutes" | "files"))
            || (word == "p" || word == "a") && next == "m"
            || word == "m" && at > 0 && matches!(self.plain(at - 1), "p" | "a")
    }

    /// The first stretch of words at or after `start` that tells a time.
    pub(super) fn time_span(&self, start: usize) -> Option<(usize, usize)> {
        let first = (start..self.len()).find(|at| self.is_time(*at))?;
        let mut begin = first;
        while begin > start && BEFORE_TIME.contains(&self.plain(begin - 1)) {
            begin -= 1;
        }
        let mut end = first + 1;
        loop {
            let mut next = end;
            while BEFORE_TIME.contains(&self.plain(next)) || self.plain(next) == "and" {
                next += 1;
            }
            if next < self.len() && self.is_time(next) {
                end = next + 1;
            } else {
                return Some((begin, end));
            }
        }
    }

    /// Whether a time begins at `at`, after words that lead to one.
    pub(super) fn is_time_soon(&self, at: usize) -> bool {
        (at..self.len())
            .find(|at| !BEFORE_TIME.contains(&self.plain(*at)))
            .is_some_and(|at| self.is_time(at))
    }
}

/// Whether a word may be an hour: `6`, `10:30`, `six`, `6pm`.
pub(super) fn is_hour(word: &str) -> bool {
    let digits = word.trim_end_matches("pm").trim_end_matches("am");
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.len() <= 5
        && digits
            .chars()
            .all(|digit| digit.is_ascii_digit() || digit == ':');
    is_number || NUMBERS.contains(&word)
}
