//! With clean-up on, a conversation is as it is without.

use crate::{
    caller::{Caller, question},
    livekit::Server,
    rig::{Rig, Running, eventually},
};
use casp_agent::AgentConfig;
use casp_audio::cleanup::{CleanupOptions, NoiseSuppressionLevel};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_heard_through_the_clean_up_and_interrupts() {
    let (server, rig) = (Server::start().await, Rig::new().await);
    let _worker = Running::registered(AgentConfig {
        cleanup: Some(CleanupOptions {
            uses_high_pass: true,
            noise_suppression: Some(NoiseSuppressionLevel::Moderate),
            uses_gain_control: true,
            uses_echo_cancellation: true,
        }),
        ..rig.config(server.livekit(), "w1")
    })
    .await;
    let caller = Caller::join(&server, "clean", "ann").await;
    caller.is_greeted().await;
    let story = "Once upon a time there was a king who had a very long story to tell. ";
    rig.openai.set(|script| script.answer = story.repeat(3));
    caller.says(&question()).await;
    caller.hears_the_agent_for(Duration::from_secs(1)).await;
    rig.openai
        .set(|script| script.answer = "It is sunny.".into());
    caller.says(&question()).await;
    eventually("the second question", async || {
        let chats = rig.openai.chats();
        let told = chats.last()?.iter().find(|message| {
            let content = message["content"].as_str();
            content.is_some_and(|text| text.starts_with("Once"))
        })?;
        // The first one was cut, long before its end.
        let heard = told["content"].as_str()?;
        (heard.len() < 2 * story.len()).then_some(())
    })
    .await;
}
