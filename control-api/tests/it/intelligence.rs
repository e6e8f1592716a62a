//! Voice Intelligence, against a server that checks what it gets.

use crate::{
    accounts::signed_in,
    test_app::{
        Answer, KEY, NEIGHBOURS_KEY, PUBLIC_URL, TWILIO_TOKEN, TestApp, eventually, now_ms, send,
    },
};
use casp_control_api::{ControlApiConfig, VoiceIntelligenceSettings};
use casp_store::{
    AccountId,
    ceilings::{self, AccountLimits, Ceiling, Resource},
    jobs::{self, NewJob},
    recordings::{self, NewRecording, StoredSound},
    sessions::{self, SessionKind},
};
use casp_twilio::signature::RequestValidator;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use wiremock::{
    Mock, MockBuilder, MockServer, Request, ResponseTemplate,
    matchers::{basic_auth, method, path},
};

const ACCOUNT_SID: &str = "AC1";
const SERVICE: &str = "GA0123456789abcdef0123456789abcdef";
const GT: &str = "GT0123456789abcdef0123456789abcdef";
const RE: &str = "RE0123456789abcdef0123456789abcdef";

struct Twilio(MockServer);

impl Twilio {
    async fn start() -> Self {
        Self(MockServer::start().await)
    }

    async fn app(&self, change: impl FnOnce(&mut ControlApiConfig)) -> TestApp {
        let url = self.0.uri();
        TestApp::with(|config| {
            config.twilio.account_sid = Some(ACCOUNT_SID.into());
            config.twilio.api_base_url.clone_from(&url);
            config.twilio.intelligence_base_url = url;
            config.voice_intelligence = Some(VoiceIntelligenceSettings {
                service_sid: SERVICE.into(),
                is_automatic: false,
            });
            change(config);
        })
        .await
    }

    /// Takes a request for a transcript, once.
    async fn creates(&self, sid: &str) {
        at("POST", "/v2/Transcripts")
            .respond_with(ResponseTemplate::new(201).set_body_json(transcript(sid, "queued", None)))
            .up_to_n_times(1)
            .mount(&self.0)
            .await;
    }

    /// Has this transcript, of two sentences in two pages.
    async fn has(&self, sid: &str, customer_key: Option<&str>, source: Option<&str>) {
        let mut body = transcript(sid, "completed", source);
        body["customer_key"] = json!(customer_key);
        at("GET", &format!("/v2/Transcripts/{sid}"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&self.0)
            .await;
        let next = format!(
            "{}/v2/Transcripts/{sid}/Sentences?Page=1&PageToken=PT1",
            self.0.uri()
        );
        for (page, sentence, next) in [
            (
                "0",
                sentence(0, 2, "Hello, this is Mike Thompson...", "0.5"),
                json!(next),
            ),
            (
                "1",
                sentence(1, 1, "It is 4111 1111 1111 1111.", "4.4"),
                Value::Null,
            ),
        ] {
            let wants = page == "1";
            at("GET", &format!("/v2/Transcripts/{sid}/Sentences"))
                .and(move |request: &Request| {
                    request.url.query_pairs().any(|(key, _)| key == "PageToken") == wants
                })
                .respond_with(ResponseTemplate::new(200).set_body_json(json!({
                    "sentences": [sentence],
                    "meta": {"key": "sentences", "page": 0, "page_size": 1, "next_page_url": next},
                })))
                .mount(&self.0)
                .await;
        }
    }

    /// The forms of the transcripts that were asked for.
    async fn asked(&self) -> Vec<HashMap<String, String>> {
        let requests = self.0.received_requests().await.unwrap();
        let is_asking = |request: &&Request| request.method == reqwest::Method::POST;
        let form = |request: &Request| {
            url::form_urlencoded::parse(&request.body)
                .into_owned()
                .collect()
        };
        requests.iter().filter(is_asking).map(form).collect()
    }
}

fn at(verb: &str, place: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(place))
        .and(basic_auth(ACCOUNT_SID, TWILIO_TOKEN))
}

