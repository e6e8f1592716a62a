use super::*;
use proptest::prelude::*;

const SPOKEN: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

#[test]
fn card_numbers_as_people_say_and_as_machines_write_them() {
    for (said, written) in [
        ("It is 4111 1111 1111 1111.", "It is [card number]."),
        ("4111-1111-1111-1111", "[card number]"),
        ("4,111,111,111,111,111 thanks", "[card number] thanks"),
        (
            "my card is four one one one, one one one one, uh, one one one one and one one one one okay",
            "my card is [card number] okay",
        ),
        (
            "Four triple one double one double one eleven eleven eleven eleven.",
            "[card number].",
        ),
        ("forty-one eleven 1111 1111 1111", "[card number]"),
        (
            "3782 822463 10005, expires 12 27",
            "[card number], expires 12 27",
        ),
        ("5555 5555 5555 4444, 12/27, 123", "[card number]"),
        ("vier eins eins eins 1111 1111 1111", "[card number]"),
        ("٤١١١١١١١١١١١١١١١", "[card number]"),
    ] {
        assert_eq!(masked(said), written, "{said}");
    }
}

#[test]
fn other_numbers_stay() {
    for text in [
        "Call me at +1 555 123 0001 or +49 1512 3456789.",
        "Order 1234567890, from 2026-01-02 at 10:30.",
        "4111 1111 1111 1112",
        "one moment, two of us at seven thirty",
        "Grüezi 👋",
        "",
    ] {
        assert!(matches!(masked(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn a_number_told_in_pieces_is_found() {
    let pieces = ["It's 4111 1111", "one one one one", "1111, is that all?"];
    let masked: Vec<_> = masked_pieces(&pieces).into_iter().flatten().collect();
    assert_eq!(
        masked,
        [
            "It's [card number]",
            "[card number]",
            "[card number], is that all?"
        ]
    );
    assert_eq!(
        masked_pieces(&["4111 1111", "no, wait", "1111 1111"]),
        [None, None, None]
    );
}

#[test]
fn json_stays_json() {
    let mut value = serde_json::json!({
        "id": 4_111_111_111_111_111_u64, "note": ["card 4111 1111 1111 1111", true], "n": 7
    });
    mask_json(&mut value);
    assert_eq!(
        value,
        serde_json::json!({"id": MASK, "note": ["card [card number]", true], "n": 7})
    );
}

/// A number that passes: the last digit makes it so.
fn card() -> impl Strategy<Value = Vec<u8>> {
    (2_u8..=6, proptest::collection::vec(0_u8..10, 11..18)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest.push(0);
        let last = (0..10).find(|check| {
            *rest.last_mut().expect("not empty") = *check;
            luhn::is_card(&rest)
        });
        assert!(last.is_some());
        rest
    })
}

/// One digit as it may come, with what comes after it.
fn voiced(digit: u8, style: u8) -> String {
    match style {
        0 => format!("{digit}"),
        1 => format!("{digit} "),
        2 => format!("{digit}-"),
        3 => format!(" {} ", SPOKEN[usize::from(digit)]),
        _ => format!(" {}, uh, ", SPOKEN[usize::from(digit)]),
    }
}

proptest! {
    #[test]
    fn no_card_is_written_down_however_it_is_said(
        card in card(),
        styles in proptest::collection::vec(0_u8..5, 19),
    ) {
        let said: String = card.iter().zip(styles).map(|(digit, style)| voiced(*digit, style)).collect();
        let text = format!("My card is {said}; thank you.");
        let masked = masked(&text);
        prop_assert!(masked.contains(MASK), "{text} -> {masked}");
        prop_assert!(!has_digits(&masked), "{text} -> {masked}");
    }

    #[test]
    fn cut_into_turns_anywhere_it_is_found_too(card in card(), cut in 1_usize..12) {
        let digits: Vec<String> = card.iter().map(ToString::to_string).collect();
        let (first, second) = (digits[..cut].join(" "), digits[cut..].join(" "));
        let masked = masked_pieces(&[&first, &second]);
        prop_assert_eq!(masked, vec![Some(MASK.to_owned()), Some(MASK.to_owned())]);
    }

    #[test]
    fn any_text_is_taken_and_masked_once(text in "\\PC{0,60}|[0-9 +a-z-]{0,60}") {
        let once = masked(&text).into_owned();
        prop_assert_eq!(masked(&once).into_owned(), once.clone());
    }

    #[test]
    fn too_few_digits_are_left_alone(text in "([0-9]{1,4} ){0,3}[a-z ]{0,20}") {
        prop_assert_eq!(masked(&text).into_owned(), text);
    }
}
