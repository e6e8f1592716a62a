use super::*;

fn decided_actions(actions: &[Action]) -> (u64, &str) {
    let (utterance, decision) = decision(actions).expect("decided");
    assert_eq!(decision.speaker, None);
    (utterance.0, &decision.text)
}

#[test]
fn a_typed_turn_is_answered_without_waiting() {
    let mut stage = Stage::new();
    let actions = stage.typed(1_000, "hello");
    assert_eq!(actions[0], prepare_typed(1, "hello"));
    assert_eq!(decided_actions(&actions), (1, "hello"));
}

#[test]
fn it_interrupts_the_agent() {
    let mut stage = Stage::speaking();
    let actions = stage.typed(2_000, "stop");
    assert_eq!(actions[..2], [cut(1), prepare_typed(2, "stop")]);
    assert_eq!(decided_actions(&actions), (2, "stop"));
}

#[test]
fn it_replaces_what_is_being_said() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    stage.transcribed(2_150, 1, "What is");
    let actions = stage.typed(2_200, "never mind");
    assert_eq!(actions[..2], [released(), prepare_typed(1, "never mind")]);
}

#[test]
fn a_text_from_outside_waits_for_the_floor() {
    let mut stage = Stage::speaking();
    let text = "Your taxi is here.".to_owned();
    assert_eq!(stage.at(2_000, TurnEvent::Say { text: text.clone() }), []);
    assert_eq!(
        stage.finishes(3_000, 1),
        [
            Action::ShowState(AgentState::Listening),
            Action::Say {
                utterance: UtteranceId(2),
                saying: Saying::Text(text)
            }
        ]
    );
}

#[test]
fn texts_from_outside_do_not_pile_up() {
    let mut stage = Stage::speaking();
    for n in 0..100 {
        let text = n.to_string();
        stage.at(2_000, TurnEvent::Say { text });
    }
    let mut said = 0;
    while !stage.finishes(3_000, said + 1).is_empty() {
        said += 1;
    }
    assert_eq!(said, 8, "eight of a hundred were kept");
}

#[test]
fn clear_stops_the_agent() {
    let mut stage = Stage::speaking();
    assert_eq!(
        stage.at(2_000, TurnEvent::Clear),
        [cut(1), Action::ShowState(AgentState::Listening)]
    );
    assert_eq!(stage.at(2_100, TurnEvent::Clear), []);
}

#[test]
fn events_of_an_utterance_that_was_cut_do_nothing() {
    let mut stage = Stage::speaking();
    stage.typed(2_000, "stop");
    assert_eq!(stage.starts_to_speak(2_010, 1), []);
    assert_eq!(stage.finishes(2_010, 1), []);
    assert_eq!(stage.machine.state(), AgentState::Thinking);
}

#[test]
fn the_agent_hangs_up_when_it_has_said_goodbye() {
    let mut stage = Stage::speaking();
    let utterance = UtteranceId(1);
    assert_eq!(stage.at(2_000, TurnEvent::HangUpWanted { utterance }), []);
    assert_eq!(stage.finishes(3_000, 1), [Action::HangUp]);
    assert_eq!(stage.typed(3_100, "hello?"), [], "it is over");
    assert_eq!(stage.machine.next_deadline(), None);
}

#[test]
fn who_interrupts_the_goodbye_is_listened_to() {
    let mut stage = Stage::speaking();
    let utterance = UtteranceId(1);
    stage.at(2_000, TurnEvent::HangUpWanted { utterance });
    let actions = stage.typed(2_500, "one more thing");
    assert_eq!(decided_actions(&actions), (2, "one more thing"));
    stage.starts_to_speak(2_600, 2);
    assert_eq!(
        stage.finishes(3_000, 2),
        [Action::ShowState(AgentState::Listening)]
    );
}
