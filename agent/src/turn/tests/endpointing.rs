use super::*;

const QUESTION: &str = "What is the weather like in Paris?";

#[test]
fn words_that_look_complete_are_answered_after_300_ms_and_prepared_before() {
    let mut stage = Stage::new();
    assert_eq!(stage.voice(1_000), []);
    assert_eq!(
        stage.machine.next_deadline(),
        None,
        "nothing to do while somebody speaks"
    );
    assert_eq!(stage.silence(3_000), []);

    let since = stage.time(1_000);
    assert_eq!(stage.due(3_120), [transcribe(1, since)]);
    assert_eq!(
        stage.machine.next_deadline(),
        None,
        "speech-to-text answers by itself"
    );
    assert_eq!(
        stage.transcribed(3_180, 1, QUESTION),
        [shown(QUESTION, false), prepare(1, QUESTION)]
    );
    let expected = Decision {
        speaker: Some(ALICE),
        text: QUESTION.to_owned(),
        ended_at: stage.time(3_000),
        transcription_asked_at: Some(stage.time(3_120)),
        transcribed_at: Some(stage.time(3_180)),
        decided_at: stage.time(3_300),
    };
    assert_eq!(
        stage.due(3_300),
        [
            released(),
            shown(QUESTION, true),
            Action::Decide {
                utterance: UtteranceId(1),
                decision: expected
            },
            Action::ShowState(AgentState::Thinking),
        ]
    );
    assert_eq!(
        stage.starts_to_speak(3_450, 1),
        [Action::ShowState(AgentState::Speaking)]
    );
    assert_eq!(
        stage.finishes(5_000, 1),
        [Action::ShowState(AgentState::Listening)]
    );
}

#[test]
fn a_detector_that_is_late_delays_nothing_more() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    let at = stage.time(3_000);
    let speaker = ALICE;
    let since = stage.time(1_000);
    assert_eq!(
        stage.at(3_200, TurnEvent::VoiceStopped { speaker, at }),
        [transcribe(1, since)]
    );
}

#[test]
fn words_that_look_unfinished_are_waited_for() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    assert_eq!(
        stage.transcribed(2_180, 1, "I would like to"),
        [shown("I would like to", false)],
        "an answer to half a sentence is not prepared at once"
    );
    assert_eq!(stage.due(2_450), [prepare(1, "I would like to")]);
    assert!(
        decision(&stage.due(3_200)).is_some(),
        "at last it is answered"
    );
}

#[test]
fn a_late_transcript_is_answered_at_once() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    let actions = stage.transcribed(2_900, 1, QUESTION);
    assert_eq!(actions[1], prepare(1, QUESTION));
    let (_, decision) = decision(&actions).expect("decided");
    assert_eq!(decision.ended_at, stage.time(2_000));
    assert_eq!(decision.decided_at, stage.time(2_900));
}

#[test]
fn going_on_throws_the_prepared_answer_away_and_the_whole_turn_is_transcribed_again() {
    let mut stage = Stage::new();
    let since = stage.time(1_000);
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    stage.transcribed(2_180, 1, "What is the weather?");
    assert_eq!(stage.voice(2_220), [], "not sure yet");
    assert_eq!(stage.due(2_270), [discard(1)]);
    stage.silence(3_000);
    assert_eq!(stage.due(3_120), [transcribe(2, since)]);
    assert_eq!(
        stage.transcribed(3_200, 2, "What is the weather in Paris?"),
        [
            shown("What is the weather in Paris?", false),
            prepare(2, "What is the weather in Paris?")
        ]
    );
    let actions = stage.due(3_300);
    assert_eq!(decision(&actions).expect("decided").0, UtteranceId(2));
}

#[test]
fn a_click_in_the_pause_changes_nothing() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    stage.transcribed(2_150, 1, QUESTION);
    let since = stage.time(2_160);
    let speaker = ALICE;
    assert_eq!(
        stage.at(2_190, TurnEvent::VoiceStarted { speaker, since }),
        []
    );
    let at = stage.time(2_190);
    assert_eq!(stage.at(2_205, TurnEvent::VoiceStopped { speaker, at }), []);
    assert!(
        decision(&stage.due(2_300)).is_some(),
        "as if it had been silent since 2,000"
    );
}

