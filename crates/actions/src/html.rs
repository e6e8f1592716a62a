//! HTML as text.

use html5ever::{
    TokenizerResult,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
};
use std::cell::{Cell, RefCell};

/// Elements that end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "title",
    "tr",
    "ul",
];
/// Elements whose text is not for readers.
const HIDDEN: &[&str] = &["script", "style", "noscript", "template", "iframe", "svg"];
/// As much is read at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// The text of a page or a mail: no tags, no scripts, a line for each block. Reads until `is_enough` of it says so; a
/// hostile page costs no more than its length, since no tree is made of it.
pub(crate) fn text(html: &str, is_enough: impl Fn(usize) -> bool) -> String {
    let tokenizer = Tokenizer::new(Lines::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() && !is_enough(tokenizer.sink.text.borrow().len()) {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = more;
        queue.push_back(StrTendril::from(piece));
        // A script stops the tokenizer; there is none to run.
        while let TokenizerResult::Script(()) | TokenizerResult::EncodingIndicator(_) =
            tokenizer.feed(&queue)
        {}
    }
    tokenizer.end();
    tokenizer.sink.text.take().trim().to_owned()
}

/// Writes down what readers see.
#[derive(Debug, Default)]
struct Lines {
    text: RefCell<String>,
    /// The hidden element that is open. Hidden ones do not nest: the first end of it ends it.
    hidden: RefCell<Option<String>>,
    is_space_due: Cell<bool>,
}

impl Lines {
    fn write(&self, characters: &str) {
        let mut text = self.text.borrow_mut();
        for letter in characters.chars() {
            if letter.is_whitespace() {
                self.is_space_due.set(true);
                continue;
            }
            if self.is_space_due.take() && !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push(letter);
        }
    }

    fn end_line(&self) {
        let mut text = self.text.borrow_mut();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        self.is_space_due.set(false);
    }

    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let mut hidden = self.hidden.borrow_mut();
        if let Some(open) = hidden.as_deref() {
            if tag.kind == TagKind::EndTag && open == name {
                *hidden = None;
            }
            return TokenSinkResult::Continue;
        }
        if BLOCKS.contains(&name) {
            self.end_line();
        } else if matches!(name, "td" | "th") {
            self.is_space_due.set(true);
        }
        if tag.kind == TagKind::StartTag && !tag.self_closing && HIDDEN.contains(&name) {
            *hidden = Some(name.to_owned());
            return match name {
                "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                "style" | "noscript" | "iframe" => TokenSinkResult::RawData(RawKind::Rawtext),
                _ => TokenSinkResult::Continue,
            };
        }
        TokenSinkResult::Continue
    }
}

impl TokenSink for Lines {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(characters) if self.hidden.borrow().is_none() => {
                self.write(&characters);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn what_readers_see_is_kept() {
        for (html, expected) in [
            ("Hello <b>big</b>\n  world", "Hello big world"),
            ("<p>One</p><p>Two<br>Three", "One\nTwo\nThree"),
            ("<td>1<td>2<tr><td>3", "1 2\n3"),
            (
                "Fish &amp; chips &#8364;5 &lt;now&gt;",
                "Fish & chips €5 <now>",
            ),
            (
                "<style>p { color: red }</style>a<script>if (1 < 2) '<p>x'</script>b",
                "ab",
            ),
            ("<title>T</title><!-- note -->x", "T\nx"),
            ("<svg><text>no</text></svg>yes", "yes"),
            ("<p", ""),
            ("", ""),
        ] {
            assert_eq!(text(html, |_| false), expected, "{html}");
        }
    }

    #[test]
    fn depth_costs_nothing_and_reading_ends_when_it_is_enough() {
        let deep = "<div><ul><li>".repeat(100_000) + "x";
        assert_eq!(text(&deep, |_| false), "x");
        let long = "word ".repeat(100_000);
        let length = text(&long, |length| length > 50_000).len();
        assert!((50_000..70_000).contains(&length), "{length}");
    }
}
