//! Who may say yes, to what, and when.

use super::{Answer, Confirmation, HEAR_FIRST, HeldCall, NOT_YOURS};
use crate::{ReplyOutcome, Speaker};
use casp_providers::ToolCall;

const QUESTION: &str = "Shall I send “we won” to John?";

fn ann() -> Speaker {
    Speaker::stranger("ann")
}

fn held() -> HeldCall {
    let call = ToolCall {
        id: "1".into(),
        name: "gmail__send".into(),
        arguments: "{}".into(),
    };
    HeldCall::new(call, serde_json::json!({}), QUESTION.into(), ann())
}

/// A question was put, of which this was heard (`None`: all of it).
fn asked(held: &HeldCall, heard: Option<&str>) -> Confirmation {
    let mut confirmation = Confirmation::default();
    confirmation.settle(&ReplyOutcome {
        held: Some(held.clone()),
        heard: heard.map(str::to_owned),
        ..ReplyOutcome::default()
    });
    confirmation
}

#[test]
fn with_nothing_to_confirm_a_yes_is_a_word_like_any_other() {
    assert_eq!(
        Confirmation::default().answered(&ann(), "yes"),
        Answer::Nothing
    );
}

#[test]
fn a_yes_of_the_one_who_asked_releases_it_once() {
    let held = held();
    let confirmation = asked(&held, None);
    let Answer::Agreed(first) = confirmation.answered(&ann(), "Yes, please.") else {
        panic!("not agreed")
    };
    // A guess at the same turn gets the same call.
    let Answer::Agreed(second) = confirmation.answered(&ann(), "yes") else {
        panic!("not agreed")
    };
    assert_eq!(first.release().unwrap().0.name, "gmail__send");
    assert_eq!(second.release(), None);
}

#[test]
fn a_no_and_another_topic_drop_it() {
    let held = held();
    let confirmation = asked(&held, None);
    for text in ["no", "what is on my calendar", "yes but to Jane"] {
        assert_eq!(
            confirmation.answered(&ann(), text),
            Answer::Dropped(held.clone()),
            "{text}"
        );
    }
}

#[test]
fn it_waits_for_the_next_turn_and_no_longer() {
    let mut confirmation = asked(&held(), None);
    confirmation.settle(&ReplyOutcome::default());
    assert_eq!(confirmation.answered(&ann(), "yes"), Answer::Nothing);
}

#[test]
fn nobody_else_can_agree() {
    let held = held();
    let confirmation = asked(&held, None);
    let bob = Speaker::stranger("bob");
    assert_eq!(
        confirmation.answered(&bob, "yes"),
        Answer::Unclear(held.clone(), NOT_YOURS)
    );
    assert_eq!(confirmation.answered(&bob, "no"), Answer::Dropped(held));
}

#[test]
fn who_has_not_heard_the_question_to_its_end_has_not_agreed_to_it() {
    let held = held();
    for (heard, is_agreed) in [
        (None, true),
        (Some("All right. Shall I send we won to John?"), true),
        (Some("Shall I send we won to"), false),
        (Some(""), false),
    ] {
        let expected = if is_agreed {
            Answer::Agreed(held.clone())
        } else {
            Answer::Unclear(held.clone(), HEAR_FIRST)
        };
        assert_eq!(
            asked(&held, heard).answered(&ann(), "yes"),
            expected,
            "{heard:?}"
        );
    }
}

#[test]
fn a_yes_to_what_was_said_since_does_not_count() {
    let held = held();
    let mut confirmation = asked(&held, None);
    // "Are you still there?"
    confirmation.spoke_of_something_else();
    assert_eq!(
        confirmation.answered(&ann(), "yes"),
        Answer::Unclear(held, HEAR_FIRST)
    );
}