#[test]
fn nobody_is_answered_while_a_voice_is_heard() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    stage.voice(2_200);
    // The answer of speech-to-text comes when the user has gone on.
    assert_eq!(stage.due(2_250), []);
    assert_eq!(
        stage.transcribed(2_400, 1, "What is the weather?"),
        [shown("What is the weather?", false)],
        "shown as it stands, but it is not all"
    );
    assert_eq!(stage.machine.next_deadline(), None);
}

#[test]
fn a_second_request_replaces_one_that_is_still_under_way() {
    let mut stage = Stage::new();
    let since = stage.time(1_000);
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    stage.voice(2_200);
    stage.due(2_250);
    stage.silence(2_800);
    assert_eq!(stage.due(2_920), [cancel(1), transcribe(2, since)]);
    assert_eq!(stage.transcribed(2_930, 1, "What?"), [], "too late");
}

#[test]
fn noise_without_words_is_forgotten() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(1_500);
    stage.due(1_620);
    assert_eq!(
        stage.transcribed(1_700, 1, "  [BLANK_AUDIO] "),
        [released()]
    );
    assert_eq!(stage.machine.next_deadline(), None);
}

#[test]
fn a_click_is_not_even_transcribed() {
    let mut stage = Stage::new();
    let (speaker, since, at) = (ALICE, stage.time(1_000), stage.time(1_045));
    stage.at(1_040, TurnEvent::VoiceStarted { speaker, since });
    assert_eq!(
        stage.at(1_095, TurnEvent::VoiceStopped { speaker, at }),
        [released()]
    );
    assert_eq!(stage.machine.next_deadline(), None);
}

#[test]
fn a_monologue_is_not_transcribed_again_and_again() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(20_000);
    stage.due(20_120);
    stage.transcribed(20_200, 1, "This is the long part.");
    stage.voice(20_250);
    assert_eq!(stage.due(20_300), [discard(1)]);
    stage.silence(22_000);
    let since = stage.time(20_250);
    assert_eq!(
        stage.due(22_120),
        [transcribe(2, since)],
        "only what is new"
    );
    let whole = "This is the long part. And this the end.";
    assert_eq!(
        stage.transcribed(22_200, 2, "And this the end."),
        [shown(whole, false), prepare(2, whole)]
    );
}

#[test]
fn failing_speech_to_text_is_apologised_for_and_the_call_lives() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.silence(2_000);
    stage.due(2_120);
    let id = TranscriptionId(1);
    assert_eq!(
        stage.at(3_000, TurnEvent::TranscriptionFailed { id }),
        [
            released(),
            Action::Say {
                utterance: UtteranceId(1),
                saying: Saying::Apology
            }
        ]
    );
    stage.starts_to_speak(3_050, 1);
    stage.finishes(4_000, 1);
    stage.voice(5_000);
    stage.silence(6_000);
    assert!(matches!(stage.due(6_120)[..], [Action::Transcribe { .. }]));
}

#[test]
fn somebody_who_leaves_in_mid_sentence_has_finished() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    let since = stage.time(1_000);
    stage.at(2_000, TurnEvent::SpeakerGone { speaker: ALICE });
    assert_eq!(stage.due(2_120), [transcribe(1, since)]);
}

#[test]
fn a_turn_belongs_to_who_began_it() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    assert_eq!(stage.voice_of(BOB, 1_500), []);
    assert_eq!(
        stage.silence_of(BOB, 1_900),
        [Action::Release { speaker: BOB }],
        "said beside somebody else's turn"
    );
    stage.silence(2_000);
    assert_eq!(stage.due(2_120), [transcribe(1, stage.time(1_000))]);
}

#[test]
fn who_speaks_on_when_another_has_finished_holds_the_answer_back() {
    let mut stage = Stage::new();
    stage.voice(1_000);
    stage.voice_of(BOB, 1_500);
    stage.silence(2_000);
    stage.due(2_120);
    stage.transcribed(2_180, 1, QUESTION);
    assert!(decision(&stage.due(2_300)).is_some());
    assert_eq!(stage.due(2_350), [pause(1)], "Bob still speaks");
}
