use super::*;

fn say(utterance: u64, saying: Saying) -> Action {
    Action::Say {
        utterance: UtteranceId(utterance),
        saying,
    }
}

#[test]
fn a_greeting_is_said_first_and_can_be_left_unsaid() {
    let start = Instant::now();
    let greeting = || Some(Saying::Opening("Hello!".to_owned()));
    let mut machine = Machine::new(TurnSettings::default(), start);
    assert_eq!(
        machine.open(greeting(), start),
        [say(1, Saying::Opening("Hello!".to_owned()))]
    );

    let mut machine = Machine::new(TurnSettings::default(), start);
    let (speaker, since) = (ALICE, start);
    machine.handle(TurnEvent::VoiceStarted { speaker, since }, start + ms(40));
    assert_eq!(
        machine.open(greeting(), start + ms(50)),
        [],
        "somebody speaks already"
    );
}

#[test]
fn a_long_silence_is_asked_about_twice_and_then_ends_the_call() {
    let mut stage = Stage::new();
    stage.at(0, TurnEvent::SomebodyCanSpeak(true));
    assert_eq!(stage.due(20_000), [say(1, Saying::StillThere)]);
    stage.starts_to_speak(20_100, 1);
    stage.finishes(21_000, 1);
    assert_eq!(stage.due(41_000), [say(2, Saying::StillThere)]);
    stage.starts_to_speak(41_100, 2);
    stage.finishes(42_000, 2);
    assert_eq!(stage.due(62_000), [say(3, Saying::Goodbye)]);
    stage.starts_to_speak(62_100, 3);
    assert_eq!(stage.voice(62_500), [], "too late");
    assert_eq!(stage.finishes(63_000, 3), [released(), Action::HangUp][1..]);
}

#[test]
fn a_sign_of_life_begins_the_patience_anew() {
    let mut stage = Stage::new();
    stage.at(0, TurnEvent::SomebodyCanSpeak(true));
    stage.due(20_000);
    stage.finishes(21_000, 1);
    stage.typed(22_000, "yes");
    stage.finishes(23_000, 2);
    assert_eq!(stage.due(43_000), [say(3, Saying::StillThere)]);
    stage.finishes(44_000, 3);
    assert_eq!(stage.due(64_000), [say(4, Saying::StillThere)]);
}

#[test]
fn nobody_is_asked_who_cannot_speak() {
    let mut stage = Stage::new();
    assert_eq!(stage.machine.next_deadline(), None);
    stage.at(30_000, TurnEvent::SomebodyCanSpeak(true));
    stage.due(50_000);
    let mut stage = Stage::new();
    stage.at(0, TurnEvent::SomebodyCanSpeak(true));
    stage.at(5_000, TurnEvent::SomebodyCanSpeak(false));
    assert_eq!(stage.machine.next_deadline(), None);
}

#[test]
fn a_conversation_has_its_limit() {
    let settings = TurnSettings {
        max_duration: Some(Duration::from_secs(10)),
        ..TurnSettings::default()
    };
    let mut stage = Stage::with(settings);
    stage.typed(8_000, "Tell me a story.");
    stage.starts_to_speak(8_100, 1);
    assert_eq!(stage.due(10_000), [cut(1), say(2, Saying::TimeIsUp)]);
    assert_eq!(stage.typed(10_050, "no!"), []);
    stage.voice(10_100);
    assert_eq!(stage.finishes(12_000, 2), [Action::HangUp]);
}

#[test]
fn a_service_that_closes_down_says_so() {
    let mut stage = Stage::speaking();
    assert_eq!(
        stage.at(2_000, TurnEvent::CloseDown),
        [cut(1), say(2, Saying::ClosingDown)]
    );
    assert_eq!(stage.typed(2_100, "wait"), []);
    assert_eq!(stage.finishes(4_000, 2), [Action::HangUp]);
}

#[test]
fn who_may_spend_no_more_hears_the_answer_out_and_a_goodbye() {
    let mut stage = Stage::speaking();
    assert_eq!(stage.at(2_000, TurnEvent::SpentUp), []);
    assert_eq!(stage.typed(2_100, "And then?"), [], "not answered");
    assert_eq!(stage.finishes(3_000, 1), [say(2, Saying::SpentUp)]);
    assert_eq!(stage.at(3_100, TurnEvent::SpentUp), [], "said once");
    assert_eq!(stage.finishes(5_000, 2), [Action::HangUp]);
}

#[test]
fn who_may_spend_no_more_and_interrupts_is_not_answered_but_told() {
    let mut stage = Stage::speaking();
    stage.at(1_900, TurnEvent::SpentUp);
    stage.voice(2_000);
    stage.due(2_050);
    stage.due(2_400);
    let yielded = stage.due(2_700);
    assert!(yielded.contains(&cut(1)), "{yielded:?}");
    assert!(yielded.contains(&say(2, Saying::SpentUp)), "{yielded:?}");
}

#[test]
fn who_may_spend_no_more_while_nobody_is_answered_is_told_at_once() {
    let mut stage = Stage::new();
    assert_eq!(stage.at(500, TurnEvent::SpentUp), [say(1, Saying::SpentUp)]);
    let mut stage = Stage::new();
    stage.voice(500);
    let told = stage.at(600, TurnEvent::SpentUp);
    assert!(told.contains(&say(1, Saying::SpentUp)), "{told:?}");
}
