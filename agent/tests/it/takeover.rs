//! One voice, always: who takes over, who falls silent.

use crate::{
    caller::{Caller, question},
    livekit::Server,
    rig::{Rig, Running, STALE_AFTER, eventually, everything, unix_ms, within},
};
use casp_agent::{AgentConfig, Liveness};
use casp_store::{
    sessions::{self, SessionKind},
    workers,
};
use std::time::Duration;

fn stale_ms() -> i64 {
    STALE_AFTER.as_millis() as i64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_has_lost_the_session_leaves_in_silence() {
    let (server, rig, worker) = everything().await;
    let session = rig.announce(SessionKind::Web, "lost").await;
    let caller = Caller::join(&server, "lost", "ann").await;
    caller.is_greeted().await;
    // As if its heart had not beaten for an hour: somebody else claims the session.
    let later = unix_ms() + 3_600_000;
    let epoch = sessions::claim_agent(&rig.store, &session, "another", later, stale_ms());
    assert_eq!(epoch.await.unwrap(), Some(2));
    caller.types("Who are you?").await;
    within("the job's end", worker.status.has_jobs(0)).await;
    caller.until("its leaving", |n| n.agent_left).await;
    caller.hears_nothing_more(Duration::from_millis(300)).await;
    let held = sessions::get(&rig.store, &session).await.unwrap().unwrap();
    assert_eq!(held.worker_id.as_deref(), Some("another"));
    assert_eq!(held.state, sessions::SessionState::Announced, "not ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_another_holds_is_not_joined() {
    let (server, rig, worker) = everything().await;
    let session = rig.announce(SessionKind::Web, "held").await;
    let far = unix_ms() + 3_600_000;
    let epoch = sessions::claim_agent(&rig.store, &session, "another", far, stale_ms());
    assert_eq!(epoch.await.unwrap(), Some(1));
    let caller = Caller::join(&server, "held", "ann").await;
    // The same server gives this one its job after that one.
    let other = Caller::join(&server, "free", "bob").await;
    other.is_greeted().await;
    assert_eq!(caller.noticed.borrow().agents_joined, 0);
    within("one job", worker.status.has_jobs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_workers_conversation_goes_on_without_a_second_greeting() {
    let (server, rig) = (Server::start().await, Rig::new().await);
    let first = Running::registered(rig.config(server.livekit(), "w1")).await;
    let session = rig.announce(SessionKind::Web, "heir").await;
    let caller = Caller::join(&server, "heir", "ann").await;
    caller.is_greeted().await;
    eventually("the greeting in the store", async || {
        let turns = casp_store::turns::list(&rig.store, &session).await.unwrap();
        (turns.len() == 1).then_some(())
    })
    .await;
    let heirs = rig.config(server.livekit(), "w2");
    let second = Running::registered(AgentConfig {
        liveness: Liveness {
            stale_after: Duration::from_secs(3),
            ..heirs.liveness.clone()
        },
        ..heirs
    })
    .await;
    // No drain, no goodbye: all its tasks end where they stand.
    first.task.abort();
    within("the heir's job", second.status.has_jobs(1)).await;
    eventually("the heir's claim", async || {
        let row = sessions::get(&rig.store, &session).await.unwrap().unwrap();
        (row.worker_id.as_deref() == Some("w2") && row.agent_epoch == 2).then_some(())
    })
    .await;
    eventually("the heir's answer", async || {
        caller.types("Are you there?").await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        (!rig.openai.chats().is_empty()).then_some(())
    })
    .await;
    caller.hears_the_agent().await;
    let chat = rig.openai.chats()[0].clone();
    let greetings = chat
        .iter()
        .filter(|message| message["role"] == "assistant")
        .count();
    assert_eq!(greetings, 1, "it knows what was said: {chat:?}");
    // Each worker may have made it; only one has been heard, and one of two kept.
    caller.hears_nothing_twice("Hello, this is CASP").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_must_close_hands_a_talking_caller_over() {
    let (server, rig) = (Server::start().await, Rig::new().await);
    let mut first = Running::registered(AgentConfig {
        drain_timeout: Duration::from_millis(300),
        ..rig.config(server.livekit(), "w1")
    })
    .await;
    let session = rig.announce(SessionKind::Web, "handed").await;
    let caller = Caller::join(&server, "handed", "ann").await;
    caller.is_greeted().await;
    let second = Running::registered(rig.config(server.livekit(), "w2")).await;
    eventually("the heartbeats of both", async || {
        let capacity = workers::capacity(&rig.store, unix_ms(), stale_ms()).await;
        (capacity.unwrap().workers == 2).then_some(())
    })
    .await;
    first.shutdown.cancel();
    // Its patience ends while the caller speaks.
    caller.says(&question()).await;
    within("the worker's end", &mut first.task)
        .await
        .unwrap()
        .unwrap();
    within("the heir's job", second.status.has_jobs(1)).await;
    eventually("the heir's claim", async || {
        let row = sessions::get(&rig.store, &session).await.unwrap().unwrap();
        (row.worker_id.as_deref() == Some("w2")).then_some(())
    })
    .await;
    caller.forget_sound();
    // What is typed before the heir is there is not heard: a person asks again as well.
    eventually("the heir's answer", async || {
        caller.types("Are you there?").await;
        let heard = tokio::time::timeout(Duration::from_secs(2), caller.hears_the_agent());
        heard.await.ok()
    })
    .await;
    let said = rig.openai.spoken();
    assert!(
        !said
            .iter()
            .any(|text| text.contains("end this conversation now")),
        "nobody said goodbye: {said:?}"
    );
    caller.hears_nothing_twice("Hello, this is CASP").await;
}
