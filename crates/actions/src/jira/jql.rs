//! Jira's query language. What users say stands in it as quoted values alone, so that it is never read as a query.

use std::fmt::Write as _;

/// Conditions that all hold.
#[derive(Debug, Default)]
pub(super) struct Jql(Vec<String>);

impl Jql {
    /// A field has a value.
    pub(super) fn is(mut self, field: &str, value: &str) -> Self {
        self.0.push(format!("{field} = {}", quoted(value)));
        self
    }

    /// A field has all these words.
    pub(super) fn has_words(mut self, field: &str, words: &[String]) -> Self {
        self.0
            .push(format!("{field} ~ {}", quoted(&words.join(" "))));
        self
    }

    /// A condition as it stands; never of what somebody said.
    pub(super) fn fixed(mut self, condition: &'static str) -> Self {
        self.0.push(condition.to_owned());
        self
    }

    /// Jira refuses queries without any condition.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The query, what was changed last first.
    pub(super) fn newest_first(&self) -> String {
        format!("{} ORDER BY updated DESC", self.0.join(" AND "))
    }
}

/// The words of a text in small letters. Nothing else is left, since Jira's text search has operators of its own within
/// the quotes (`*`, `~`, `-`, AND).
pub(super) fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' => {
                let _ = write!(quoted, "\\{letter}");
            }
            letter if letter.is_control() => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn conditions_are_joined_and_values_are_quoted() {
        let jql = Jql::default()
            .is("project", "WEB")
            .is("status", r#"a" OR project = "HR\"#)
            .has_words("text", &words("Log-in: \"fails\" OR *"))
            .fixed("statusCategory != Done");
        assert_eq!(
            jql.newest_first(),
            r#"project = "WEB" AND status = "a\" OR project = \"HR\\" AND text ~ "log in fails or" AND statusCategory != Done ORDER BY updated DESC"#
        );
    }

    /// The value that a quoted text ends with, and what stands behind it.
    fn read(text: &str) -> Option<(String, &str)> {
        let mut value = String::new();
        let mut letters = text.strip_prefix('"')?.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => return Some((value, &text[at + 2..])),
                '\\' => value.push(letters.next()?.1),
                letter => value.push(letter),
            }
        }
        None
    }

    proptest! {
        #[test]
        fn nothing_that_is_said_ends_its_quotes(said in "\\PC*") {
            let quoted = quoted(&said);
            prop_assert_eq!(read(&quoted), Some((said.clone(), "")));
            let words = words(&said).join(" ");
            prop_assert!(words.chars().all(|letter| letter.is_alphanumeric() || letter == ' '));
        }
    }
}
