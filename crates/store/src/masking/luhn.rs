//! What makes digits a card's number.

/// Lengths of card numbers (ISO/IEC 7812).
const SHORTEST: usize = 13;
pub(super) const LONGEST: usize = 19;

/// Whether these digits (0 to 9) are a card's number: the length, a first digit that payment cards have, Luhn's sum.
pub(super) fn is_card(digits: &[u8]) -> bool {
    (SHORTEST..=LONGEST).contains(&digits.len())
        && matches!(digits[0], 2..=6)
        && luhn_sum(digits).is_multiple_of(10)
}

fn luhn_sum(digits: &[u8]) -> u32 {
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn test_cards_of_each_brand() {
        for card in [
            "4111111111111111",
            "4222222222222",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
        ] {
            assert!(is_card(&digits(card)), "{card}");
        }
    }

    #[test]
    fn one_digit_off_is_none() {
        for other in ["4111111111111112", "411111111111", "0000000000000000"] {
            assert!(!is_card(&digits(other)), "{other}");
        }
    }
}
