//! What an account may spend a day binds the agent too, and who talks with it is told.

use crate::{
    caller::Caller,
    livekit::Server,
    rig::{Rig, Running, eventually, unix_ms},
};
use casp_store::{
    AccountId,
    ceilings::{self, Ceiling, DailyCeilings, Resource, SpendingRules},
    session_minutes,
    sessions::{self, Session, SessionKind},
};

const GOODBYE: &str = "we have used up our time for today";

/// A worker for whose accounts these are the ceilings of each.
async fn with_ceilings(per_account: DailyCeilings) -> (Server, Rig, Running) {
    let (server, mut rig) = (Server::start().await, Rig::new().await);
    rig.store = rig.store.clone().with_spending_rules(SpendingRules {
        per_account,
        ..SpendingRules::unbounded()
    });
    let worker = Running::registered(rig.config(server.livekit(), "w1")).await;
    (server, rig, worker)
}

fn tokens(most: u32) -> DailyCeilings {
    DailyCeilings {
        tokens: Ceiling::AtMost(most),
        ..DailyCeilings::UNLIMITED
    }
}

async fn session(rig: &Rig, id: &str) -> Session {
    sessions::get(&rig.store, id).await.unwrap().unwrap()
}

async fn tokens_used(rig: &Rig, account: AccountId) -> i64 {
    ceilings::used_today(&rig.store, account, Resource::Tokens, unix_ms())
        .await
        .unwrap()
}

/// The session's end, in words.
async fn end_of(rig: &Rig, id: &str) -> String {
    eventually("the session's end", async || {
        session(rig, id).await.end_reason
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_reaches_the_days_tokens_answers_says_goodbye_and_ends() {
    let (server, rig, _worker) = with_ceilings(tokens(10)).await;
    let id = rig.announce(SessionKind::Web, "spent").await;
    let caller = Caller::join(&server, "spent", "ann").await;
    caller.is_greeted().await;
    caller.types("What is the weather like?").await;
    caller.reads("agent", "It is sunny").await;
    // While it is said: the room closes soon after it.
    eventually("the goodbye", async || {
        let spoken = rig.openai.spoken();
        spoken
            .iter()
            .any(|text| text.contains(GOODBYE))
            .then_some(())
    })
    .await;
    caller.types("And tomorrow?").await;
    caller.reads("agent", GOODBYE).await;
    assert_eq!(
        end_of(&rig, &id).await,
        "the account may spend no more today"
    );
    assert_eq!(
        rig.openai.chats().len(),
        1,
        "the second is not asked any more"
    );
    assert!(tokens_used(&rig, session(&rig, &id).await.account).await > 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_counted_and_nobody_is_told_while_there_are_more() {
    let (server, rig, _worker) = with_ceilings(tokens(1_000_000)).await;
    let id = rig.announce(SessionKind::Web, "plenty").await;
    let caller = Caller::join(&server, "plenty", "ann").await;
    caller.is_greeted().await;
    let account = session(&rig, &id).await.account;
    assert_eq!(tokens_used(&rig, account).await, 0);
    caller.types("What is the weather like?").await;
    caller.reads("agent", "It is sunny").await;
    let first = eventually("the tokens", async || {
        Some(tokens_used(&rig, account).await).filter(|used| *used > 0)
    })
    .await;
    caller.types("And tomorrow?").await;
    eventually("the next tokens", async || {
        (tokens_used(&rig, account).await > 2 * first).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_tokens_left_is_told_so_instead_of_being_greeted() {
    let (server, rig, _worker) = with_ceilings(tokens(10)).await;
    let id = rig.announce(SessionKind::Web, "before").await;
    let account = session(&rig, &id).await.account;
    ceilings::record(&rig.store, account, Resource::Tokens, 10, unix_ms())
        .await
        .unwrap();
    let caller = Caller::join(&server, "before", "ann").await;
    caller.reads("agent", GOODBYE).await;
    assert_eq!(
        end_of(&rig, &id).await,
        "the account may spend no more today"
    );
    assert_eq!(rig.openai.chats().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_is_refused_a_minute_says_goodbye_and_ends() {
    let (server, rig, _worker) = with_ceilings(DailyCeilings::UNLIMITED).await;
    let id = rig.announce(SessionKind::Web, "minutes").await;
    let caller = Caller::join(&server, "minutes", "ann").await;
    caller.is_greeted().await;
    sessions::activate(&rig.store, &id).await.unwrap();
    let due = session_minutes::uncounted(&rig.store, unix_ms(), 1)
        .await
        .unwrap();
    session_minutes::count(&rig.store, &due[0]).await.unwrap();
    session_minutes::refuse(&rig.store, &due[0], unix_ms())
        .await
        .unwrap();
    caller.reads("agent", GOODBYE).await;
    assert_eq!(
        end_of(&rig, &id).await,
        "the account may spend no more today"
    );
}
