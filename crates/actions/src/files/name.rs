//! Which file is meant: "my budget file", "the latest invoice", "the file I last opened".

use super::File;
use crate::choice;

/// Words that say nothing of the name.
const FILLERS: &[&str] = &[
    "the", "a", "an", "my", "our", "file", "document", "called", "named", "in", "on", "from", "of",
    "drive", "onedrive", "google", "i", "we", "opened", "open", "edited", "changed", "viewed",
    "used", "worked", "that", "which", "please",
];
/// Words that mean the newest one.
const NEWEST: &[&str] = &["latest", "newest", "last", "recent", "recently", "most"];

/// A file as it was spoken of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpokenName {
    /// What its name holds; may be empty.
    pub(super) words: String,
    /// Of several, the one that was changed last.
    pub(super) is_newest: bool,
}

impl SpokenName {
    pub(super) fn read(said: &str) -> Self {
        let mut is_newest = false;
        let mut words: Vec<&str> = Vec::new();
        for word in said.split_whitespace() {
            let word = word.trim_matches(|sign: char| "\"“”„?!,;:()".contains(sign));
            let plain = word.to_lowercase();
            if NEWEST.contains(&plain.as_str()) {
                is_newest = true;
            } else if !plain.is_empty() && !FILLERS.contains(&plain.as_str()) {
                words.push(word);
            }
        }
        Self {
            words: words.join(" "),
            is_newest,
        }
    }

    /// Whether each word begins a word of a name.
    pub(super) fn fits(&self, name: &str) -> bool {
        let name = choice::words(name);
        let said = choice::words(&self.words);
        let begins = |word: &String| name.iter().any(|of| of.starts_with(word.as_str()));
        said.iter().all(begins)
    }

    /// Those of the files that are meant, the newest first.
    pub(super) fn meant(&self, files: Vec<File>) -> Vec<File> {
        let mut files = choice::things(&self.words, files, |file| {
            let stem = file.name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
            stem.into_iter().chain([file.name.clone()]).collect()
        });
        files.sort_by_key(|file| std::cmp::Reverse(file.modified));
        if self.is_newest {
            files.truncate(1);
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, second: i64) -> File {
        File {
            id: name.to_owned(),
            drive: None,
            name: name.to_owned(),
            mime_type: String::new(),
            modified: jiff::Timestamp::from_second(second).ok(),
            size: None,
            link: None,
        }
    }

    #[test]
    fn a_file_is_spoken_of_by_its_name_or_as_the_last_one() {
        for (said, words, is_newest) in [
            ("budget", "budget", false),
            ("my budget file", "budget", false),
            (
                "the “Annual report” in my Google Drive",
                "Annual report",
                false,
            ),
            ("the latest invoice", "invoice", true),
            ("the file I last opened", "", true),
            ("Ann's notes.txt", "Ann's notes.txt", false),
            ("  ", "", false),
        ] {
            let words = words.to_owned();
            assert_eq!(
                SpokenName::read(said),
                SpokenName { words, is_newest },
                "{said}"
            );
        }
    }

    #[test]
    fn the_whole_name_wins_then_the_newest_where_it_was_asked_for() {
        let files = || {
            vec![
                file("Budget.xlsx", 1),
                file("Budget draft.docx", 3),
                file("Budget 2026.xlsx", 2),
            ]
        };
        for (said, expected) in [
            ("budget", vec!["Budget.xlsx"]),
            ("the 2026 budget", vec!["Budget 2026.xlsx"]),
            ("budget draft", vec!["Budget draft.docx"]),
            (
                "bud",
                vec!["Budget draft.docx", "Budget 2026.xlsx", "Budget.xlsx"],
            ),
            ("the latest bud", vec!["Budget draft.docx"]),
            ("invoice", vec![]),
        ] {
            let meant = SpokenName::read(said).meant(files());
            let names: Vec<String> = meant.into_iter().map(|file| file.name).collect();
            assert_eq!(names, expected, "{said}");
        }
    }
}
