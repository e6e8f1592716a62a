//! The little of XML that TwiML needs.

use std::borrow::Cow;

/// An attribute: absent when `None`.
pub(super) type Attribute<'a> = (&'static str, Option<Cow<'a, str>>);

/// Writes elements one after the other; nesting is by closure, so that every element is closed.
pub(super) struct Writer(String);

impl Writer {
    pub(super) fn document() -> Self {
        Self(String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// An element with content; one that stays empty is written `<name/>`.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        content: impl FnOnce(&mut Self),
    ) {
        self.0.push('<');
        self.0.push_str(name);
        for (key, value) in attributes {
            let Some(value) = value else { continue };
            self.0.push(' ');
            self.0.push_str(key);
            self.0.push_str("=\"");
            self.escape(value, true);
            self.0.push('"');
        }
        let before = self.0.len();
        self.0.push('>');
        content(self);
        if self.0.len() == before + 1 {
            self.0.truncate(before);
            self.0.push_str("/>");
        } else {
            self.0.push_str("</");
            self.0.push_str(name);
            self.0.push('>');
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.escape(text, false);
    }

    /// White space in attributes and carriage returns would be normalised by the reader, so they go as references
    /// (XML 1.0 §2.11 and §3.3.3). Characters that XML has no way to write (§2.2) become U+FFFD.
    fn escape(&mut self, text: &str, is_attribute: bool) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' if is_attribute => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#13;"),
                '\n' if is_attribute => self.0.push_str("&#10;"),
                '\t' if is_attribute => self.0.push_str("&#9;"),
                other => self.0.push(representable(other)),
            }
        }
    }
}

/// The character itself, or U+FFFD where XML 1.0 has no way to write it.
pub(super) const fn representable(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}' => character,
        _ => '\u{FFFD}',
    }
}
