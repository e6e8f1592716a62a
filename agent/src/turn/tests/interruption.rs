use super::*;

#[test]
fn a_voice_pauses_the_agent_at_once_and_words_make_it_yield() {
    let mut stage = Stage::speaking();
    assert_eq!(stage.voice(2_000), []);
    assert_eq!(stage.due(2_050), [pause(1)]);
    let since = stage.time(2_000);
    assert_eq!(stage.due(2_400), [transcribe(1, since)]);
    assert_eq!(
        stage.transcribed(2_480, 1, "Stop, please"),
        [
            shown("Stop, please", false),
            cut(1),
            Action::ShowState(AgentState::Listening)
        ]
    );
    stage.silence(2_900);
    assert_eq!(
        stage.due(3_020),
        [transcribe(2, since)],
        "the turn begins with the interruption"
    );
    stage.transcribed(3_100, 2, "Stop, please tell me the time.");
    assert!(decision(&stage.due(3_200)).is_some());
}

#[test]
fn a_detector_that_takes_its_time_pauses_with_its_event() {
    let mut stage = Stage::speaking();
    let (speaker, since) = (ALICE, stage.time(2_000));
    assert_eq!(
        stage.at(2_064, TurnEvent::VoiceStarted { speaker, since }),
        [pause(1)]
    );
}

#[test]
fn after_700_ms_of_voice_the_agent_yields_whatever_it_is() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    stage.due(2_400);
    assert_eq!(
        stage.due(2_700),
        [cut(1), Action::ShowState(AgentState::Listening)]
    );
    assert_eq!(stage.machine.next_deadline(), None, "the user speaks on");
}

#[test]
fn an_encouragement_lets_it_go_on_in_mid_word() {
    for words in ["Mm-hm.", "Yeah.", "okay", "Uh-huh, right.", "I see."] {
        let mut stage = Stage::speaking();
        stage.voice(2_000);
        stage.due(2_050);
        let since = stage.time(2_000);
        assert_eq!(stage.silence(2_300), [transcribe(1, since)]);
        assert_eq!(stage.transcribed(2_420, 1, words), [resume(1), released()]);
        assert_eq!(stage.machine.next_deadline(), None);
        assert_eq!(stage.machine.state(), AgentState::Speaking);
    }
}

#[test]
fn a_cough_lets_it_go_on() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    stage.silence(2_250);
    assert_eq!(stage.transcribed(2_400, 1, ""), [resume(1), released()]);
}

#[test]
fn a_click_does_not_even_pause_it() {
    let mut stage = Stage::speaking();
    let (speaker, since, at) = (ALICE, stage.time(2_000), stage.time(2_030));
    stage.at(2_040, TurnEvent::VoiceStarted { speaker, since });
    assert_eq!(
        stage.at(2_049, TurnEvent::VoiceStopped { speaker, at }),
        [released()]
    );
}

#[test]
fn the_beginning_of_words_that_sound_like_an_encouragement_is_not_judged_early() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    stage.due(2_400);
    assert_eq!(
        stage.transcribed(2_450, 1, "Yeah,"),
        [],
        "there may be a but"
    );
    let since = stage.time(2_000);
    assert_eq!(stage.silence(2_650), [transcribe(2, since)]);
    let actions = stage.transcribed(2_760, 2, "Yeah, but stop.");
    assert_eq!(actions[1], cut(1));
    assert_eq!(
        actions.last(),
        Some(&prepare(2, "Yeah, but stop.")),
        "and it is answered"
    );
    assert!(decision(&stage.due(2_950)).is_some());
}

#[test]
fn with_next_to_nothing_left_to_say_yes_is_an_answer() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    let (utterance, remaining) = (UtteranceId(1), Some(ms(400)));
    let paused = TurnEvent::SpeechPaused {
        utterance,
        remaining,
    };
    assert_eq!(stage.at(2_055, paused), []);
    stage.silence(2_300);
    let actions = stage.transcribed(2_420, 1, "Yes.");
    assert_eq!(actions[..2], [shown("Yes.", false), cut(1)]);
}

#[test]
fn a_transcript_that_does_not_come_does_not_hold_the_agent_for_ever() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    stage.silence(2_300);
    assert_eq!(stage.due(3_300), [resume(1)]);
    assert_eq!(stage.machine.next_deadline(), None);
    let actions = stage.transcribed(4_000, 1, "Wait a moment.");
    assert_eq!(actions[1], cut(1), "words still count when they come late");
}

#[test]
fn failing_speech_to_text_lets_it_go_on() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    stage.silence(2_300);
    let id = TranscriptionId(1);
    assert_eq!(
        stage.at(2_500, TurnEvent::TranscriptionFailed { id }),
        [resume(1), released()]
    );
}

#[test]
fn voice_in_pieces_adds_up() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    stage.silence(2_300);
    stage.voice(2_400);
    // 300 ms before, so 400 ms of this; its transcription is asked for at the same time.
    let actions = stage.due(2_800);
    assert_eq!(actions[0], cut(1));
}

#[test]
fn thinking_is_held_too_and_given_up_for_words() {
    let mut stage = Stage::new();
    stage.typed(1_000, "Tell me a story.");
    stage.voice(1_100);
    assert_eq!(stage.due(1_150), [pause(1)]);
    stage.silence(1_400);
    let actions = stage.transcribed(1_550, 1, "About a cat.");
    assert_eq!(actions[1], cut(1));
    assert_eq!(actions.last(), Some(&prepare(2, "About a cat.")));
}

#[test]
fn who_speaks_as_the_agent_ends_has_simply_the_next_turn() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    assert_eq!(
        stage.finishes(2_045, 1),
        [Action::ShowState(AgentState::Listening)]
    );
    stage.silence(3_000);
    assert_eq!(stage.due(3_120), [transcribe(1, stage.time(2_000))]);
}

#[test]
fn a_second_voice_over_an_interruption_is_not_another_one() {
    let mut stage = Stage::speaking();
    stage.voice(2_000);
    stage.due(2_050);
    assert_eq!(stage.voice_of(BOB, 2_100), []);
    assert_eq!(
        stage.silence_of(BOB, 2_200),
        [Action::Release { speaker: BOB }]
    );
}