fn transcript(sid: &str, status: &str, source: Option<&str>) -> Value {
    json!({
        "account_sid": ACCOUNT_SID, "service_sid": SERVICE, "sid": sid, "status": status,
        "date_created": "2024-01-15T10:30:00Z", "date_updated": "2024-01-15T10:35:00Z",
        "channel": {
            "media_properties": {"source_sid": source},
            "participants": [
                {"channel_participant": 1, "role": "Customer"},
                {"channel_participant": 2, "role": "Agent"},
            ],
        },
        "data_logging": false, "language_code": "en-US", "customer_key": null, "media_start_time": null,
        "duration": 120, "url": "https://intelligence.twilio.com/v2/x", "redaction": true, "links": {},
    })
}

fn sentence(index: i64, channel: i64, text: &str, start: &str) -> Value {
    json!({"media_channel": channel, "sentence_index": index, "start_time": start, "end_time": 5.9,
           "transcript": text, "sid": null, "confidence": "0.95", "words": null})
}

/// A call of the account, recorded.
async fn recorded(app: &TestApp, account: AccountId, call_sid: &str, sid: &str) {
    app.session(SessionKind::Phone, account, call_sid).await;
    let new = NewRecording {
        account,
        sid: sid.into(),
        session_id: Some(format!("phone-{call_sid}")),
        call_sid: Some(call_sid.into()),
        source: "twilio",
        duration_ms: None,
        channels: Some(2),
        consent: Value::Null,
        started_at_ms: now_ms(),
    };
    assert!(recordings::announce(&app.store, &new).await.unwrap());
}

/// The webhook as Twilio signs it.
async fn webhook(app: &TestApp, body: &Value) -> Answer {
    let body = body.to_string();
    let hash = hex::encode(Sha256::digest(&body));
    let place = format!("/twilio-transcripts/webhook-callback?bodySHA256={hash}");
    let signature = RequestValidator::new(TWILIO_TOKEN).sign(&format!("{PUBLIC_URL}{place}"), &[]);
    let request = app.post(&place).header("X-Twilio-Signature", signature);
    send(
        request
            .header("Content-Type", "application/json")
            .body(body),
    )
    .await
}

fn ready(sid: &str) -> Value {
    json!({"account_sid": ACCOUNT_SID, "service_sid": SERVICE, "transcript_sid": sid,
           "customer_key": null, "event_type": "voice_intelligence_transcript_available"})
}

async fn is_stored(app: &TestApp, sid: &str) -> bool {
    app.get_ours(&format!("/stored-twilio-transcripts/{sid}"))
        .await
        .status
        == StatusCode::OK
}

#[tokio::test]
async fn a_file_is_transcribed_from_the_request_to_the_stored_transcript() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|config| config.allows_private_urls = true).await;
    twilio.creates(GT).await;
    let asked = app
        .post_ours(
            "/twilio-transcripts/create-with-media-url",
            &json!({"media_url": "https://203.0.113.7/call.wav", "language_code": "en-US"}),
        )
        .await;
    assert_eq!(
        asked.json(),
        json!({"status": "success", "transcript_sid": GT}),
        "{asked:?}"
    );
    let form = twilio.asked().await.remove(0);
    assert_eq!(form["ServiceSid"], SERVICE);
    let channel: Value = serde_json::from_str(&form["Channel"]).unwrap();
    assert_eq!(
        channel["media_properties"],
        json!({"media_url": "https://203.0.113.7/call.wav"})
    );
    assert_eq!(channel["participants"][0]["role"], "Customer");
    assert!(!is_stored(&app, GT).await);
    twilio.has(GT, Some(&form["CustomerKey"]), None).await;
    for _ in 0..2 {
        assert_eq!(
            webhook(&app, &ready(GT)).await.status,
            StatusCode::NO_CONTENT
        );
    }
    eventually("the transcript is stored", async || {
        is_stored(&app, GT).await
    })
    .await;
    let stored = app
        .get_ours(&format!("/stored-twilio-transcripts/{GT}"))
        .await;
    insta::assert_snapshot!(stored.text, @r#"{"sid":"GT0123456789abcdef0123456789abcdef","status":"completed","date_created":"2024-01-15T10:30:00Z","date_updated":"2024-01-15T10:35:00Z","duration":120,"language_code":"en-US","sentences":[{"text":"Hello, this is Mike Thompson...","speaker":1,"start_time":0.5,"end_time":5.9,"confidence":0.95},{"text":"It is [card number].","speaker":0,"start_time":4.4,"end_time":5.9,"confidence":0.95}]}"#);
}

