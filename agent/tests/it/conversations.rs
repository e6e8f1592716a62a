//! Somebody in a browser talks with the agent.

use crate::{
    caller::{Caller, question},
    livekit::Server,
    rig::{MIN_SILENCE, Rig, Running, eventually, everything},
};
use casp_agent::{AgentConfig, turn::TurnSettings};
use casp_store::{sessions::SessionKind, turns};
use std::time::Duration;

const QUESTION: &str = "Could you tell me what the weather is like in Paris today?";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_greeted_asks_and_is_answered() {
    let (server, rig, _worker) = everything().await;
    let session = rig.announce(SessionKind::Web, "talk").await;
    let caller = Caller::join(&server, "talk", "ann").await;
    caller.is_greeted().await;
    assert!(
        rig.openai
            .spoken()
            .iter()
            .any(|text| text.contains("Hello, this is CASP"))
    );
    let greeted = caller
        .until("the greeting's words", |n| n.transcripts.len() == 1)
        .await;
    let (who, text, attributes) = &greeted.transcripts[0];
    assert_eq!(who, "agent");
    assert!(text.starts_with("Hello, this is CASP"), "{text}");
    assert_eq!(attributes["lk.transcription_final"], "true");
    assert!(attributes["lk.transcribed_track_id"].starts_with("TR_"));

    let ended = caller.says(&question()).await;
    let answered = caller.hears_the_agent().await;
    let delay = answered.duration_since(ended);
    // The last word may end softly.
    assert!(
        delay + Duration::from_millis(100) >= MIN_SILENCE,
        "not before the turn was over: {delay:?}"
    );

    for is_final in ["false", "true"] {
        caller
            .until("the question's words", |n| {
                n.transcripts.iter().any(|(who, text, attributes)| {
                    who == "ann"
                        && text == QUESTION
                        && attributes["lk.transcription_final"] == is_final
                })
            })
            .await;
    }
    caller.reads("agent", "It is sunny").await;
    let noticed = caller
        .until("the state after the answer", |n| {
            n.agent_is("listening") && n.attributes.contains_key("casp.turn_latency_ms")
        })
        .await;
    assert!(
        noticed.states.iter().any(|state| state == "speaking"),
        "{:?}",
        noticed.states
    );
    let latency: u64 = noticed.attributes["casp.turn_latency_ms"].parse().unwrap();

    let turns = eventually("the turns in the store", async || {
        let turns = turns::list(&rig.store, &session).await.unwrap();
        (turns.len() == 3).then_some(turns)
    })
    .await;
    let roles: Vec<_> = turns.iter().map(|turn| turn.role.as_str()).collect();
    assert_eq!(roles, ["assistant", "user", "assistant"]);
    assert_eq!(turns[1].text, QUESTION);
    assert_eq!(turns[2].text, "It is sunny in Paris today.");
    for time in [
        "endpointing_ms",
        "stt_ms",
        "llm_first_token_ms",
        "tts_first_byte_ms",
        "total_ms",
    ] {
        assert!(
            turns[2].timings[time].is_u64(),
            "{time} in {}",
            turns[2].timings
        );
    }
    let timings = &turns[2].timings;
    let endpointing = timings["endpointing_ms"].as_u64().unwrap();
    assert!(endpointing >= MIN_SILENCE.as_millis() as u64, "{timings}");
    assert!(latency >= endpointing, "{timings}");
    assert_eq!(timings["total_ms"], latency);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_over_the_agent_silences_it_and_is_answered() {
    let (server, rig, _worker) = everything().await;
    let session = rig.announce(SessionKind::Web, "barge").await;
    let caller = Caller::join(&server, "barge", "ann").await;
    caller.is_greeted().await;
    let story = "Once upon a time there was a king who had a very long story to tell to everybody.";
    rig.openai
        .set(|script| script.answer = format!("{story} {story} {story}"));
    caller.types("Tell me a story.").await;
    caller
        .hears_the_agent_for(Duration::from_millis(1_500))
        .await;

    rig.openai
        .set(|script| script.answer = "It is sunny.".into());
    let speech = question();
    let (ended, silent) = tokio::join!(
        caller.says(&speech),
        caller.hears_silence(Duration::from_millis(500))
    );
    assert!(silent < ended, "spoke on to the question's end");
    caller.forget_sound();
    caller.hears_the_agent().await;
    caller.hears_silence(Duration::from_millis(600)).await;

    let turns = eventually("the turns", async || {
        let turns = turns::list(&rig.store, &session).await.unwrap();
        (turns.len() == 5).then_some(turns)
    })
    .await;
    let cut = &turns[2];
    assert!(cut.was_interrupted);
    assert!(
        cut.text.starts_with("Once upon a time") && cut.text.len() < story.len(),
        "{}",
        cut.text
    );
    let chats = rig.openai.chats();
    let told = chats.last().unwrap().iter().find(|message| {
        message["role"] == "assistant"
            && message["content"]
                .as_str()
                .is_some_and(|text| text.starts_with("Once"))
    });
    assert_eq!(
        told.unwrap()["content"],
        cut.text.as_str(),
        "the model knows what was heard"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encouragement_does_not_stop_it() {
    let (server, rig) = (Server::start().await, Rig::new().await);
    // Its words alone say what it is, however long the machine makes it last.
    let _worker = Running::registered(AgentConfig {
        turn: TurnSettings {
            yield_after: Duration::from_secs(10),
            ..TurnSettings::default()
        },
        ..rig.config(server.livekit(), "w1")
    })
    .await;
    let caller = Caller::join(&server, "mhm", "ann").await;
    caller.is_greeted().await;
    let story = "Once upon a time there was a king who had a story to tell.";
    rig.openai.set(|script| {
        // Long enough that much is left to say: near its end the same words are an answer.
        script.answer = format!("{story} {story}");
        script.heard = "Mm-hm.".into();
    });
    caller.types("Tell me a story.").await;
    caller.hears_the_agent_for(Duration::from_millis(500)).await;
    // Half a second of somebody's voice.
    caller.says(&question()[4_000..12_000]).await;
    caller
        .until("the whole story", |n| {
            n.transcripts
                .iter()
                .any(|(_, text, _)| text.matches("a story to tell.").count() == 2)
        })
        .await;
    caller.hears_silence(Duration::from_millis(900)).await;
    assert_eq!(rig.openai.chats().len(), 1, "nothing was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typed_turn_is_answered_and_interrupts() {
    let (server, rig, _worker) = everything().await;
    let caller = Caller::join(&server, "chat", "ann").await;
    caller.hears_the_agent().await;
    caller.types("Stop. What is two and two?").await;
    caller
        .until("the answer", |n| {
            n.transcripts
                .iter()
                .any(|(_, text, _)| text == "It is sunny in Paris today.")
        })
        .await;
    let chats = rig.openai.chats();
    let last = chats.last().unwrap().last().unwrap().clone();
    assert_eq!(last["content"], "Stop. What is two and two?");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_rooms_do_not_hear_each_other() {
    let (server, rig, worker) = everything().await;
    let (ann, bob) = tokio::join!(
        Caller::join(&server, "one", "ann"),
        Caller::join(&server, "two", "bob")
    );
    ann.is_greeted().await;
    bob.is_greeted().await;
    assert_eq!(worker.status.jobs(), 2);
    ann.types("hello").await;
    ann.hears_the_agent().await;
    ann.hears_silence(Duration::from_millis(600)).await;
    assert!(bob.noticed.borrow().loud_since.is_none());
    assert_eq!(rig.openai.chats().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_leaves_with_the_room() {
    let (server, rig, worker) = everything().await;
    rig.announce(SessionKind::Web, "gone").await;
    let caller = Caller::join(&server, "gone", "ann").await;
    caller.is_greeted().await;
    server.livekit().delete_room("gone").await.unwrap();
    crate::rig::within("the job's end", worker.status.has_jobs(0)).await;
}
