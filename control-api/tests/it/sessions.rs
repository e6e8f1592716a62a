use crate::test_app::{NEIGHBOURS_KEY, TestApp, now_ms, send};
use casp_store::{
    sessions::{self, SessionKind},
    turns::{self, Turn},
};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn without_sessions_every_channel_is_there_with_zero() {
    let app = TestApp::production().await;
    let answer = app.get_ours("/sessions").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_snapshot!(answer.text, @r#"{"total":0,"byType":{"phone":0,"whatsapp":0,"web":0,"slack":0,"teams":0,"discord":0,"api":0},"sessions":[]}"#);
}

#[tokio::test]
async fn live_sessions_of_the_account_are_listed() {
    let app = TestApp::production().await;
    app.session(SessionKind::Web, app.account, "kitchen").await;
    app.session(SessionKind::Phone, app.account, "CA1").await;
    app.session(SessionKind::Phone, app.account, "CAended")
        .await;
    app.session(SessionKind::Phone, app.neighbour, "CAnext")
        .await;
    sessions::end(&app.store, "phone-CAended", "completed", now_ms())
        .await
        .unwrap();
    let list = app.get_ours("/sessions").await.json();
    assert_eq!(list["total"], 2);
    assert_eq!(
        (&list["byType"]["phone"], &list["byType"]["web"]),
        (&json!(1), &json!(1))
    );
    let mut ids: Vec<&str> = list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["phone-CA1", "web-kitchen"]);
    let next = send(app.get("/sessions").bearer_auth(NEIGHBOURS_KEY))
        .await
        .json();
    assert_eq!(next["sessions"][0]["id"], "phone-CAnext");
}

#[tokio::test]
async fn a_session_shows_who_where_and_how_fast() {
    let app = TestApp::production().await;
    let session = app.session(SessionKind::Phone, app.account, "CA1").await;
    let before = app.get_ours("/sessions/phone-CA1").await;
    assert_eq!(before.status, StatusCode::OK);
    insta::assert_snapshot!(before.redacted(&["/startedAt"]), @r#"
    {
      "agentPresent": false,
      "assistant": "default",
      "from": "+15551230001",
      "id": "phone-CA1",
      "latency": null,
      "roomName": "twilio-CA1",
      "startedAt": "[…]",
      "status": "active",
      "to": "+15551230002",
      "type": "phone"
    }
    "#);
    let epoch = sessions::claim_agent(&app.store, &session.id, "w1", now_ms(), 2_000)
        .await
        .unwrap()
        .unwrap();
    for (role, timings) in [
        ("user", json!({})),
        ("assistant", json!({"total_ms": 400})),
        ("assistant", json!({"total_ms": 300})),
    ] {
        let turn = Turn {
            position: 0,
            role: role.into(),
            text: "…".into(),
            was_interrupted: false,
            timings,
            at_ms: now_ms(),
        };
        turns::append(&app.store, &session.id, epoch, &turn)
            .await
            .unwrap()
            .unwrap();
    }
    let after = app.get_ours("/sessions/phone-CA1").await.json();
    assert_eq!(after["agentPresent"], true);
    assert_eq!(
        after["latency"],
        json!({"lastMs": 300, "medianMs": 400, "turns": 2, "last": {"total_ms": 300}})
    );
}

#[tokio::test]
async fn what_is_over_unknown_or_the_neighbours_is_not_found() {
    let app = TestApp::production().await;
    app.session(SessionKind::Phone, app.account, "CAended")
        .await;
    sessions::end(&app.store, "phone-CAended", "completed", now_ms())
        .await
        .unwrap();
    app.session(SessionKind::Phone, app.neighbour, "CAnext")
        .await;
    for id in ["phone-CAended", "phone-CAnext", "phone-CAunknown", "x"] {
        let answer = app.get_ours(&format!("/sessions/{id}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.redacted(&[]), @r#"
            {
              "detail": "There is no such session.",
              "status_code": 404
            }
            "#);
        }
    }
}