/// Asks for a transcript of a file.
async fn of_file(app: &TestApp, key: &str) -> Answer {
    let request = app.post("/twilio-transcripts/create-with-media-url");
    let file = json!({"media_url": "https://203.0.113.7/call.wav"});
    send(request.bearer_auth(key).json(&file)).await
}

#[tokio::test]
async fn who_may_not_spend_has_nothing_transcribed() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|config| config.allows_private_urls = true).await;
    let (stranger, _) = signed_in(&app).await;
    let refused = of_file(&app, &stranger).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Verify your e-mail first"));
    let limits = AccountLimits {
        tokens: Some(Ceiling::AtMost(1_000)),
        ..AccountLimits::default()
    };
    ceilings::set_limits(&app.store, app.account, &limits)
        .await
        .unwrap();
    twilio.creates(GT).await;
    assert_eq!(of_file(&app, KEY).await.status, StatusCode::OK);
    let used = ceilings::used_today(&app.store, app.account, Resource::Tokens, now_ms()).await;
    assert_eq!(used.unwrap(), 600, "a minute");
    let refused = of_file(&app, KEY).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text.contains("a day is reached"), "{refused:?}");
    assert_eq!(twilio.asked().await.len(), 1);
    twilio.creates("GT00000000000000000000000000000001").await;
    assert_eq!(of_file(&app, NEIGHBOURS_KEY).await.status, StatusCode::OK);
}

#[tokio::test]
async fn transcripts_are_asked_for_so_often_an_account() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|config| config.allows_private_urls = true).await;
    at("POST", "/v2/Transcripts")
        .respond_with(|_: &Request| {
            let sid = format!("GT{:032x}", rand::random::<u128>());
            ResponseTemplate::new(201).set_body_json(transcript(&sid, "queued", None))
        })
        .mount(&twilio.0)
        .await;
    for _ in 0..30 {
        let answer = of_file(&app, KEY).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let refused = of_file(&app, KEY).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(twilio.asked().await.len(), 30);
    let neighbour = of_file(&app, NEIGHBOURS_KEY).await;
    assert_eq!(neighbour.status, StatusCode::OK, "{neighbour:?}");
}

#[tokio::test]
async fn only_what_is_public_is_given_to_twilio() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|_| {}).await;
    for url in [
        "http://example.com/a.wav",
        "https://127.0.0.1/a.wav",
        "https://10.0.0.1/",
        "file:///etc/passwd",
        "https://u:p@example.com/",
        "x",
        "",
    ] {
        let answer = app
            .post_ours(
                "/twilio-transcripts/create-with-media-url",
                &json!({"media_url": url}),
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", "media_url"]),
            "{url}"
        );
    }
    assert!(twilio.asked().await.is_empty());
}

