//! The text of a file, whatever its format.
//!
//! Who wrote a file may be hostile, so that each is read on a thread of its own with bounds: on what is read, on what
//! is kept, on time and on how many are read at once. Libraries that read the formats may panic; a file costs no more
//! than itself then.

mod format;
mod limits;
mod office;
mod pdf;
mod plain;
#[cfg(test)]
mod tests;

use super::Content;
use format::Format;
use limits::{LONGEST_TEXT, Limits};
use std::time::Duration;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// Files that are read at the same time: one may cost a core for seconds and some hundred megabytes where it is hostile;
/// others take milliseconds.
static PLACES: Semaphore = Semaphore::const_new(1);
/// How long a file may be read; it is given up a little later where the reader does not end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a place is waited for and a file read, all in all.
const ALL_PATIENCE: Duration = Duration::from_secs(8);

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// By a password, or it is an Office file from before 2007, which looks the same.
    Protected,
    /// It is not what it says, or a part is missing.
    Damaged,
    /// Beyond the bounds.
    TooComplex,
    /// There is nothing to read in it.
    NoText,
    /// No format that is read.
    Format,
    /// Others are being read.
    Busy,
}

impl Unreadable {
    /// The reason, for the user.
    pub(super) fn said_of(self, name: &str) -> String {
        match self {
            Self::Protected => format!(
                "“{name}” is protected by a password, or of a very old format, so that I cannot read it."
            ),
            Self::Damaged => format!("“{name}” is damaged, so that I cannot read it."),
            Self::TooComplex => format!("“{name}” is too complex for me to read."),
            Self::NoText => {
                format!("I found no text in “{name}”. It may be made of pictures.")
            }
            Self::Format => format!(
                "I cannot read files like “{name}”. I read texts, tables, web pages, PDF, Word and PowerPoint."
            ),
            Self::Busy => {
                format!("I am busy reading other files. Please ask for “{name}” again in a minute.")
            }
        }
    }
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    /// Whether it is all of the file's.
    pub(super) is_whole: bool,
}

/// Reads a file's text, the beginning of it where it is long.
pub(super) async fn text(content: Content, name: &str) -> Result<Text, Unreadable> {
    let format = Format::of(&content.mime_type, name, &content.bytes);
    let format = format.ok_or(Unreadable::Format)?;
    let reading = async {
        let place = PLACES.acquire().await.map_err(|_| Unreadable::Busy)?;
        let read = spawn_blocking(move || {
            // Kept until the thread ends, also when nobody waits for it any more.
            let _place = place;
            read_within(PATIENCE, format, &content.bytes)
        });
        // An error is a panic of a reader.
        read.await.unwrap_or(Err(Unreadable::Damaged))
    };
    let text = timeout(ALL_PATIENCE, reading).await;
    tidied(&text.unwrap_or(Err(Unreadable::Busy))?)
}

fn read_within(patience: Duration, format: Format, bytes: &[u8]) -> Result<String, Unreadable> {
    let limits = Limits::within(patience);
    let text = format.read(bytes, &limits)?;
    if text.trim().is_empty() && limits.is_late() {
        return Err(Unreadable::TooComplex);
    }
    Ok(text)
}

/// Lines without the space around them, at most one empty one between, cut to the bound.
fn tidied(text: &str) -> Result<Text, Unreadable> {
    let mut tidy = String::new();
    let mut length = 0;
    let mut is_whole = true;
    let mut is_gap = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            is_gap = !tidy.is_empty();
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if is_gap { "\n\n" } else { "\n" });
        }
        is_gap = false;
        let left = LONGEST_TEXT - length;
        let is_space_wide = |letter: &char| !letter.is_control() || *letter == '\t';
        let before = tidy.len();
        tidy.extend(line.chars().filter(is_space_wide).take(left));
        length += tidy[before..].chars().count();
        if length >= LONGEST_TEXT {
            is_whole = false;
            break;
        }
    }
    if !tidy.chars().any(char::is_alphanumeric) {
        return Err(Unreadable::NoText);
    }
    Ok(Text {
        text: tidy,
        is_whole,
    })
}
