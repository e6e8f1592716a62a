//! `/debug/…`, for administrators.

use crate::test_app::{TWILIO_TOKEN, TestApp, now_ms, send};
use casp_control_api::VoiceIntelligenceSettings;
use casp_store::{
    accounts,
    recordings::{self, NewRecording},
    sessions::{self, SessionKind},
    turns::{self, Turn},
    twilio_transcripts::{self, Wanted},
};
use reqwest::StatusCode;
use serde_json::json;

const ROUTES: [&str; 4] = [
    "/debug/twilio-intelligence-config",
    "/debug/recent-conversations",
    "/debug/recording-callback-status",
    "/debug/transcript-records",
];
const SAID: &str = "My name is Ann";

async fn as_admin() -> TestApp {
    let app = TestApp::with(|config| {
        config.voice_intelligence = Some(VoiceIntelligenceSettings {
            service_sid: "GA1".into(),
            is_automatic: true,
        });
    })
    .await;
    accounts::set_admin(&app.store, app.account, true)
        .await
        .unwrap();
    app
}

/// A call next door in which something was said, its recording, and the transcript that was asked for.
async fn call_next_door(app: &TestApp) {
    let session = app.session(SessionKind::Phone, app.neighbour, "CA1").await;
    let epoch = sessions::claim_agent(&app.store, &session.id, "w1", now_ms(), 2_000)
        .await
        .unwrap()
        .unwrap();
    let turn = Turn {
        position: 0,
        role: "user".into(),
        text: SAID.into(),
        was_interrupted: false,
        timings: json!({}),
        at_ms: now_ms(),
    };
    turns::append(&app.store, &session.id, epoch, &turn)
        .await
        .unwrap();
    let recording = NewRecording {
        account: app.neighbour,
        sid: "RE1".into(),
        session_id: Some(session.id),
        call_sid: Some("CA1".into()),
        source: "twilio",
        duration_ms: Some(61_000),
        channels: Some(2),
        consent: json!({}),
        started_at_ms: 1_705_314_600_000,
    };
    recordings::announce(&app.store, &recording).await.unwrap();
    let wanted = Wanted {
        account: app.neighbour,
        customer_key: "key-1".into(),
        recording_sid: Some("RE1".into()),
        call_sid: Some("CA1".into()),
        scenario_name: Some("sales".into()),
    };
    twilio_transcripts::want(&app.store, &wanted, now_ms())
        .await
        .unwrap();
    twilio_transcripts::named(&app.store, "key-1", "GT1")
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_but_administrators_sees_them() {
    let app = TestApp::production().await;
    for path in ROUTES {
        assert_eq!(
            send(app.get(path)).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        let refused = app.get_ours(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(refused.json()["status_code"], 403, "{path}");
    }
}

#[tokio::test]
async fn the_settings_of_voice_intelligence_are_shown_without_secrets() {
    let app = as_admin().await;
    let answer = app.get_ours(ROUTES[0]).await;
    assert!(!answer.text.contains(TWILIO_TOKEN));
    insta::assert_snapshot!(answer.redacted(&[]), @r#"
    {
      "base_url": "http://127.0.0.1:1",
      "has_twilio_auth_token": true,
      "twilio_account_sid": null,
      "twilio_voice_intelligence_sid": "GA1",
      "use_twilio_voice_intelligence": true,
      "webhook_url": "https://voice.example.com/twilio-transcripts/webhook-callback"
    }
    "#);
}

#[tokio::test]
async fn administrators_see_where_every_accounts_records_stand_and_not_what_was_said() {
    let app = as_admin().await;
    for path in &ROUTES[1..] {
        assert_eq!(app.get_ours(path).await.status, StatusCode::OK, "{path}");
    }
    call_next_door(&app).await;
    let conversations = app.get_ours(ROUTES[1]).await;
    let first = &conversations.json()[0];
    assert_eq!(first["account_id"], app.neighbour.0);
    assert_eq!(first["session_id"], "phone-CA1");
    assert_eq!(first["conversation_turns"], 1);
    assert!(first["ended_at"].is_null());
    let recordings = app.get_ours(ROUTES[2]).await;
    assert_eq!(
        recordings.json()["callback_url"],
        "https://voice.example.com/recording-callback"
    );
    let first = &recordings.json()["recordings"][0];
    assert_eq!(first["recording_sid"], "RE1");
    assert_eq!(first["status"], "pending");
    let transcripts = app.get_ours(ROUTES[3]).await;
    let first = &transcripts.json()[0];
    assert_eq!(first["transcript_sid"], "GT1");
    assert_eq!(first["account_id"], app.neighbour.0);
    assert!(first["sentences"].is_null());
    for answer in [conversations, recordings, transcripts] {
        assert!(!answer.text.contains(SAID), "{}", answer.text);
    }
}

#[tokio::test]
async fn lists_have_bounds() {
    let app = as_admin().await;
    for path in &ROUTES[1..] {
        for limit in ["0", "101", "-1", "x"] {
            let answer = app.get_ours(&format!("{path}?limit={limit}")).await;
            assert_eq!(
                answer.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{path} {limit}"
            );
        }
    }
}