#[tokio::test]
async fn a_recording_is_transcribed_for_its_owner_alone() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|_| {}).await;
    recorded(&app, app.account, "CA1", RE).await;
    let body = json!({"recording_sid": RE, "participants": [
        {"role": "agent", "full_name": "Mike"}, {"channel_participant": 2, "role": "Customer"}]});
    let theirs = app
        .post("/twilio-transcripts/create-with-participants")
        .bearer_auth(NEIGHBOURS_KEY)
        .json(&body);
    assert_eq!(send(theirs).await.status, StatusCode::NOT_FOUND);
    assert!(twilio.asked().await.is_empty());
    twilio.creates(GT).await;
    let asked = app
        .post_ours("/twilio-transcripts/create-with-participants", &body)
        .await;
    assert_eq!(asked.json()["transcript_sid"], GT, "{asked:?}");
    let form = twilio.asked().await.remove(0);
    let channel: Value = serde_json::from_str(&form["Channel"]).unwrap();
    assert_eq!(
        channel,
        json!({
            "media_properties": {"source_sid": RE},
            "participants": [
                {"channel_participant": 1, "role": "Agent", "full_name": "Mike"},
                {"channel_participant": 2, "role": "Customer"},
            ],
        })
    );
    for bad in [
        json!({"recording_sid": RE}),
        json!({"recording_sid": RE, "participants": []}),
        json!({"recording_sid": RE, "participants": [{"role": "boss"}]}),
    ] {
        let answer = app
            .post_ours("/twilio-transcripts/create-with-participants", &bad)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn twilio_is_asked_only_for_what_is_the_accounts_own() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|_| {}).await;
    recorded(&app, app.account, "CA1", RE).await;
    twilio.has(GT, None, Some(RE)).await;
    // Nobody asked for it: Twilio made it of the recording by itself.
    assert_eq!(
        webhook(&app, &ready(GT)).await.status,
        StatusCode::NO_CONTENT
    );
    eventually("the transcript is stored", async || {
        is_stored(&app, GT).await
    })
    .await;
    let paths = [
        format!("/twilio-transcripts/{GT}"),
        format!("/twilio-transcripts/recording/{RE}"),
    ];
    for path in &paths {
        let direct = app.get_ours(path).await.json();
        assert_eq!(
            (&direct["sid"], &direct["status"]),
            (&json!(GT), &json!("completed"))
        );
        assert_eq!(direct["sentences"][1]["text"], "It is [card number].");
        assert_eq!(direct.get("account_sid"), None, "the house's own");
    }
    let list = app.get_ours("/twilio-transcripts?page_size=5").await.json();
    assert_eq!(
        (
            list["transcripts"].as_array().unwrap().len(),
            &list["meta"]["page_size"]
        ),
        (1, &json!(5))
    );
    let seen = twilio.0.received_requests().await.unwrap().len();
    for path in &paths {
        let theirs = send(app.get(path).bearer_auth(NEIGHBOURS_KEY)).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}");
    }
    let theirs = send(app.get("/twilio-transcripts").bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(theirs.json()["transcripts"], json!([]));
    let theirs = send(
        app.http
            .delete(app.url(&paths[0]))
            .bearer_auth(NEIGHBOURS_KEY),
    )
    .await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    assert_eq!(
        twilio.0.received_requests().await.unwrap().len(),
        seen,
        "Twilio was not even asked"
    );
    at("DELETE", &format!("/v2/Transcripts/{GT}"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&twilio.0)
        .await;
    let deleted = send(app.http.delete(app.url(&paths[0])).bearer_auth(KEY)).await;
    assert_eq!(
        deleted.json(),
        json!({"status": "success", "message": "Transcript deleted"})
    );
    assert!(is_stored(&app, GT).await, "what is stored here stays");
}

#[tokio::test]
async fn by_hand_a_transcript_is_stored_once_and_by_its_owner() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|_| {}).await;
    recorded(&app, app.account, "CA1", RE).await;
    twilio.has(GT, None, Some(RE)).await;
    let path = format!("/store-transcript/{GT}");
    let theirs = send(app.post(&path).bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let first = app
        .post_ours(&path, &json!({"scenario_name": "Sales Call"}))
        .await;
    assert_eq!(
        first.json(),
        json!({"status": "success", "message": "Transcript stored successfully", "transcript_sid": GT})
    );
    let again = send(app.post(&path).bearer_auth(KEY)).await;
    assert_eq!(
        again.json()["message"],
        "Transcript already stored",
        "without a body too"
    );
    assert_eq!(
        app.get_ours(&format!("/stored-transcripts/{GT}"))
            .await
            .json()["scenario_name"],
        "Sales Call"
    );
    let unknown = app
        .post_ours("/store-transcript/GTunknown", &json!({}))
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_recording_is_fetched_with_consent_and_handed_on_to_voice_intelligence() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(|config| {
            if let Some(intelligence) = &mut config.voice_intelligence {
                intelligence.is_automatic = true;
            }
        })
        .await;
    app.session(SessionKind::Phone, app.account, "CA1").await;
    Mock::given(method("GET"))
        .and(path(format!(
            "/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{RE}.wav"
        )))
        .and(basic_auth(ACCOUNT_SID, TWILIO_TOKEN))
        .respond_with(ResponseTemplate::new(200).set_body_raw(vec![7; 100_000], "audio/x-wav"))
        .expect(1)
        .mount(&twilio.0)
        .await;
    twilio.creates(GT).await;
    let job = NewJob {
        kind: "fetch-recording",
        account: Some(app.account),
        key: Some(RE.into()),
        payload: json!({"recording_sid": RE, "call_sid": "CA1", "session_id": "phone-CA1", "duration_s": 12, "channels": 2,
                        "consent": {"announcement": "Recorded.", "announced_at": "2024-01-15T10:29:58Z"}}),
        run_at_ms: now_ms(),
        max_attempts: 3,
    };
    for _ in 0..2 {
        jobs::enqueue(&app.store, &job, now_ms()).await.unwrap();
    }
    eventually("the recording is here", async || {
        let list = app.get_ours("/recordings").await.json();
        list[0]["status"] == "stored"
    })
    .await;
    let list = app.get_ours("/recordings").await.json();
    assert_eq!(
        (&list[0]["bytes"], &list[0]["consent"]["announcement"]),
        (&json!(100_000), &json!("Recorded."))
    );
    let sound = app
        .get(&format!("/recordings/{RE}"))
        .bearer_auth(KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(sound.bytes().await.unwrap().len(), 100_000);
    eventually("a transcript is asked for", async || {
        !twilio.asked().await.is_empty()
    })
    .await;
    sessions::end(&app.store, "phone-CA1", "completed", now_ms())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_recording_that_is_kept_goes_at_twilio_when_its_transcript_is_here() {
    let twilio = Twilio::start().await;
    let app = twilio
        .app(|config| {
            config.recordings.is_deleted_at_twilio = true;
            if let Some(intelligence) = &mut config.voice_intelligence {
                intelligence.is_automatic = true;
            }
        })
        .await;
    recorded(&app, app.account, "CA1", RE).await;
    let sound = StoredSound {
        object_key: "RE.wav".into(),
        content_type: "audio/x-wav".into(),
        bytes: 1,
    };
    assert!(recordings::stored(&app.store, RE, &sound).await.unwrap());
    at(
        "DELETE",
        &format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{RE}.json"),
    )
    .respond_with(ResponseTemplate::new(204))
    .mount(&twilio.0)
    .await;
    twilio.has(GT, None, Some(RE)).await;
    assert_eq!(
        webhook(&app, &ready(GT)).await.status,
        StatusCode::NO_CONTENT
    );
    eventually("Twilio deleted it", async || {
        let requests = twilio.0.received_requests().await.unwrap();
        requests
            .iter()
            .any(|request| request.method == reqwest::Method::DELETE)
    })
    .await;
    assert!(is_stored(&app, GT).await, "not before");
    let list = app.get_ours("/recordings").await.json();
    assert_eq!(list[0]["status"], "stored", "and here it stays");
}

#[tokio::test]
async fn webhooks_are_signed_and_name_a_transcript() {
    let twilio = Twilio::start().await;
    let app = twilio.app(|_| {}).await;
    let unsigned = app
        .post("/twilio-transcripts/webhook-callback")
        .json(&ready(GT));
    assert_eq!(send(unsigned).await.status, StatusCode::FORBIDDEN);
    for bad in [
        json!({}),
        json!({"transcript_sid": "../x"}),
        json!({"transcript_sid": 7}),
        json!([]),
    ] {
        assert_eq!(
            webhook(&app, &bad).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn without_twilio_it_is_said_so() {
    let app = TestApp::production().await;
    let asked = app
        .post_ours(
            "/twilio-transcripts/create-with-media-url",
            &json!({"media_url": "https://1.1.1.1/"}),
        )
        .await;
    assert_eq!(asked.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        app.get_ours("/twilio-transcripts").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}
