use crate::test_app::{KEY, NEIGHBOURS_KEY, TestApp, eventually, send};
use casp_store::{
    AccountId,
    calls::{self, Machine, NewCall},
    sessions::{self, NewSession, SessionKind},
    turns::{self, Turn},
    twilio_transcripts::{self, Sentence, Sentences, Wanted},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// 2024-01-15T10:30:00Z
const BEGIN_MS: i64 = 1_705_314_600_000;

/// A call of an account with these turns, as the agent writes them: who, what, from, to (ms since the call began).
async fn call(
    app: &TestApp,
    account: AccountId,
    call_sid: &str,
    turns: &[(&str, &str, i64, i64)],
) -> String {
    let new = NewSession {
        id: format!("phone-{call_sid}"),
        account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-{call_sid}"),
        from: "+15551230001".into(),
        to: "+15551230002".into(),
        assistant: "sales".into(),
        overrides: json!({}),
    };
    sessions::announce(&app.store, &new, BEGIN_MS)
        .await
        .unwrap();
    let epoch = sessions::claim_agent(&app.store, &new.id, "w1", BEGIN_MS, 2_000)
        .await
        .unwrap()
        .unwrap();
    for (role, text, start, end) in turns {
        let turn = Turn {
            position: 0,
            role: (*role).into(),
            text: (*text).into(),
            was_interrupted: false,
            timings: json!({"speech_start_ms": start, "speech_end_ms": end, "total_ms": 400}),
            at_ms: BEGIN_MS + end,
        };
        turns::append(&app.store, &new.id, epoch, &turn)
            .await
            .unwrap()
            .unwrap();
    }
    new.id
}

const TURNS: [(&str, &str, i64, i64); 3] = [
    (
        "assistant",
        "Hello, this is Mike Thompson calling.",
        500,
        3_200,
    ),
    ("user", "My card is 4111 1111 1111 1111", 4_000, 6_000),
    ("assistant", "Thank you.", 6_400, 7_000),
];

async fn ended_call(app: &TestApp, call_sid: &str) -> String {
    let id = call(app, app.account, call_sid, &TURNS).await;
    sessions::end(&app.store, &id, "completed", BEGIN_MS + 180_000)
        .await
        .unwrap();
    sid_of(app).await
}

async fn sid_of(app: &TestApp) -> String {
    let list = app.get_ours("/api/enhanced-transcripts/").await.json();
    list[0]["transcript_sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_conversation_is_listed_by_itself() {
    let app = TestApp::production().await;
    assert_eq!(app.get_ours("/api/enhanced-transcripts/").await.text, "[]");
    ended_call(&app, "CA1").await;
    let answer = app
        .get_ours(
            "/api/enhanced-transcripts/?skip=0&limit=10&call_direction=inbound&scenario_name=sales",
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_snapshot!(answer.redacted(&["/0/id", "/0/transcript_sid"]), @r#"
    [
      {
        "call_date": "2024-01-15T10:30:00Z",
        "call_direction": "inbound",
        "channel": "phone",
        "conversation_turns": 3,
        "duration": 180,
        "id": "[…]",
        "notes": null,
        "participant_count": 2,
        "scenario_name": "sales",
        "status": "completed",
        "summary": {
          "duration_formatted": "3:00",
          "participant_info": {
            "0": {
              "name": "Customer",
              "role": "customer"
            },
            "1": {
              "name": "AI Agent",
              "role": "agent"
            }
          }
        },
        "total_words": 13,
        "transcript_sid": "[…]"
      }
    ]
    "#);
}

#[tokio::test]
async fn its_turns_have_times_and_no_card_numbers() {
    let app = TestApp::production().await;
    let sid = ended_call(&app, "CA1").await;
    let detail = app
        .get_ours(&format!("/api/enhanced-transcripts/{sid}"))
        .await
        .json();
    assert_eq!(
        detail["full_text"],
        "Hello, this is Mike Thompson calling. My card is [card number] Thank you."
    );
    insta::assert_snapshot!(serde_json::to_string(&detail["conversation_flow"]).unwrap(), @r#"[{"confidence":1.0,"duration":2.7,"end_time":3.2,"sequence":1,"speaker":{"channel":1,"name":"AI Agent","role":"agent"},"start_time":0.5,"text":"Hello, this is Mike Thompson calling.","word_count":6},{"confidence":null,"duration":2.0,"end_time":6.0,"sequence":2,"speaker":{"channel":0,"name":"Customer","role":"customer"},"start_time":4.0,"text":"My card is [card number]","word_count":5},{"confidence":1.0,"duration":0.6,"end_time":7.0,"sequence":3,"speaker":{"channel":1,"name":"AI Agent","role":"agent"},"start_time":6.4,"text":"Thank you.","word_count":2}]"#);
    insta::assert_snapshot!(detail["participant_info"].to_string(), @r#"{"0":{"channel":0,"name":"Customer","role":"customer","sentence_count":1,"total_speaking_time":2.0,"word_count":5},"1":{"channel":1,"name":"AI Agent","role":"agent","sentence_count":2,"total_speaking_time":3.3,"word_count":8}}"#);
    insta::assert_snapshot!(detail["summary_data"].to_string(), @r#"{"average_confidence":1.0,"participant_count":2,"total_duration_seconds":180,"total_sentences":3,"total_words":13}"#);
    assert_eq!(detail["status"], "completed");
}

#[tokio::test]
async fn while_the_call_goes_on_so_does_the_transcript() {
    let app = TestApp::production().await;
    call(&app, app.account, "CA1", &TURNS[..1]).await;
    let sid = sid_of(&app).await;
    let path = format!("/api/enhanced-transcripts/{sid}");
    let live = app.get_ours(&path).await.json();
    assert_eq!(
        (&live["status"], &live["summary_data"]["total_sentences"]),
        (&json!("in-progress"), &json!(1))
    );
    let refused = send(app.http.delete(app.url(&path)).bearer_auth(KEY)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn filters_and_words_find_and_bad_ones_say_where() {
    let app = TestApp::production().await;
    ended_call(&app, "CA1").await;
    for (query, count) in [
        ("q=thompson+mike", 1),
        ("q=4111", 0),
        ("q=unicorn", 0),
        ("number=%2B15551230001", 1),
        ("number=+15551230002", 1),
        ("number=%2B15559999999", 0),
        ("date_from=2024-01-15&date_to=2024-01-15", 1),
        ("date_to=2024-01-15T10:30:00Z", 0),
        ("date_from=2024-01-16", 0),
        ("call_direction=outbound", 0),
        ("scenario_name=nobody", 0),
        ("skip=1", 0),
    ] {
        let list = app
            .get_ours(&format!("/api/enhanced-transcripts/?{query}"))
            .await
            .json();
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{query}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("skip=-1", "skip"),
        ("call_direction=sideways", "call_direction"),
        ("date_from=soon", "date_from"),
        ("q=%00", "q"),
    ] {
        let answer = app
            .get_ours(&format!("/api/enhanced-transcripts/?{query}"))
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["query", field]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn notes_are_written_and_taken_back() {
    let app = TestApp::production().await;
    let sid = ended_call(&app, "CA1").await;
    let path = format!("/api/enhanced-transcripts/{sid}");
    let written =
        async |body: Value| send(app.http.patch(app.url(&path)).bearer_auth(KEY).json(&body)).await;
    assert_eq!(
        written(json!({"notes": "Call back"})).await.json()["notes"],
        "Call back"
    );
    assert_eq!(
        app.get_ours("/api/enhanced-transcripts/").await.json()[0]["notes"],
        "Call back"
    );
    assert_eq!(
        written(json!({"notes": null})).await.json()["notes"],
        Value::Null
    );
    for bad in [
        json!({}),
        json!({"notes": 7}),
        json!({"notes": "x".repeat(20_001)}),
        json!({"notes": "a\0"}),
    ] {
        let answer = written(bad).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["errors"][0]["loc"], json!(["body", "notes"]));
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_but_counted() {
    let app = TestApp::production().await;
    let sid = ended_call(&app, "CA1").await;
    let path = format!("/api/enhanced-transcripts/{sid}");
    let deleted = send(app.http.delete(app.url(&path)).bearer_auth(KEY)).await;
    assert_eq!(
        (deleted.status, deleted.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(app.get_ours(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get_ours("/api/enhanced-transcripts/").await.text, "[]");
    let analytics = app
        .get_ours("/v1/analytics?date_from=2024-01-01&date_to=2024-01-31")
        .await
        .json();
    assert_eq!(analytics["totals"], json!({"calls": 1, "minutes": 3.0}));
}

#[tokio::test]
async fn the_tenant_next_door_sees_nothing_and_changes_nothing() {
    let app = TestApp::production().await;
    let sid = ended_call(&app, "CA1").await;
    stored(&app, "GT1").await;
    let theirs = async |path: &str| send(app.get(path).bearer_auth(NEIGHBOURS_KEY)).await;
    for path in ["/api/enhanced-transcripts/", "/stored-transcripts/"] {
        assert_eq!(theirs(path).await.text, "[]", "{path}");
    }
    assert_eq!(
        theirs("/stored-twilio-transcripts").await.json()["transcripts"],
        json!([])
    );
    for path in [
        format!("/api/enhanced-transcripts/{sid}"),
        "/api/enhanced-transcripts/GT1".into(),
        "/api/transcripts/GT1".into(),
        "/stored-transcripts/GT1".into(),
        "/stored-twilio-transcripts/GT1".into(),
    ] {
        assert_eq!(theirs(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(app.get_ours(&path).await.status, StatusCode::OK, "{path}");
        assert_eq!(
            send(app.get(&path)).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let path = app.url(&format!("/api/enhanced-transcripts/{sid}"));
    let written = app
        .http
        .patch(&path)
        .bearer_auth(NEIGHBOURS_KEY)
        .json(&json!({"notes": "x"}));
    assert_eq!(send(written).await.status, StatusCode::NOT_FOUND);
    let delete = app.http.delete(&path).bearer_auth(NEIGHBOURS_KEY);
    assert_eq!(send(delete).await.status, StatusCode::NOT_FOUND);
    let analytics = theirs("/v1/analytics?date_from=2024-01-01&date_to=2024-01-31")
        .await
        .json();
    assert_eq!(analytics["days"], json!([]));
    let erase = app
        .post("/v1/erase")
        .bearer_auth(NEIGHBOURS_KEY)
        .json(&json!({"number": "+15551230001"}));
    let erased = send(erase).await.json();
    assert_eq!(erased["erased"]["transcripts"], 0);
    let erasure = format!("/v1/erase/{}", erased["id"].as_str().unwrap());
    assert_eq!(app.get_ours(&erasure).await.status, StatusCode::NOT_FOUND);
    assert_eq!(theirs(&erasure).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_id_is_not_found() {
    let app = TestApp::production().await;
    for path in [
        "/api/enhanced-transcripts/GTunknown",
        "/api/enhanced-transcripts/%00",
        "/api/enhanced-transcripts/..%2F..",
        "/stored-twilio-transcripts/x%27%20OR%201=1",
        "/api/transcripts/%F0%9F%93%9E",
    ] {
        let answer = app.get_ours(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["status_code"], 404, "{path}");
    }
}

/// A Voice Intelligence transcript of call `CA1`, stored.
async fn stored(app: &TestApp, sid: &str) {
    let wanted = Wanted {
        account: app.account,
        customer_key: format!("key-{sid}"),
        recording_sid: Some("RE1".into()),
        call_sid: Some("CA1".into()),
        scenario_name: Some("sales".into()),
    };
    assert!(
        twilio_transcripts::want(&app.store, &wanted, BEGIN_MS)
            .await
            .unwrap()
    );
    twilio_transcripts::named(&app.store, &wanted.customer_key, sid)
        .await
        .unwrap();
    let sentence = |text: &str, speaker, start_time, end_time| Sentence {
        text: text.into(),
        speaker,
        start_time,
        end_time,
        confidence: 0.95,
    };
    let content = Sentences {
        date_created: "2024-01-15T10:30:00Z".into(),
        date_updated: "2024-01-15T10:35:00Z".into(),
        duration: 120,
        language_code: "en-US".into(),
        sentences: vec![
            sentence("Hello, this is Mike Thompson...", 1, 0.5, 4.2),
            sentence("My card is 4111 1111 1111 1111.", 0, 4.3, 5.9),
        ],
    };
    assert!(
        twilio_transcripts::keep(&app.store, app.account, sid, &content, BEGIN_MS)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn stored_transcripts_have_twilios_own_form() {
    let app = TestApp::production().await;
    stored(&app, "GT1234567890abcdef").await;
    let list = app
        .get_ours("/stored-twilio-transcripts?page_size=10")
        .await;
    insta::assert_snapshot!(list.text, @r#"{"transcripts":[{"sid":"GT1234567890abcdef","status":"completed","date_created":"2024-01-15T10:30:00Z","date_updated":"2024-01-15T10:35:00Z","duration":120,"language_code":"en-US","sentences":[{"text":"Hello, this is Mike Thompson...","speaker":1,"start_time":0.5,"end_time":4.2,"confidence":0.95},{"text":"My card is [card number].","speaker":0,"start_time":4.3,"end_time":5.9,"confidence":0.95}]}],"meta":{"page_size":10,"next_page_token":null,"key":"transcripts"}}"#);
    let one = app
        .get_ours("/stored-twilio-transcripts/GT1234567890abcdef")
        .await;
    assert_eq!(one.json(), list.json()["transcripts"][0]);
    let record = app
        .get_ours("/stored-transcripts/?skip=0&limit=10")
        .await
        .json()[0]
        .clone();
    assert_eq!(
        record["full_text"],
        "Hello, this is Mike Thompson... My card is [card number]."
    );
    assert_eq!(
        app.get_ours("/stored-transcripts/GT1234567890abcdef")
            .await
            .json(),
        record
    );
    let detailed = app
        .get_ours("/api/transcripts/GT1234567890abcdef")
        .await
        .json();
    assert_eq!(
        (&detailed["status"], &detailed["transcript"]["full_text"]),
        (&json!("success"), &record["full_text"])
    );
    assert_eq!(detailed["transcript"]["sentences"], one.json()["sentences"]);
}

#[tokio::test]
async fn pages_of_stored_transcripts_follow_each_other() {
    let app = TestApp::production().await;
    for n in 0..3 {
        stored(&app, &format!("GT{n}")).await;
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = app
            .get_ours(&format!(
                "/stored-twilio-transcripts?page_size=2&page_token={token}"
            ))
            .await
            .json();
        let sids = page["transcripts"].as_array().unwrap().iter();
        seen.extend(sids.map(|transcript| transcript["sid"].as_str().unwrap().to_owned()));
        match page["meta"]["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["GT0", "GT1", "GT2"]);
}

#[tokio::test]
async fn what_voice_intelligence_heard_completes_what_the_agent_wrote() {
    let app = TestApp::production().await;
    ended_call(&app, "CA1").await;
    stored(&app, "GT1").await;
    let merged = app.get_ours("/api/enhanced-transcripts/GT1").await.json();
    assert_eq!(merged["voice_intelligence"]["sid"], "GT1");
    assert_eq!(
        merged["conversation_flow"][1]["confidence"], 0.95,
        "of the customer's turn"
    );
    assert_eq!(
        merged["summary_data"]["total_sentences"], 3,
        "the agent's own words stand"
    );
}

#[tokio::test]
async fn days_are_told_with_their_outcomes() {
    let app = TestApp::production().await;
    ended_call(&app, "CA1").await;
    let answer = app
        .get_ours("/v1/analytics?date_from=2024-01-15&date_to=2024-01-15")
        .await
        .json();
    assert_eq!(
        (&answer["from"], &answer["to"]),
        (
            &json!("2024-01-15T00:00:00Z"),
            &json!("2024-01-16T00:00:00Z")
        )
    );
    let day = &answer["days"][0];
    assert_eq!(
        (&day["date"], &day["calls"], &day["minutes"]),
        (&json!("2024-01-15"), &json!(1), &json!(3.0))
    );
    assert_eq!(
        (&day["outcomes"], &day["latency"]["answers"]),
        (&json!({"completed": 1}), &json!(3))
    );
    assert_eq!(
        app.get_ours("/v1/analytics").await.json()["days"],
        json!([])
    );
    for bad in [
        "date_from=2024-02-01&date_to=2024-01-01",
        "date_from=2020-01-01&date_to=2024-01-01",
    ] {
        let answer = app.get_ours(&format!("/v1/analytics?{bad}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn whoever_wants_to_be_forgotten_is() {
    let app = TestApp::production().await;
    ended_call(&app, "CA1").await;
    call(&app, app.account, "CAlive", &TURNS).await;
    let first = app
        .post_ours("/v1/erase", &json!({"number": "+15551230001"}))
        .await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "one call goes on");
    assert_eq!(first.json()["erased"]["transcripts"], 1);
    sessions::end(&app.store, "phone-CAlive", "completed", BEGIN_MS + 9)
        .await
        .unwrap();
    let path = format!("/v1/erase/{}", first.json()["id"].as_str().unwrap());
    eventually("the rest is erased in the background", async || {
        app.get_ours(&path).await.json()["status"] == "completed"
    })
    .await;
    assert_eq!(app.get_ours(&path).await.json()["erased"]["transcripts"], 2);
    assert_eq!(app.get_ours("/api/enhanced-transcripts/").await.text, "[]");
    let again = app
        .post_ours("/v1/erase", &json!({"number": "+15551230001"}))
        .await;
    assert_eq!(
        (again.status, &again.json()["erased"]["transcripts"]),
        (StatusCode::OK, &json!(0))
    );
    for bad in [
        json!({}),
        json!({"number": "+1", "resource": "x"}),
        json!({"number": " "}),
        json!({"number": "Ann"}),
        json!({"number": "15551230001"}),
        json!({"number": "+1 555 123 0001"}),
        json!({"number": "+155512"}),
        json!({"number": "whatsapp:+15551230001"}),
        json!({"resource": "a\0"}),
    ] {
        let answer = app.post_ours("/v1/erase", &bad).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn what_is_older_than_the_retention_goes() {
    let app = TestApp::with(|config| {
        config.retention = Some(Duration::from_hours(24));
        config.limits.retention_round = Duration::from_millis(100);
    })
    .await;
    let id = call(&app, app.account, "CA1", &TURNS).await;
    sessions::end(&app.store, &id, "completed", BEGIN_MS + 1)
        .await
        .unwrap();
    eventually("the old call is gone", async || {
        sessions::get(&app.store, "phone-CA1")
            .await
            .unwrap()
            .is_none()
    })
    .await;
    assert_eq!(app.get_ours("/api/enhanced-transcripts/").await.text, "[]");
}

#[tokio::test]
async fn calls_that_are_older_than_the_retention_go_too() {
    let app = TestApp::with(|config| {
        config.retention = Some(Duration::from_millis(1));
        config.limits.retention_round = Duration::from_millis(100);
    })
    .await;
    let new = NewCall {
        account: app.account,
        to: "+15551230001".into(),
        wanted_from: None,
        assistant: "sales".into(),
        overrides: json!({}),
        machine: Machine::Continue,
        message: None,
        request_key: None,
        not_before_ms: i64::MAX,
        give_up_at_ms: i64::MAX,
    };
    let over = calls::add(&app.store, &new, BEGIN_MS).await.unwrap().id;
    let waits = calls::add(&app.store, &new, BEGIN_MS).await.unwrap().id;
    assert!(
        calls::cancel(&app.store, app.account, &over, BEGIN_MS)
            .await
            .unwrap()
    );
    eventually("the old call is gone", async || {
        calls::get(&app.store, &over).await.unwrap().is_none()
    })
    .await;
    assert!(calls::get(&app.store, &waits).await.unwrap().is_some());
}

#[tokio::test]
async fn a_number_that_is_erased_is_not_called_and_no_longer_listed() {
    let app = TestApp::production().await;
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let wish = json!({
        "phone_number": "+1234567890", "scenario": "sales", "scheduled_time": tomorrow.to_string(),
    });
    for key in [KEY, NEIGHBOURS_KEY] {
        let made = send(app.post("/schedule-call").bearer_auth(key).json(&wish)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
    let erased = app
        .post_ours("/v1/erase", &json!({"number": "+1234567890"}))
        .await;
    assert_eq!(erased.json()["status"], "completed", "{erased:?}");
    let ours = app.get_ours("/scheduled-calls").await.json();
    assert_eq!(
        (&ours[0]["phone_number"], &ours[0]["status"]),
        (&json!(""), &json!("cancelled"))
    );
    let theirs = app.get("/scheduled-calls").bearer_auth(NEIGHBOURS_KEY);
    let theirs = send(theirs).await.json();
    assert_eq!(
        (&theirs[0]["phone_number"], &theirs[0]["status"]),
        (&json!("+1234567890"), &json!("scheduled"))
    );
}
