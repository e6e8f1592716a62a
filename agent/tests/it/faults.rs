//! What goes wrong, and what of it the caller hears.

use crate::{
    caller::{Caller, question},
    livekit::Server,
    rig::{Rig, Running, eventually, everything, within},
};
use casp_agent::AgentConfig;
use casp_providers::{ChatRequest, ChatStream, LanguageModel, ProviderError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const APOLOGY: &str = "something went wrong on my side";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_fails_is_apologised_for_and_the_call_lives() {
    let (server, rig, _worker) = everything().await;
    let caller = Caller::join(&server, "llm", "ann").await;
    caller.is_greeted().await;
    rig.openai.set(|script| script.llm_fails = true);
    caller.types("hello").await;
    caller.hears_the_agent().await;
    caller.reads("agent", APOLOGY).await;
    rig.openai.set(|script| script.llm_fails = false);
    caller.types("hello again").await;
    caller.reads("agent", "It is sunny").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speech_to_text_that_fails_is_apologised_for() {
    let (server, rig, _worker) = everything().await;
    let caller = Caller::join(&server, "stt", "ann").await;
    caller.is_greeted().await;
    rig.openai.set(|script| script.stt_fails = true);
    caller.says(&question()).await;
    caller.reads("agent", APOLOGY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_to_speech_that_fails_is_apologised_for_with_sound_made_before() {
    let (server, rig, _worker) = everything().await;
    let caller = Caller::join(&server, "tts", "ann").await;
    caller.is_greeted().await;
    eventually("the apology, made at the start", async || {
        let spoken = rig.openai.spoken();
        spoken
            .iter()
            .any(|text| text.contains(APOLOGY))
            .then_some(())
    })
    .await;
    rig.openai.set(|script| script.tts_fails = true);
    caller.types("hello").await;
    caller.hears_the_agent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sounds_without_words_are_not_answered() {
    let (server, rig, _worker) = everything().await;
    let caller = Caller::join(&server, "noise", "ann").await;
    caller.is_greeted().await;
    rig.openai
        .set(|script| script.heard = "[BLANK_AUDIO]".into());
    caller.says(&question()).await;
    eventually("its transcription", async || {
        (rig.openai.transcriptions() > 0).then_some(())
    })
    .await;
    rig.openai
        .set(|script| script.heard = "What time is it?".into());
    caller.says(&question()).await;
    caller.hears_the_agent().await;
    for chat in rig.openai.chats() {
        assert_eq!(chat.last().unwrap()["content"], "What time is it?");
    }
}

/// Works until it is armed.
#[derive(Debug)]
struct Bomb {
    model: Arc<dyn LanguageModel>,
    is_armed: AtomicBool,
}

#[async_trait::async_trait]
impl LanguageModel for Bomb {
    fn name(&self) -> &str {
        assert!(!self.is_armed.swap(false, Ordering::SeqCst), "armed");
        self.model.name()
    }
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        self.model.chat(request).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_one_conversation_does_not_harm_another() {
    let (server, rig) = (Server::start().await, Rig::new().await);
    let settings = rig.config(server.livekit(), "w1");
    let bomb = Arc::new(Bomb {
        model: settings.language_model.clone(),
        is_armed: AtomicBool::new(false),
    });
    let language_model = bomb.clone();
    let running = Running::registered(AgentConfig {
        language_model,
        ..settings
    })
    .await;
    let (ann, ben) = tokio::join!(
        Caller::join(&server, "panic", "ann"),
        Caller::join(&server, "calm", "bob")
    );
    ann.is_greeted().await;
    ben.is_greeted().await;
    bomb.is_armed.store(true, Ordering::SeqCst);
    ann.types("boom").await;
    within("one job left", running.status.has_jobs(1)).await;
    ann.until("the agent's end", |n| n.agent_left).await;
    ben.types("hello").await;
    ben.hears_the_agent().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_worker_finishes_its_calls() {
    let (server, rig, mut worker) = everything().await;
    let caller = Caller::join(&server, "drain", "ann").await;
    caller.is_greeted().await;
    worker.shutdown.cancel();
    eventually("draining", async || {
        worker.status.is_draining().then_some(())
    })
    .await;
    caller.types("Are you still there?").await;
    caller.hears_the_agent().await;
    caller.hears_silence(Duration::from_millis(600)).await;
    assert!(!worker.task.is_finished());
    assert_eq!(rig.openai.chats().len(), 1);
    server.livekit().delete_room("drain").await.unwrap();
    within("the worker's end", &mut worker.task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_must_close_says_goodbye_when_nobody_else_can_go_on() {
    let (server, rig) = (Server::start().await, Rig::new().await);
    let mut worker = Running::registered(AgentConfig {
        drain_timeout: Duration::from_millis(100),
        ..rig.config(server.livekit(), "w1")
    })
    .await;
    let caller = Caller::join(&server, "close", "ann").await;
    caller.is_greeted().await;
    worker.shutdown.cancel();
    caller.reads("agent", "end this conversation now").await;
    caller
        .until("the end", |n| n.agent_left || n.has_ended)
        .await;
    within("the worker's end", &mut worker.task)
        .await
        .unwrap()
        .unwrap();
}
