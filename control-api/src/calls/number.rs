//! Telephone numbers as clients give them (interface §1).

use serde::Deserialize;

/// Who is called: E.164, `^\+[1-9]\d{6,14}$`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ToNumber(String);

/// Who calls: `^\+\d{7,15}$`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FromNumber(String);

/// A [`ToNumber`] in a path, where its plus may have become a blank.
#[derive(Debug, Clone)]
pub(crate) struct PathNumber(pub(crate) ToNumber);

impl ToNumber {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromNumber {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ToNumber {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if digits(&text).is_some_and(|n| (7..=15).contains(&n)) && !text.starts_with("+0") {
            Ok(Self(text))
        } else {
            Err(
                "a number to call is a plus and 7 to 15 digits, the first of them no 0: +14155550123",
            )
        }
    }
}

impl TryFrom<String> for FromNumber {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if digits(&text).is_some_and(|n| (7..=15).contains(&n)) {
            Ok(Self(text))
        } else {
            Err("a number to call from is a plus and 7 to 15 digits: +14155550123")
        }
    }
}

impl TryFrom<String> for PathNumber {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = match text.strip_prefix(' ') {
            Some(rest) => format!("+{rest}"),
            None => text,
        };
        ToNumber::try_from(text).map(Self)
    }
}

/// How many digits follow the plus, if nothing else does.
fn digits(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('+')?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str) -> bool {
        ToNumber::try_from(text.to_owned()).is_ok()
    }

    #[test]
    fn numbers_as_the_guides_give_them() {
        assert!(to("+1234567890"));
        assert!(FromNumber::try_from("+0987654321".to_owned()).is_ok());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "1234567890",
            "+0987654321",
            "+123456",
            "+1234567890123456",
            "+1 415 555",
            "+١٢٣٤٥٦٧٨٩٠",
            "+14155550123;ext=1",
            "whatsapp:+14155550123",
        ] {
            assert!(!to(text), "{text:?}");
        }
    }

    #[test]
    fn in_a_path_a_plus_may_have_become_a_blank() {
        let PathNumber(number) = PathNumber::try_from(" 14155550123".to_owned()).unwrap();
        assert_eq!(number.as_str(), "+14155550123");
        assert!(PathNumber::try_from("  14155550123".to_owned()).is_err());
    }
}
