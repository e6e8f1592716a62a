use crate::{
    livekit_server::{API_KEY, API_SECRET},
    participant::{Participant, client},
    test_app::{Answer, TestApp, send, unique},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casp_store::sessions::{self, SessionKind, SessionState};
use livekit_api::access_token::AccessToken;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// As LiveKit signs: the body's hash in a token of the API key's.
fn signature(body: &str) -> String {
    AccessToken::with_api_key(API_KEY, API_SECRET)
        .with_sha256(&STANDARD.encode(Sha256::digest(body)))
        .to_jwt()
        .unwrap()
}

async fn event(app: &TestApp, event: &Value) -> Answer {
    let body = event.to_string();
    let request = app
        .post("/webhooks/livekit")
        .header("content-type", "application/webhook+json");
    send(request.header("authorization", signature(&body)).body(body)).await
}

async fn state(app: &TestApp, id: &str) -> SessionState {
    sessions::get(&app.store, id).await.unwrap().unwrap().state
}

fn joined(room: &str, identity: &str) -> Value {
    json!({"event": "participant_joined", "room": {"name": room}, "participant": {"identity": identity}})
}

#[tokio::test]
async fn a_room_becomes_active_when_somebody_but_the_agent_joins() {
    let app = TestApp::production().await;
    let room = unique("r");
    let id = app.session(SessionKind::Web, app.account, &room).await.id;
    assert_eq!(
        event(&app, &joined(&room, "agent")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(state(&app, &id).await, SessionState::Announced);
    for _ in 0..2 {
        assert_eq!(
            event(&app, &joined(&room, "user-1")).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(state(&app, &id).await, SessionState::Active);
    }
}

#[tokio::test]
async fn a_room_that_is_closed_ends_its_session_for_good() {
    let app = TestApp::production().await;
    let room = unique("r");
    let id = app.session(SessionKind::Web, app.account, &room).await.id;
    for _ in 0..2 {
        let answer = event(
            &app,
            &json!({"event": "room_finished", "room": {"name": room}}),
        )
        .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(state(&app, &id).await, SessionState::Ended);
    }
    event(&app, &joined(&room, "user-1")).await;
    assert_eq!(
        state(&app, &id).await,
        SessionState::Ended,
        "a late event revives nothing"
    );
}

#[tokio::test]
async fn an_old_event_does_not_end_a_room_that_was_made_anew() {
    let app = TestApp::production().await;
    let room = unique("r");
    app.post_ours(
        "/room/join",
        &json!({"roomName": room, "participantIdentity": "user-1"}),
    )
    .await;
    let _user = Participant::directly(&room, "user-1").await;
    event(
        &app,
        &json!({"event": "room_finished", "room": {"name": room}}),
    )
    .await;
    assert_ne!(
        state(&app, &format!("web-{room}")).await,
        SessionState::Ended
    );
    client().delete_room(&room).await.unwrap();
    event(
        &app,
        &json!({"event": "room_finished", "room": {"name": room}}),
    )
    .await;
    assert_eq!(
        state(&app, &format!("web-{room}")).await,
        SessionState::Ended
    );
}

#[tokio::test]
async fn calls_end_by_their_own_status_not_with_their_room() {
    let app = TestApp::production().await;
    let call = unique("CA");
    let session = app.session(SessionKind::Phone, app.account, &call).await;
    event(
        &app,
        &json!({"event": "room_finished", "room": {"name": session.room_name}}),
    )
    .await;
    assert_ne!(state(&app, &session.id).await, SessionState::Ended);
}

#[tokio::test]
async fn events_of_rooms_we_do_not_know_and_of_kinds_we_do_not_follow_are_fine() {
    let app = TestApp::production().await;
    for body in [
        joined("no-such-room", "x"),
        json!({"event": "room_finished", "room": {"name": "no-such-room"}}),
        json!({"event": "track_published", "room": {"name": "x"}}),
        json!({"event": "something_new"}),
    ] {
        assert_eq!(
            event(&app, &body).await.status,
            StatusCode::NO_CONTENT,
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_livekit_did_not_sign_has_no_effect() {
    let app = TestApp::production().await;
    let room = unique("r");
    let id = app.session(SessionKind::Web, app.account, &room).await.id;
    let body = json!({"event": "room_finished", "room": {"name": room}}).to_string();
    let another = signature("another body");
    let strangers = AccessToken::with_api_key(API_KEY, "strangerstrangerstrangerstranger00")
        .with_sha256(&STANDARD.encode(Sha256::digest(&body)))
        .to_jwt()
        .unwrap();
    for authorization in [
        None,
        Some(""),
        Some("x"),
        Some(another.as_str()),
        Some(strangers.as_str()),
    ] {
        let mut request = app.post("/webhooks/livekit").body(body.clone());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{authorization:?}");
        assert_eq!(answer.json()["status_code"], 403);
    }
    assert_eq!(state(&app, &id).await, SessionState::Announced);
}
