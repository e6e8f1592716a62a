//! DTMF digits and their codes (RFC 4733, section 3.2), as LiveKit's `SipDTMF` packet carries them.

const DIGITS: &[u8; 16] = b"0123456789*#ABCD";

/// The code of a digit; letters in either case.
pub(crate) fn code(digit: char) -> Option<u32> {
    let wanted = digit.to_ascii_uppercase();
    let index = DIGITS.iter().position(|d| char::from(*d) == wanted)?;
    Some(index as u32)
}

/// The digit of a packet: by its text, else by its code.
pub(crate) fn digit(text: &str, code: u32) -> Option<char> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if self::code(letter).is_some() => Some(letter.to_ascii_uppercase()),
        (None, _) => DIGITS.get(code as usize).copied().map(char::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_has_its_code_and_back() {
        for (index, letter) in "0123456789*#ABCD".chars().enumerate() {
            assert_eq!(code(letter), Some(index as u32));
            assert_eq!(digit("", index as u32), Some(letter));
            assert_eq!(digit(&letter.to_string(), 0), Some(letter));
        }
        assert_eq!(code('x'), None);
        assert_eq!(digit("", 16), None);
        assert_eq!(digit("12", 1), None);
    }
}
