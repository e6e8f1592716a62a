//! Texts of messages: as they are written, asked about and told.

use crate::html;

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;
/// The longest subject that is made of a text.
const LONGEST_MADE_SUBJECT: usize = 60;
/// The longest text that a question repeats whole.
const LONGEST_ASKED: usize = 400;
/// What a question repeats of a longer one.
const ASKED_OF_LONGER: usize = 200;
/// As much HTML is read, in bytes.
const LONGEST_HTML: usize = 512 * 1024;
/// As much text is taken from it, in bytes.
const ENOUGH: usize = 32 * 1024;

/// Characters that show nothing: newsletters fill their first lines with them.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// One line: no line ends that would begin another header, no control characters, single spaces.
pub(crate) fn line(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines without control characters, and with one empty line between paragraphs at most.
pub(crate) fn paragraphs(text: &str) -> String {
    let mut tidy = String::new();
    let mut empty = 0;
    for one in text.replace("\r\n", "\n").split(['\n', '\r']) {
        let one = line(one);
        if one.is_empty() {
            empty += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        tidy.push_str(&one);
        empty = 0;
    }
    tidy
}

/// What people read of HTML.
pub(crate) fn of_html(page: &str) -> String {
    let begin = page.floor_char_boundary(LONGEST_HTML);
    html::text(&page[..begin], |length| length >= ENOUGH)
}

/// A text as the user wrote it, without what no mail may hold.
pub(super) fn body(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |letter: &char| !letter.is_control() || ['\n', '\t'].contains(letter);
    text.chars().filter(kept).collect()
}

/// At most so many characters, whole words where there are any, with "…" for the rest.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let begin: String = text.chars().take(most).collect();
    let whole = begin
        .rsplit_once(' ')
        .map_or(begin.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end())
}

/// A subject in one line.
pub(super) fn subject(said: &str) -> String {
    cut(&line(said), LONGEST_SUBJECT)
}

/// A subject made of a text: its first sentence.
pub(super) fn subject_of(text: &str) -> String {
    let first = text.trim().lines().next().unwrap_or_default();
    let end = first.find(['!', '?']).map(|at| at + 1);
    let end = [first.find(". "), end].into_iter().flatten().min();
    let sentence = &first[..end.unwrap_or(first.len())];
    cut(line(sentence).trim_end_matches('.'), LONGEST_MADE_SUBJECT)
}

/// The subject of an answer: `Re:` once.
pub(crate) fn reply_subject(subject: &str) -> String {
    let subject = line(subject);
    let mut rest = subject.as_str();
    while let Some((begin, after)) = rest.split_at_checked(3) {
        if !begin.eq_ignore_ascii_case("re:") {
            break;
        }
        rest = after.trim_start();
    }
    format!("Re: {rest}").trim_end().to_owned()
}

/// A text as a question repeats it.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().count() <= LONGEST_ASKED {
        return format!("“{}”", text.trim());
    }
    let words = text.split_whitespace().count();
    format!(
        "“{}”, {words} words in all,",
        cut(text.trim(), ASKED_OF_LONGER)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_it_holds() {
        for (text, expected) in [
            (
                "Budget\r\nBcc: eve@example.com",
                "Budget Bcc: eve@example.com",
            ),
            ("  a \t b\u{0} ", "a b"),
            ("\u{200b}\u{feff}Grüße\u{202e}", "Grüße"),
            ("", ""),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn paragraphs_are_kept_apart_by_one_empty_line() {
        assert_eq!(paragraphs("\r\n\r\na\r\n\r\n\r\n b  c\nd\n"), "a\n\nb c\nd");
    }

    #[test]
    fn a_subject_is_the_first_sentence_when_none_is_said() {
        let long = "I went through the whole quotation that you sent on Monday and I approve it";
        for (text, expected) in [
            ("I approved the quotation.", "I approved the quotation"),
            ("We won! Come over.", "We won!"),
            ("Hi. See you.", "Hi"),
            ("first\nsecond", "first"),
            (
                long,
                "I went through the whole quotation that you sent on Monday…",
            ),
        ] {
            assert_eq!(subject_of(text), expected);
        }
    }

    #[test]
    fn answers_say_re_once() {
        for (subject, expected) in [
            ("Budget", "Re: Budget"),
            ("Re: Budget", "Re: Budget"),
            ("RE: re:Budget", "Re: Budget"),
            ("Réunion", "Re: Réunion"),
            ("", "Re:"),
            ("A\r\nB", "Re: A B"),
        ] {
            assert_eq!(reply_subject(subject), expected);
        }
    }

    #[test]
    fn long_texts_are_asked_about_by_their_beginning() {
        assert_eq!(quoted(" hi "), "“hi”");
        let long = "word ".repeat(100);
        let asked = quoted(&long);
        assert!(asked.ends_with("…”, 100 words in all,"), "{asked}");
    }
}
