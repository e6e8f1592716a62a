//! The text of a page, in the order in which it is drawn (ISO 32000-1 §9.4).

use super::{super::limits::Limits, screen};
use lopdf::{
    Document, Encoding, Object, ObjectId,
    content::{Content, Operation},
};
use std::collections::HashMap;

/// The largest content of a page that is unfolded, in bytes.
const MOST_CONTENT: usize = 4 * 1024 * 1024;
/// Things that are parsed of it.
const MOST_TOKENS: usize = 1_500_000;
/// The largest table of a font's letters, in bytes.
const MOST_LETTERS: usize = 1024 * 1024;
/// A step back between letters that is a space, in thousandths of their size.
const WORD_GAP: f32 = -200.0;
/// A smaller step up or down stays in the line.
const SAME_LINE: f32 = 0.5;

/// Adds the text of a page. What cannot be read of it is left out.
pub(super) fn text(document: &Document, page: ObjectId, limits: &Limits, text: &mut String) {
    let Ok(content) = document.get_page_content_with_limit(page, MOST_CONTENT) else {
        return;
    };
    if screen::tokens(&content) > MOST_TOKENS {
        return;
    }
    let mut pen = Pen {
        document,
        fonts: document.get_page_fonts(page).unwrap_or_default(),
        encodings: HashMap::new(),
        font: Vec::new(),
        height: 0.0,
        leading: 0.0,
        written: None,
        has_moved: false,
    };
    for operation in Content::decode_iter(&content) {
        let Ok(operation) = operation else { break };
        pen.follow(&operation, text);
        if limits.is_enough(text.len()) {
            break;
        }
    }
}

/// What a page's text is drawn with.
struct Pen<'a> {
    document: &'a Document,
    fonts: std::collections::BTreeMap<Vec<u8>, &'a lopdf::Dictionary>,
    /// Read when first used: a page may name more fonts than it draws with.
    encodings: HashMap<Vec<u8>, Option<Encoding<'a>>>,
    font: Vec<u8>,
    /// Where the line is.
    height: f32,
    leading: f32,
    /// Where the line was that was last written in.
    written: Option<f32>,
    has_moved: bool,
}

impl Pen<'_> {
    fn follow(&mut self, operation: &Operation, text: &mut String) {
        let number = |at: usize| {
            let operand = operation.operands.get(at);
            operand
                .and_then(|operand| operand.as_float().ok())
                .unwrap_or_default()
        };
        match operation.operator.as_str() {
            "Tf" => {
                let name = operation
                    .operands
                    .first()
                    .and_then(|name| name.as_name().ok());
                self.font = name.unwrap_or_default().to_vec();
            }
            "BT" => self.go_to(0.0),
            "Td" => self.go_to(self.height + number(1)),
            "TD" => {
                self.leading = -number(1);
                self.go_to(self.height + number(1));
            }
            "Tm" => self.go_to(number(5)),
            "TL" => self.leading = number(0),
            "T*" => self.next_line(),
            "Tj" | "TJ" => self.write(&operation.operands, text),
            "'" => {
                self.next_line();
                self.write(&operation.operands, text);
            }
            "\"" => {
                self.next_line();
                self.write(operation.operands.get(2..).unwrap_or_default(), text);
            }
            _ => {}
        }
    }

    fn go_to(&mut self, height: f32) {
        self.height = height;
        self.has_moved = true;
    }

    fn next_line(&mut self) {
        // Without a leading, lines lie upon each other; they are lines still.
        let leading = if self.leading == 0.0 {
            1.0
        } else {
            self.leading
        };
        self.go_to(self.height - leading);
    }

    fn write(&mut self, operands: &[Object], text: &mut String) {
        if self.has_moved && !text.is_empty() && !text.ends_with(char::is_whitespace) {
            let is_same = |line: f32| (line - self.height).abs() < SAME_LINE;
            text.push(if self.written.is_some_and(is_same) {
                ' '
            } else {
                '\n'
            });
        }
        self.has_moved = false;
        self.written = Some(self.height);
        let (document, fonts) = (self.document, &self.fonts);
        let encoding = self
            .encodings
            .entry(self.font.clone())
            .or_insert_with_key(|name| {
                let font = fonts.get(name)?;
                font.get_font_encoding_with_limit(document, MOST_LETTERS)
                    .ok()
            });
        let Some(encoding) = encoding else { return };
        for operand in operands {
            let pieces = match operand {
                Object::Array(pieces) => pieces.as_slice(),
                piece => std::slice::from_ref(piece),
            };
            for piece in pieces {
                match piece {
                    Object::String(bytes, _) => {
                        // What has no letter is left out.
                        let _ = encoding.write_to_string(bytes, text);
                    }
                    step if step.as_float().is_ok_and(|step| step < WORD_GAP) => text.push(' '),
                    _ => {}
                }
            }
        }
    }
}
