//! Digits in a text, as they are written and as they are spoken.

use super::luhn::{self, LONGEST};
use std::ops::Range;

/// A group of written digits, or a word that means some.
#[derive(Debug)]
struct Token {
    digits: Vec<u8>,
    span: Range<usize>,
}

/// Digits with nothing of meaning between them.
#[derive(Debug)]
pub(super) struct Run(Vec<Token>);

impl Run {
    /// From the first digit to the last one.
    pub(super) fn span(&self) -> Range<usize> {
        let start = self.0.first().map_or(0, |token| token.span.start);
        start..self.0.last().map_or(start, |token| token.span.end)
    }

    /// Whether some of its tokens, one after the other, are a card's number.
    pub(super) fn holds_card(&self) -> bool {
        (0..self.0.len()).any(|first| {
            let mut digits = Vec::with_capacity(LONGEST);
            self.0[first..].iter().any(|token| {
                digits.extend_from_slice(&token.digits);
                luhn::is_card(&digits)
            })
        })
    }
}

/// What a word does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// One or two digits.
    Digits(u8),
    /// Twenty to ninety, to which a digit may belong.
    Tens(u8),
    /// Two zeros.
    Hundred,
    /// The next one so many times.
    Repeat(usize),
    /// Said while looking at the card.
    Filler,
    /// Anything else.
    Other,
}

/// The runs of a text, in order.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run> {
    let mut reader = Reader::default();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        let mut take_while = |is_more: fn(char) -> bool| {
            while let Some((at, next)) = rest.next_if(|(_, next)| is_more(*next)) {
                end = at + next.len_utf8();
            }
            start..end
        };
        if digit(first).is_some() {
            let span = take_while(|next| digit(next).is_some());
            let digits = text[span.clone()].chars().filter_map(digit).collect();
            reader.written(digits, span);
        } else if first.is_alphabetic() {
            let span = take_while(|next| next.is_alphabetic() && digit(next).is_none());
            reader.word(&text[span.clone()], span);
        } else if first == '+' {
            reader.plus();
        }
    }
    reader.finish().into_iter()
}

#[derive(Debug, Default)]
struct Reader {
    done: Vec<Run>,
    tokens: Vec<Token>,
    repeat: Option<usize>,
    /// The last token is twenty to ninety, spoken.
    is_after_tens: bool,
    is_after_plus: bool,
}

impl Reader {
    fn written(&mut self, digits: Vec<u8>, span: Range<usize>) {
        if self.is_after_plus {
            self.end_run();
            // A telephone number: the rest of it follows in the same run, which is too short for a card.
            self.is_after_plus = false;
            return;
        }
        self.is_after_tens = false;
        self.repeat = None;
        self.tokens.push(Token { digits, span });
    }

    fn word(&mut self, text: &str, span: Range<usize>) {
        self.is_after_plus = false;
        let word = meaning(text);
        let was_after_tens = std::mem::take(&mut self.is_after_tens);
        match word {
            Word::Digits(value @ 1..=9) if was_after_tens => {
                if let Some(token) = self.tokens.last_mut() {
                    if let Some(unit) = token.digits.last_mut() {
                        *unit = value;
                    }
                    token.span.end = span.end;
                }
            }
            Word::Digits(value) => {
                let times = self.repeat.take().unwrap_or(1);
                let digits = if value < 10 {
                    vec![value; times]
                } else {
                    vec![value / 10, value % 10]
                };
                self.tokens.push(Token { digits, span });
            }
            Word::Tens(value) => {
                self.repeat = None;
                self.is_after_tens = true;
                let digits = vec![value / 10, 0];
                self.tokens.push(Token { digits, span });
            }
            Word::Hundred if !self.tokens.is_empty() => {
                let digits = vec![0, 0];
                self.tokens.push(Token { digits, span });
            }
            Word::Repeat(times) => self.repeat = Some(times),
            Word::Filler => {}
            Word::Hundred | Word::Other => self.end_run(),
        }
    }

    fn plus(&mut self) {
        self.end_run();
        self.is_after_plus = true;
    }

    fn end_run(&mut self) {
        self.repeat = None;
        self.is_after_tens = false;
        if !self.tokens.is_empty() {
            self.done.push(Run(std::mem::take(&mut self.tokens)));
        }
    }

    fn finish(mut self) -> Vec<Run> {
        self.end_run();
        self.done
    }
}

/// A decimal digit of the scripts that speech-to-text writes.
fn digit(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(zero)).ok()
}

/// English in full, and the digits of German, French, Spanish, Italian and Portuguese. Ambiguous words ("six") mean
/// the same in all of them; a word too many costs nothing, since the whole must pass Luhn's check.
fn meaning(word: &str) -> Word {
    match word.to_lowercase().as_str() {
        "zero" | "oh" | "o" | "nought" | "null" | "zéro" | "cero" => Word::Digits(0),
        "one" | "eins" | "un" | "uno" => Word::Digits(1),
        "two" | "zwei" | "zwo" | "deux" | "dos" | "due" | "dois" => Word::Digits(2),
        "three" | "drei" | "trois" | "tres" | "tre" | "três" => Word::Digits(3),
        "four" | "vier" | "quatre" | "cuatro" | "quattro" | "quatro" => Word::Digits(4),
        "five" | "fünf" | "cinq" | "cinco" | "cinque" => Word::Digits(5),
        "six" | "sechs" | "seis" | "sei" => Word::Digits(6),
        "seven" | "sieben" | "sept" | "siete" | "sette" | "sete" => Word::Digits(7),
        "eight" | "acht" | "huit" | "ocho" | "otto" | "oito" => Word::Digits(8),
        "nine" | "niner" | "neun" | "neuf" | "nueve" | "nove" => Word::Digits(9),
        "ten" => Word::Digits(10),
        "eleven" => Word::Digits(11),
        "twelve" => Word::Digits(12),
        "thirteen" => Word::Digits(13),
        "fourteen" => Word::Digits(14),
        "fifteen" => Word::Digits(15),
        "sixteen" => Word::Digits(16),
        "seventeen" => Word::Digits(17),
        "eighteen" => Word::Digits(18),
        "nineteen" => Word::Digits(19),
        "twenty" => Word::Tens(20),
        "thirty" => Word::Tens(30),
        "forty" | "fourty" => Word::Tens(40),
        "fifty" => Word::Tens(50),
        "sixty" => Word::Tens(60),
        "seventy" => Word::Tens(70),
        "eighty" => Word::Tens(80),
        "ninety" => Word::Tens(90),
        "hundred" => Word::Hundred,
        "double" => Word::Repeat(2),
        "triple" | "treble" => Word::Repeat(3),
        "and" | "then" | "uh" | "um" | "uhm" | "er" | "erm" | "hmm" | "dash" | "hyphen"
        | "space" | "next" | "y" | "und" | "et" | "e" => Word::Filler,
        _ => Word::Other,
    }
}
