//! The words of a time, ready to be read: lower case, spoken numbers as digits, fillers gone.
//!
//! "Half past three on the twenty-first" → `half past 3 21st`.

use casp_providers::spoken_numbers::{ONES, ORDINALS, TENS};

/// Longest text that is read; what people say of a time is far shorter.
const LONGEST: usize = 300;

/// Words that say nothing of a time.
const FILLERS: [&str; 18] = [
    "on", "at", "the", "for", "around", "about", "by", "please", "o'clock", "oclock", "sharp",
    "exactly", "time", "my", "roughly", "then", "say", "maybe",
];

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<String> {
    let text: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::to_lowercase)
        .collect();
    let text = text
        .replace("a.m.", "am")
        .replace("p.m.", "pm")
        .replace('\u{2019}', "'")
        .replace(['\u{2013}', '\u{2014}'], " to ");
    let mut words: Vec<String> = Vec::new();
    for chunk in text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '!' | '?' | '(' | ')' | '"'))
    {
        let chunk = chunk.trim_matches(|c: char| matches!(c, '.' | '-' | '\''));
        let chunk = chunk.strip_suffix("'s").unwrap_or(chunk);
        // "6pm", "30min"; not "5th", not "18:30", not "2026-06-05".
        let letters = chunk
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(chunk.len());
        let (digits, unit) = chunk.split_at(letters);
        let is_ordinal = matches!(unit, "st" | "nd" | "rd" | "th");
        let (number, unit) = if is_ordinal {
            (chunk, "")
        } else {
            (digits, unit)
        };
        if digits.is_empty() {
            chunk.split('-').for_each(|part| push(&mut words, part));
        } else if let Some((from, to)) = range(number) {
            words.extend([from.to_owned(), "to".to_owned(), to.to_owned()]);
            push(&mut words, unit);
        } else {
            push(&mut words, number);
            push(&mut words, unit);
        }
    }
    words
}

/// "2-4"; a date has two dashes.
fn range(chunk: &str) -> Option<(&str, &str)> {
    let (from, to) = chunk.split_once('-')?;
    (!to.contains('-') && from.len() <= 5 && to.len() <= 5).then_some((from, to))
}

fn push(words: &mut Vec<String>, word: &str) {
    let position = |list: &[&str]| list.iter().position(|w| *w == word);
    let word = if let Some(n) = position(&ONES) {
        n.to_string()
    } else if let Some(n) = position(&TENS) {
        ((n + 2) * 10).to_string()
    } else if let Some(n) = position(&ORDINALS) {
        format!("{n}th")
    } else {
        match word {
            "twentieth" => "20th",
            "thirtieth" => "30th",
            "" => return,
            other => other,
        }
        .to_owned()
    };
    if FILLERS.contains(&word.as_str()) {
        return;
    }
    // "twenty" "one" → 21, "thirty" "first" → 31st
    if let (Some(tens), Some(one)) = (words.last().and_then(|w| tens(w)), one_digit(&word)) {
        words.pop();
        let ending = if word.ends_with("th") { "th" } else { "" };
        words.push(format!("{}{ending}", tens + one));
    } else {
        words.push(word);
    }
}

fn tens(word: &str) -> Option<u32> {
    word.parse().ok().filter(|n| matches!(n, 20 | 30 | 40 | 50))
}

fn one_digit(word: &str) -> Option<u32> {
    word.trim_end_matches("th")
        .parse()
        .ok()
        .filter(|n| (1..=9).contains(n))
}

/// `6`
pub(super) fn number(word: &str) -> Option<u32> {
    word.parse().ok().filter(|_| word.len() <= 4)
}

/// `5th`, `21st`
pub(super) fn ordinal(word: &str) -> Option<u32> {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| number(word.strip_suffix(ending)?))
}
