//! A conversation has the assistant it was made for.

use crate::{caller::Caller, rig::everything};
use casp_store::{
    accounts,
    scenarios::{self, Content},
    sessions::SessionKind,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accounts_own_assistant_talks_on_when_it_is_deleted_in_mid_talk() {
    let (server, rig, _worker) = everything().await;
    let account = accounts::ensure(&rig.store, "dev@casp.local", None, true).await;
    let account = account.unwrap().id;
    let definition = json!({
        "persona": "You are Dora, who sells doors.", "prompt": "Sell one door.",
        "greeting": "Welcome to the house of doors.",
    });
    let content = Content {
        name: None,
        definition: &definition,
    };
    let own = scenarios::create(&rig.store, account, content, 1_000)
        .await
        .unwrap();
    rig.announce_with(SessionKind::Web, "doors", &own.scenario_id)
        .await;
    let caller = Caller::join(&server, "doors", "ann").await;
    caller.is_greeted().await;
    let spoken = rig.openai.spoken();
    assert!(
        spoken
            .iter()
            .any(|text| text == "Welcome to the house of doors."),
        "{spoken:?}"
    );
    scenarios::delete(&rig.store, account, &own.scenario_id)
        .await
        .unwrap();
    caller.types("What do you sell?").await;
    caller.hears_the_agent().await;
    let chats = rig.openai.chats();
    let system = chats[0][0]["content"].as_str().unwrap();
    assert!(
        system.starts_with("You are Dora, who sells doors.\n\nSell one door."),
        "{system}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_assistant_is_gone_the_default_one_answers() {
    let (server, rig, _worker) = everything().await;
    rig.announce_with(SessionKind::Web, "gone", "custom_1_1640995200")
        .await;
    let caller = Caller::join(&server, "gone", "ann").await;
    caller.is_greeted().await;
    let spoken = rig.openai.spoken();
    assert!(
        spoken
            .iter()
            .any(|text| text.starts_with("Hello, this is CASP")),
        "{spoken:?}"
    );
}
