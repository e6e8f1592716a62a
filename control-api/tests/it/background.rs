use crate::{
    livekit_server::{self, API_KEY, API_SECRET},
    participant::client,
    test_app::{TestApp, eventually, now_ms, unique},
};
use casp_room::admin::CreateRoom;
use casp_store::{
    ceilings::{self, AccountLimits, Ceiling, Resource},
    sessions::{self, SessionKind, SessionState},
};
use livekit_api::services::agent_dispatch::AgentDispatchClient;
use std::time::Duration;

async fn make_room(name: &str) {
    let timeout = Duration::from_mins(1);
    client()
        .create_room(&CreateRoom {
            name: name.to_owned(),
            empty_timeout: timeout,
            departure_timeout: timeout,
        })
        .await
        .unwrap();
}

async fn dispatched(room: &str) -> bool {
    let client = AgentDispatchClient::with_api_key(&livekit_server::url(), API_KEY, API_SECRET);
    // LiveKit itself adds a dispatch without a name to every room.
    client
        .list_dispatch(room)
        .await
        .unwrap()
        .iter()
        .any(|dispatch| dispatch.agent_name == "casp")
}

#[tokio::test]
async fn a_session_whose_room_is_gone_is_ended_after_the_grace() {
    let app =
        TestApp::with(|config| config.limits.lost_room_grace = Duration::from_millis(300)).await;
    let lost = app
        .session(SessionKind::Phone, app.account, &unique("CA"))
        .await;
    // The room is there first: the grace is short.
    let name = unique("r");
    make_room(&name).await;
    let kept = app.session(SessionKind::Web, app.account, &name).await;
    eventually("the lost one is ended", async || {
        sessions::get(&app.store, &lost.id)
            .await
            .unwrap()
            .unwrap()
            .state
            == SessionState::Ended
    })
    .await;
    let kept = sessions::get(&app.store, &kept.id).await.unwrap().unwrap();
    assert_eq!(kept.state, SessionState::Announced);
}

#[tokio::test]
async fn while_livekit_is_away_no_session_is_ended() {
    let app = TestApp::with(|config| {
        config.limits.lost_room_grace = Duration::from_millis(100);
        config.livekit = casp_room::admin::LiveKit::new("http://127.0.0.1:1", "k", "s").unwrap();
    })
    .await;
    let session = app.session(SessionKind::Web, app.account, "r").await;
    let begin = now_ms();
    eventually("several rounds have passed", async || {
        now_ms() - begin > 1_000
    })
    .await;
    assert_eq!(
        sessions::get(&app.store, &session.id)
            .await
            .unwrap()
            .unwrap()
            .state,
        SessionState::Announced
    );
}

#[tokio::test]
async fn a_room_to_which_no_agent_came_gets_one_sent() {
    let app = TestApp::with(|config| config.agent_name = "casp".into()).await;
    let session = app
        .session(SessionKind::Web, app.account, &unique("r"))
        .await;
    make_room(&session.room_name).await;
    eventually("an agent is sent for", async || {
        dispatched(&session.room_name).await
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_worker_died_gets_another_agent() {
    let app = TestApp::with(|config| config.agent_name = "casp".into()).await;
    let session = app
        .session(SessionKind::Phone, app.account, &unique("CA"))
        .await;
    make_room(&session.room_name).await;
    let long_ago = now_ms() - 60_000;
    sessions::claim_agent(&app.store, &session.id, "dead", long_ago, 2_000)
        .await
        .unwrap()
        .unwrap();
    eventually("an agent is sent for", async || {
        dispatched(&session.room_name).await
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_when_its_account_has_no_minutes_left() {
    let app = TestApp::production().await;
    let none = AccountLimits {
        minutes: Some(Ceiling::AtMost(0)),
        ..AccountLimits::default()
    };
    ceilings::set_limits(&app.store, app.neighbour, &none)
        .await
        .unwrap();
    let mut talking = Vec::new();
    for account in [app.account, app.neighbour] {
        let session = app.session(SessionKind::Web, account, &unique("r")).await;
        make_room(&session.room_name).await;
        sessions::activate(&app.store, &session.id).await.unwrap();
        talking.push(session.id);
    }
    let state = async |id: &str| {
        let session = sessions::get(&app.store, id).await.unwrap().unwrap();
        session.state
    };
    eventually("the neighbour's is ended", async || {
        state(&talking[1]).await == SessionState::Ended
    })
    .await;
    assert_eq!(state(&talking[0]).await, SessionState::Active);
    let used = ceilings::used_today(&app.store, app.account, Resource::Minutes, now_ms()).await;
    assert_eq!(used.unwrap(), 1);
}
