use crate::test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, eventually, now_ms, send, unique};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode as Status},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casp_store::{
    AccountId,
    sessions::{self, SessionKind},
    turns::{self, Turn},
    webhooks::{self, Event},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A tenant's backend: takes what comes with a good signature, or answers as it was told to.
#[derive(Clone, Default)]
pub(crate) struct Backend {
    secret: Arc<Mutex<String>>,
    answers: Arc<Mutex<Vec<u16>>>,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Backend {
    /// Runs, and is the account's webhook URL.
    pub(crate) async fn of(app: &TestApp) -> Self {
        let backend = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/webhooks/oauth/refresh", post(take))
            .with_state(backend.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let answer = set(app, &json!({"url": url})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let secret = answer.json()["secret"].as_str().unwrap().to_owned();
        *backend.secret.lock().unwrap() = secret;
        backend
    }

    /// The next answers; after them 204.
    pub(crate) fn answers(&self, statuses: &[u16]) {
        let mut answers = statuses.to_vec();
        answers.reverse();
        *self.answers.lock().unwrap() = answers;
    }

    pub(crate) fn taken(&self) -> Vec<(String, Value)> {
        self.taken.lock().unwrap().clone()
    }
}

async fn take(State(backend): State<Backend>, headers: HeaderMap, body: Bytes) -> Status {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let secret = backend.secret.lock().unwrap().clone();
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(&body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let age_s = now_ms() / 1_000 - timestamp.parse::<i64>().unwrap();
    if header("webhook-signature") != expected || !(0..60).contains(&age_s) {
        return Status::UNAUTHORIZED;
    }
    if let Some(status) = backend.answers.lock().unwrap().pop() {
        return Status::from_u16(status).unwrap();
    }
    let message = serde_json::from_slice(&body).unwrap();
    backend.taken.lock().unwrap().push((id, message));
    Status::NO_CONTENT
}

async fn open_to_this_machine() -> TestApp {
    TestApp::with(|config| config.allows_private_urls = true).await
}

async fn set(app: &TestApp, body: &Value) -> Answer {
    let request = app.http.put(app.url("/v1/webhooks"));
    send(request.bearer_auth(KEY).json(body)).await
}

async fn emit(app: &TestApp, key: &str) {
    let event = Event {
        event_type: "call.ended",
        key,
        body: json!({"type": "call.ended", "data": {"callSid": key}}).to_string(),
    };
    assert!(
        webhooks::emit(&app.store, app.account, &event, now_ms())
            .await
            .unwrap()
    );
}

/// The only delivery there is, once it is so.
async fn delivery(app: &TestApp, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    eventually(what, async || {
        found = app.get_ours("/v1/webhooks/deliveries").await.json()["deliveries"][0].clone();
        is_so(&found)
    })
    .await;
    found
}

fn is_tried(delivery: &Value) -> bool {
    delivery["attempts"].as_i64() >= Some(1)
}

async fn retry(app: &TestApp, id: &str, key: &str) -> Answer {
    let request = app.post(&format!("/v1/webhooks/deliveries/{id}/retry"));
    send(request.bearer_auth(key)).await
}

#[tokio::test]
async fn a_url_is_set_shown_changed_and_removed() {
    let app = TestApp::production().await;
    assert_eq!(
        app.get_ours("/v1/webhooks").await.status,
        StatusCode::NOT_FOUND
    );
    let first = set(&app, &json!({"url": "https://8.8.8.8"})).await;
    assert_eq!(first.status, StatusCode::OK);
    let first = first.json();
    assert_eq!(first["url"], "https://8.8.8.8/webhooks/oauth/refresh");
    assert!(first["secret"].as_str().unwrap().starts_with("whsec_"));
    let second = set(&app, &json!({"url": "https://8.8.4.4/hook"}))
        .await
        .json();
    assert_eq!(
        (&second["url"], &second["secret"]),
        (&json!("https://8.8.4.4/hook"), &first["secret"])
    );
    let rotated = set(
        &app,
        &json!({"url": "https://8.8.4.4/hook", "rotate_secret": true}),
    )
    .await
    .json();
    assert_ne!(rotated["secret"], first["secret"]);
    let shown = app.get_ours("/v1/webhooks").await;
    assert!(
        !shown.text.contains("whsec_"),
        "the secret is shown once: {shown:?}"
    );
    insta::assert_snapshot!(shown.redacted(&["/created_at", "/updated_at"]), @r#"
    {
      "created_at": "[…]",
      "updated_at": "[…]",
      "url": "https://8.8.4.4/hook"
    }
    "#);
    let remove = async || {
        send(app.http.delete(app.url("/v1/webhooks")).bearer_auth(KEY))
            .await
            .status
    };
    assert_eq!(remove().await, StatusCode::NO_CONTENT);
    assert_eq!(remove().await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn urls_that_lead_inside_are_refused() {
    let app = TestApp::production().await;
    for url in [
        "http://backend.example.com/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://user:password@8.8.8.8/",
        "https://8.8.8.8:25/",
        "nonsense",
        "",
    ] {
        let answer = set(&app, &json!({"url": url})).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", "url"]),
            "{url}"
        );
    }
    for body in [json!({}), json!({"url": 7}), json!([])] {
        assert_eq!(
            set(&app, &body).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_event_is_delivered_with_a_good_signature() {
    let app = open_to_this_machine().await;
    let backend = Backend::of(&app).await;
    emit(&app, "CA1").await;
    let delivered = delivery(&app, "delivered", |found| found["status"] == "delivered").await;
    let taken = backend.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(delivered["id"], taken[0].0);
    assert_eq!(taken[0].1["data"]["callSid"], "CA1");
    assert_eq!(
        (
            &delivered["attempts"],
            &delivered["last_status_code"],
            &delivered["payload"]
        ),
        (&json!(1), &json!(204), &taken[0].1)
    );
    let page = async |status: &str| {
        let path = format!("/v1/webhooks/deliveries?status={status}");
        app.get_ours(&path).await.json()["deliveries"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            page("delivered").await,
            page("dead").await,
            page("pending").await
        ),
        (1, 0, 0)
    );
}

#[tokio::test]
async fn a_failure_is_tried_again_later() {
    let app = open_to_this_machine().await;
    let backend = Backend::of(&app).await;
    // So often that a slow test sees it wait.
    backend.answers(&[500, 500]);
    emit(&app, "CA1").await;
    let failed = delivery(&app, "tried", is_tried).await;
    assert_eq!(
        (&failed["status"], &failed["last_error"]),
        (&json!("pending"), &json!("it answered 500"))
    );
    let id = failed["id"].as_str().unwrap();
    assert_eq!(
        retry(&app, id, KEY).await.status,
        StatusCode::CONFLICT,
        "it is on its way"
    );
    delivery(&app, "delivered", |found| found["status"] == "delivered").await;
    assert_eq!(backend.taken().len(), 1);
}

#[tokio::test]
async fn what_is_gone_is_dead_and_can_be_sent_again() {
    let app = open_to_this_machine().await;
    let backend = Backend::of(&app).await;
    backend.answers(&[410]);
    emit(&app, "CA1").await;
    let dead = delivery(&app, "dead", |found| found["status"] == "dead").await;
    let id = dead["id"].as_str().unwrap();
    assert_eq!(
        retry(&app, id, NEIGHBOURS_KEY).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        retry(&app, "msg_none", KEY).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(retry(&app, "%00", KEY).await.status, StatusCode::NOT_FOUND);
    assert_eq!(retry(&app, id, KEY).await.status, StatusCode::ACCEPTED);
    delivery(&app, "delivered", |found| found["status"] == "delivered").await;
    assert_eq!(backend.taken()[0].0, id, "under the same id");
}

#[tokio::test]
async fn without_its_url_a_message_is_given_up() {
    let app = open_to_this_machine().await;
    let backend = Backend::of(&app).await;
    // So often that a slow test is there before it is taken.
    backend.answers(&[500, 500, 500]);
    emit(&app, "CA1").await;
    delivery(&app, "tried", is_tried).await;
    send(app.http.delete(app.url("/v1/webhooks")).bearer_auth(KEY)).await;
    let dead = delivery(&app, "dead", |found| found["status"] == "dead").await;
    assert_eq!(
        dead["last_error"],
        "the account has no webhook URL any more"
    );
    assert!(backend.taken().is_empty());
}

#[tokio::test]
async fn the_neighbour_sees_nothing_of_it_and_nobody_does_without_a_key() {
    let app = TestApp::production().await;
    set(&app, &json!({"url": "https://8.8.8.8/hook"})).await;
    emit(&app, "CA1").await;
    let next = async |path: &str| send(app.get(path).bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(next("/v1/webhooks").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        next("/v1/webhooks/deliveries").await.json(),
        json!({"deliveries": []})
    );
    for path in ["/v1/webhooks", "/v1/webhooks/deliveries"] {
        assert_eq!(send(app.get(path)).await.status, StatusCode::UNAUTHORIZED);
    }
    for query in ["limit=0", "limit=101", "skip=-1", "status=open"] {
        let answer = app
            .get_ours(&format!("/v1/webhooks/deliveries?{query}"))
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
}

/// A call of an account in which this was said (nothing, if empty), and that is over.
async fn call_that_ends(app: &TestApp, account: AccountId, call: &str, said: &str) {
    let session = app.session(SessionKind::Phone, account, call).await;
    let epoch = sessions::claim_agent(&app.store, &session.id, "w1", now_ms(), 2_000).await;
    let epoch = epoch.unwrap().unwrap();
    sessions::end(&app.store, &session.id, "completed", now_ms())
        .await
        .unwrap();
    if said.is_empty() {
        return;
    }
    // The last words are written after the hang-up.
    let turn = Turn {
        position: 0,
        role: "user".into(),
        text: said.into(),
        was_interrupted: false,
        timings: json!({}),
        at_ms: now_ms(),
    };
    let written = turns::append(&app.store, &session.id, epoch, &turn).await;
    assert!(written.unwrap().is_some());
}

#[tokio::test]
async fn a_complete_transcript_is_told_of_with_the_words_of_the_end() {
    complete_transcripts_are_told_of(&open_to_this_machine().await).await;
}

#[tokio::test]
async fn and_so_it_is_on_postgres() {
    let app = TestApp::on_postgres_with(|config| config.allows_private_urls = true).await;
    complete_transcripts_are_told_of(&app).await;
}

async fn complete_transcripts_are_told_of(app: &TestApp) {
    let backend = Backend::of(app).await;
    let call = unique("CA");
    call_that_ends(app, app.neighbour, &unique("CA"), "Next door").await;
    call_that_ends(app, app.account, &unique("CA"), "").await;
    call_that_ends(app, app.account, &call, "Good bye then").await;
    let ready = || {
        let taken = backend.taken().into_iter().map(|(_, message)| message);
        taken
            .filter(|message| message["type"] == "transcript.ready")
            .collect::<Vec<_>>()
    };
    eventually("told", async || !ready().is_empty()).await;
    // That of the call in which nothing was said was looked at before: it is older.
    let told = ready();
    assert_eq!(told.len(), 1, "{told:?}");
    let data = &told[0]["data"];
    assert_eq!(data["session_id"], format!("phone-{call}"));
    assert_eq!(
        (&data["total_words"], &data["status"]),
        (&json!(3), &json!("completed"))
    );
    let sid = data["transcript_sid"].as_str().unwrap();
    let shown = app
        .get_ours(&format!("/api/enhanced-transcripts/{sid}"))
        .await;
    let full_text = shown.json()["full_text"].clone();
    assert!(full_text.as_str().unwrap().contains("Good bye then"));
    assert!(
        !told[0].to_string().contains("Good bye"),
        "words are fetched with a key"
    );
}
