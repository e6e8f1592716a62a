//! Drive's search language, as far as its reference shows it: who breaks a rule of it gets `Invalid Value`.

use serde_json::Value;

/// A word, a quoted text or a sign of a query.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
}

fn tokens(query: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = query.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            '\'' => {
                let mut text = String::new();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        '\\' => text.push(letters.next().filter(|next| "\\'".contains(*next))?),
                        other => text.push(other),
                    }
                }
                tokens.push(Token::Text(text));
            }
            first => {
                let mut word = first.to_string();
                while let Some(next) = letters.next_if(|next| !" ()'".contains(*next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

/// Whether a file fits a query; `None` when the query breaks the rules.
pub(super) fn fits(query: &str, file: &Value) -> Option<bool> {
    let tokens = tokens(query)?;
    let mut rest = &tokens[..];
    let fits = any(&mut rest, file)?;
    rest.is_empty().then_some(fits)
}

fn word<'a>(rest: &mut &'a [Token]) -> Option<&'a str> {
    let (Token::Word(word), behind) = rest.split_first()? else {
        return None;
    };
    *rest = behind;
    Some(word)
}

fn text<'a>(rest: &mut &'a [Token]) -> Option<&'a str> {
    let (Token::Text(text), behind) = rest.split_first()? else {
        return None;
    };
    *rest = behind;
    Some(text)
}

fn follows(rest: &mut &[Token], wanted: &Token) -> bool {
    let does = rest.first() == Some(wanted);
    if does {
        *rest = &rest[1..];
    }
    does
}

fn any(rest: &mut &[Token], file: &Value) -> Option<bool> {
    let mut fits = all(rest, file)?;
    while follows(rest, &Token::Word("or".into())) {
        fits |= all(rest, file)?;
    }
    Some(fits)
}

fn all(rest: &mut &[Token], file: &Value) -> Option<bool> {
    let mut fits = term(rest, file)?;
    while follows(rest, &Token::Word("and".into())) {
        fits &= term(rest, file)?;
    }
    Some(fits)
}

fn term(rest: &mut &[Token], file: &Value) -> Option<bool> {
    if follows(rest, &Token::Open) {
        let fits = any(rest, file)?;
        return follows(rest, &Token::Close).then_some(fits);
    }
    if let Some(Token::Text(parent)) = rest.first() {
        *rest = &rest[1..];
        let is_in = word(rest)? == "in" && word(rest)? == "parents";
        return is_in.then(|| file["parents"][0] == **parent);
    }
    let value = |name: &str| file[name].as_str().unwrap_or_default().to_owned();
    match (word(rest)?, word(rest)?) {
        ("name", "contains") => {
            // Only what words begin with.
            let wanted = text(rest)?.to_lowercase();
            let name = value("name").to_lowercase();
            let begins = |at: usize| name.is_char_boundary(at) && name[at..].starts_with(&wanted);
            let signs = name.match_indices(|letter: char| !letter.is_alphanumeric());
            let starts = std::iter::once(0).chain(signs.map(|(at, sign)| at + sign.len()));
            Some(starts.into_iter().any(begins))
        }
        ("name", "=") => Some(value("name") == text(rest)?),
        ("fullText", "contains") => {
            let wanted = text(rest)?.to_lowercase();
            let all = format!("{} {}", value("name"), value("text")).to_lowercase();
            Some(wanted.split(' ').all(|word| all.contains(word)))
        }
        ("mimeType", "=") => Some(value("mimeType") == text(rest)?),
        ("mimeType", "!=") => Some(value("mimeType") != text(rest)?),
        ("mimeType", "contains") => Some(value("mimeType").starts_with(text(rest)?)),
        ("trashed", "=") => match word(rest)? {
            "true" => Some(file["trashed"] == true),
            "false" => Some(file["trashed"] != true),
            _ => None,
        },
        _ => None,
    }
}
