//! A wish as words, as they were written.

const ARTICLES: &[&str] = &[
    "a", "an", "the", "my", "our", "new", "me", "for", "on", "in", "to", "up", "at", "with", "of",
    "some", "it",
];

#[derive(Debug)]
struct Token<'a> {
    written: &'a str,
    plain: String,
    /// A comma stood behind it.
    has_comma: bool,
}

/// A text's words as they were written, beside their plain forms.
#[derive(Debug)]
pub(super) struct Tokens<'a>(Vec<Token<'a>>);

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let is_around = |mark: char| ".,!?;:\"“”‘".contains(mark);
        let tokens = text.split_whitespace().map(|word| {
            let has_comma = word.ends_with(',');
            let word = word.trim_matches(is_around).trim_end_matches('’');
            // A quotation that began with an apostrophe ends with one.
            let word = word.trim_matches('\'');
            Token {
                written: word,
                plain: word.to_lowercase().replace('’', "'"),
                has_comma,
            }
        });
        Self(tokens.filter(|token| !token.written.is_empty()).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// In small letters; empty where there is none.
    pub(super) fn plain(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |token| &token.plain)
    }

    /// Whether there is one of these words at a place.
    pub(super) fn is(&self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.plain(at))
    }

    /// The word before a place.
    pub(super) fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.plain(at))
    }

    /// Where the first of these words stands at or behind a place.
    pub(super) fn find(&self, words: &[&str], from: usize) -> Option<usize> {
        (from..self.len()).find(|at| self.is(*at, words))
    }

    /// Where the first of these words stands.
    pub(super) fn position(&self, words: &[&str]) -> Option<usize> {
        self.find(words, 0)
    }

    /// The words of these places as they were written.
    pub(super) fn written(&self, places: impl IntoIterator<Item = usize>) -> String {
        let mut text = String::new();
        let mut has_comma = false;
        for token in places.into_iter().filter_map(|at| self.0.get(at)) {
            if !text.is_empty() {
                text.push_str(if has_comma { ", " } else { " " });
            }
            text.push_str(token.written);
            has_comma = token.has_comma;
        }
        text
    }

    /// The words from `start` to `end` without articles and prepositions around them.
    pub(super) fn phrase(&self, start: usize, end: usize) -> Option<String> {
        self.phrase_of(&(start..end.min(self.len())).collect::<Vec<_>>())
    }

    /// The words of these places without articles and prepositions around them.
    pub(super) fn phrase_of(&self, places: &[usize]) -> Option<String> {
        let is_article = |at: &&usize| self.is(**at, ARTICLES);
        let start = places.iter().take_while(is_article).count();
        let rest = &places[start..];
        let end = rest.len() - rest.iter().rev().take_while(is_article).count();
        let words = self.written(rest[..end].iter().copied());
        (!words.is_empty()).then_some(words)
    }
}
