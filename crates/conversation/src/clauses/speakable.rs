//! Text as it is spoken: without markup and emoji.

/// A text without what a voice cannot say: markdown (bold, headings, lists, quotes, code fences, tables, links but
/// for their text) and emoji. White space becomes single spaces.
pub fn speakable(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len());
    for line in text.lines() {
        let line = without_line_marks(line.trim());
        if line.is_empty() {
            continue;
        }
        if !spoken.is_empty() {
            spoken.push(' ');
        }
        without_inline_marks(line, &mut spoken);
    }
    tidy(&spoken)
}

/// A line without heading, list, quote and table marks; empty for fences and rules.
fn without_line_marks(line: &str) -> &str {
    if line.starts_with("```") || line.starts_with("~~~") {
        return "";
    }
    let is_rule = line.len() >= 3
        && line
            .chars()
            .all(|mark| matches!(mark, '-' | '|' | ':' | '*' | '_' | '=' | ' '));
    if is_rule {
        return "";
    }
    let mut line = line;
    loop {
        let heading = line.trim_start_matches('#');
        let is_heading =
            heading.len() < line.len() && (heading.is_empty() || heading.starts_with(' '));
        let rest = if is_heading {
            heading
        } else {
            let marks = ["> ", "- ", "* ", "+ ", "• ", "[ ] ", "[x] ", "|"];
            match marks.iter().find_map(|mark| line.strip_prefix(mark)) {
                Some(rest) => rest,
                None if line == ">" || line == "-" || line == "*" => "",
                None => return line.strip_suffix('|').unwrap_or(line),
            }
        };
        line = rest.trim_start();
    }
}

fn without_inline_marks(line: &str, spoken: &mut String) {
    let mut previous = None;
    let mut rest = line;
    while let Some(here) = rest.chars().next() {
        let after = &rest[here.len_utf8()..];
        if let Some((text, behind)) = link(rest) {
            without_inline_marks(text, spoken);
            previous = Some(')');
            rest = behind;
            continue;
        }
        let next = after.chars().next();
        match here {
            '`' | '~' if here == '`' || next == Some('~') || previous == Some('~') => {}
            '*' | '_' if is_emphasis(here, previous, next) => {}
            '<' if after.starts_with("http") || after.starts_with("mailto:") => {}
            '>' if spoken
                .rsplit(' ')
                .next()
                .is_some_and(|word| word.contains("://") || word.contains('@')) => {}
            '|' => spoken.push(','),
            _ if is_emoji(here) => spoken.push(EMOJI_STOOD_HERE),
            _ => spoken.push(here),
        }
        previous = Some(here);
        rest = after;
    }
}

/// Where an emoji was taken out, until the text is tidied.
const EMOJI_STOOD_HERE: char = '\u{0}';

/// The text of a link or image at the start, and what follows it.
fn link(text: &str) -> Option<(&str, &str)> {
    let (text, behind) = text
        .strip_prefix('!')
        .unwrap_or(text)
        .strip_prefix('[')?
        .split_once("](")?;
    let (_, behind) = behind.split_once(')')?;
    (!text.contains(['[', ']'])).then_some((text, behind))
}

/// Stars and underscores are emphasis unless they stand free (`2 * 3`) or inside a word (`snake_case`, `2*3`).
fn is_emphasis(mark: char, previous: Option<char>, next: Option<char>) -> bool {
    let is_mark = |other: Option<char>| other == Some(mark);
    let is_space = |other: Option<char>| other.is_none_or(char::is_whitespace);
    let is_in_word = |other: Option<char>| other.is_some_and(char::is_alphanumeric);
    let is_digit = |other: Option<char>| other.is_some_and(|other| other.is_ascii_digit());
    if is_mark(previous) || is_mark(next) {
        return true;
    }
    match mark {
        '*' => {
            let stands_free = is_space(previous) && is_space(next);
            let multiplies = is_digit(previous) && is_digit(next);
            !(stands_free || multiplies)
        }
        _ => !(is_in_word(previous) && is_in_word(next)),
    }
}

/// Pictures, their modifiers and joiners, arrows and other ornaments that voices stumble over.
fn is_emoji(character: char) -> bool {
    matches!(u32::from(character),
        0x200D | 0x20E3 | 0xFE0E..=0xFE0F | 0x2190..=0x21FF | 0x2300..=0x23FF | 0x25A0..=0x27BF | 0x2900..=0x297F
        | 0x2B00..=0x2BFF | 0x1F000..=0x1FAFF | 0xE0020..=0xE007F | 0xE000..=0xF8FF)
        || (character.is_control() && !character.is_whitespace())
}

/// Single spaces, and none before a mark that an emoji stood before.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut is_space_due = false;
    let mut is_after_emoji = false;
    for character in text.chars() {
        if character == EMOJI_STOOD_HERE {
            is_after_emoji = true;
        } else if character.is_whitespace() {
            is_space_due = true;
        } else {
            let closes_up =
                is_after_emoji && matches!(character, '.' | ',' | '!' | '?' | ';' | ':' | ')');
            if is_space_due && !closes_up && !tidy.is_empty() {
                tidy.push(' ');
            }
            tidy.push(character);
            is_space_due = false;
            is_after_emoji = false;
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::speakable;

    #[test]
    fn markup_and_emoji_are_taken_off() {
        for (text, expected) in [
            (
                "**Bold** and *soft* and ***both***.",
                "Bold and soft and both.",
            ),
            (
                "__Bold__ and _soft_, snake_case stays.",
                "Bold and soft, snake_case stays.",
            ),
            ("# Heading", "Heading"),
            ("### Heading ###", "Heading ###"),
            ("#5 is alive", "#5 is alive"),
            ("- one\n- two\n* three\n• four", "one two three four"),
            ("1. one\n2. two", "1. one 2. two"),
            ("> quoted\n>\n> on", "quoted on"),
            ("```rust\nlet x = 1;\n```", "let x = 1;"),
            ("Use `cargo test` now.", "Use cargo test now."),
            (
                "See [the guide](https://example.com/a_b?c=(d) now).",
                "See the guide now).",
            ),
            ("![A cat](cat.png) here", "A cat here"),
            ("[**Bold** link](x)!", "Bold link!"),
            (
                "Go to <https://example.com> or <me@example.com>.",
                "Go to https://example.com or <me@example.com.",
            ),
            ("| a | b |\n|---|---|\n| 1 | 2 |", "a , b 1 , 2"),
            (
                "Great 🎉! Well done 👩‍💻 to all 🇩🇪.",
                "Great! Well done to all.",
            ),
            ("1️⃣ first → second", "1 first second"),
            ("2 * 3 and 2*3", "2 * 3 and 2*3"),
            ("~~gone~~ here, ~5 min", "gone here, ~5 min"),
            ("---", ""),
            ("a  b\n\n\nc\td", "a b c d"),
            ("He said: \"Hi!\" (really)", "He said: \"Hi!\" (really)"),
            ("array[0] and [note]", "array[0] and [note]"),
            ("bell\u{7}\u{0} rings", "bell rings"),
            ("", ""),
        ] {
            assert_eq!(speakable(text), expected, "{text}");
        }
    }
}
