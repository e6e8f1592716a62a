//! Actions by REST, with a Google whose calendar holds one event.

use crate::test_app::{Answer, KEY, NEIGHBOURS_KEY, PAGE_KEY, TestApp, send};
use reqwest::StatusCode;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

const AGENDA: &str = "/v1/actions/google-calendar.agenda";

struct Office {
    google: MockServer,
    app: TestApp,
}

impl Office {
    async fn new() -> Self {
        let google = MockServer::start().await;
        let root = google.uri();
        let app = TestApp::with(|config| {
            config.oauth.endpoints.google_api = root.parse().unwrap();
        });
        Self {
            app: app.await,
            google,
        }
    }

    async fn google_answers(&self, verb: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb)).respond_with(answer);
        mock.mount(&self.google).await;
    }

    /// The end user's tokens are brought.
    async fn connect(&self, resource: &str) {
        let tokens = json!({
            "provider": "google-calendar", "access_token": "ya29.ann", "expires_in": 3600, "resource": resource,
        });
        let answer = self.post(KEY, "/v1/oauth/register", &tokens).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }

    async fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = self.app.http.post(self.app.url(path)).bearer_auth(key);
        send(request.json(body)).await
    }

    async fn get(&self, key: &str, path: &str) -> Answer {
        send(self.app.get(path).bearer_auth(key)).await
    }

    async fn log(&self, key: &str, query: &str) -> Vec<Value> {
        let answer = self.get(key, &format!("/v1/actions/log{query}")).await;
        answer.json()["entries"].as_array().unwrap().clone()
    }
}

fn one_event() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "timeZone": "Europe/Berlin",
        "items": [{
            "id": "e1", "status": "confirmed", "summary": "Budget",
            "start": {"dateTime": "2099-01-02T10:00:00+01:00"}, "end": {"dateTime": "2099-01-02T11:00:00+01:00"},
        }],
    }))
}

#[tokio::test]
async fn what_there_is_is_listed_with_its_schema() {
    let office = Office::new().await;
    let answer = office.get(KEY, "/v1/actions").await;
    let actions = answer.json()["actions"].as_array().unwrap().clone();
    let agenda = actions
        .iter()
        .find(|a| a["name"] == "google-calendar.agenda");
    let agenda = agenda.unwrap();
    assert_eq!(
        (&agenda["kind"], &agenda["provider"]),
        (&json!("read"), &json!("google-calendar"))
    );
    assert_eq!(agenda["parameters"]["type"], "object");
    assert!(actions.iter().any(|a| a["kind"] == "write"));
    for action in &actions {
        let name = action["name"].as_str().unwrap();
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        assert!(name.bytes().all(is_safe) && name.len() < 64, "{name}");
        assert_eq!(action["parameters"]["type"], "object", "{name}");
        // Not every model's API follows references.
        assert!(!action["parameters"].to_string().contains("$ref"), "{name}");
    }
    let voice_only = actions.iter().filter(|a| a["voice_only"] == true);
    let voice_only: Vec<_> = voice_only.map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(
        voice_only,
        ["call.transfer", "call.hang_up", "call.send_dtmf"]
    );
    for key in ["sk_wrong", PAGE_KEY] {
        let answer = office.get(key, "/v1/actions").await;
        assert!(answer.status.is_client_error(), "{key}: {answer:?}");
    }
}

#[tokio::test]
async fn an_action_runs_with_the_connection_of_the_one_who_is_named() {
    let office = Office::new().await;
    office.google_answers("GET", one_event()).await;
    office.connect("ann").await;
    let tomorrow = json!({"when": "2 January 2099"});
    let path = format!("{AGENDA}?resource=ann");
    let answer = office.post(KEY, &path, &tomorrow).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let body = answer.json();
    assert_eq!(
        (&body["name"], &body["status"]),
        (&json!("google-calendar.agenda"), &json!("succeeded"))
    );
    assert!(answer.text.contains("Budget"), "{answer:?}");
    let sent = office.google.received_requests().await.unwrap();
    assert!(
        sent.iter()
            .all(|request| request.headers["authorization"] == "Bearer ya29.ann")
    );
    for (who, path, key) in [
        ("another end user", format!("{AGENDA}?resource=bob"), KEY),
        ("the account itself", AGENDA.to_owned(), KEY),
        ("the tenant next door", path, NEIGHBOURS_KEY),
    ] {
        let answer = office.post(key, &path, &tomorrow).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{who}: {answer:?}");
        let detail = answer.json()["detail"].clone();
        assert!(
            detail
                .as_str()
                .unwrap()
                .contains("/v1/oauth/connect/google-calendar"),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn the_log_says_who_did_what_and_nothing_of_what_was_said() {
    let office = Office::new().await;
    office.google_answers("GET", one_event()).await;
    office.connect("ann").await;
    let path = format!("{AGENDA}?resource=ann");
    office.post(KEY, &path, &json!({"when": "today"})).await;
    office.google.reset().await;
    office
        .google_answers("GET", ResponseTemplate::new(500))
        .await;
    let failed = office.post(KEY, &path, &json!({"when": "today"})).await;
    assert_eq!(failed.status, StatusCode::BAD_GATEWAY, "{failed:?}");
    let entries = office.log(KEY, "?resource=ann").await;
    // What failed before it could run was not done.
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    assert_eq!(entry["action"], "google-calendar.agenda");
    assert_eq!(
        (&entry["kind"], &entry["status"]),
        (&json!("read"), &json!("succeeded"))
    );
    assert_eq!(entry["speaker"], format!("api:{}", office.app.account.0));
    assert!(!json!(entries).to_string().contains("Budget"));
    assert!(office.log(KEY, "?resource=bob").await.is_empty());
    assert!(office.log(KEY, "?action=gmail.send").await.is_empty());
    assert!(office.log(NEIGHBOURS_KEY, "").await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_told_apart() {
    let office = Office::new().await;
    office.google_answers("GET", one_event()).await;
    office.connect("ann").await;
    for (path, body, status) in [
        ("/v1/actions/fax.send", json!({}), StatusCode::NOT_FOUND),
        (
            "/v1/actions/call.transfer",
            json!({"to": "+15551230001"}),
            StatusCode::CONFLICT,
        ),
        (AGENDA, json!([]), StatusCode::UNPROCESSABLE_ENTITY),
        (
            "/v1/actions/google-calendar.agenda?resource=ann",
            json!({"resource": "ann"}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/v1/actions/google-calendar.agenda?timezone=Mars",
            json!({}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let answer = office.post(KEY, path, &body).await;
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
    }
    // Understood, and nothing to be done: whoever asked has to say more.
    let path = "/v1/actions/google-calendar.cancel?resource=ann";
    let answer = office
        .post(KEY, path, &json!({"event": "the yoga class"}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["status"], "failed");
    assert!(answer.json()["error"].is_string());
    let keyless = send(
        office
            .app
            .http
            .post(office.app.url(AGENDA))
            .json(&json!({})),
    )
    .await;
    assert_eq!(keyless.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_body_there_are_no_arguments() {
    let office = Office::new().await;
    office.connect("ann").await;
    let bare = async |path: &str, key: &str| {
        let request = office.app.http.post(office.app.url(path)).bearer_auth(key);
        send(request.header("idempotency-key", "one")).await
    };
    // What the action needs is told, not that this is no JSON.
    let path = "/v1/actions/google-calendar.create?resource=ann";
    let answer = bare(path, KEY).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{answer:?}"
    );
    // It is the same request as one of an empty object.
    let request = office.app.http.post(office.app.url(path)).bearer_auth(KEY);
    let request = request.header("idempotency-key", "one").json(&json!({}));
    let again = send(request).await;
    assert_eq!(again.text, answer.text);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    // The tenant next door has keys of its own.
    let theirs = bare(path, NEIGHBOURS_KEY).await;
    assert!(theirs.headers.get("idempotent-replayed").is_none());
    let request = office.app.http.post(office.app.url(AGENDA));
    let broken = send(request.bearer_auth(KEY).body("{")).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST, "{broken:?}");
    assert_eq!(broken.json()["detail"], "The body is not JSON.");
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_carried_out_once() {
    let office = Office::new().await;
    office.google_answers("GET", one_event()).await;
    let made = json!({
        "id": "e2", "status": "confirmed", "summary": "Review", "htmlLink": "https://calendar.example/e2",
        "start": {"dateTime": "2099-01-02T18:00:00+01:00"}, "end": {"dateTime": "2099-01-02T18:30:00+01:00"},
    });
    office
        .google_answers("POST", ResponseTemplate::new(200).set_body_json(made))
        .await;
    office.connect("ann").await;
    let path = "/v1/actions/google-calendar.create?resource=ann";
    let review = json!({"title": "Review", "when": "2 January 2099 at 6 PM"});
    let send_it = async || {
        let request = office.app.http.post(office.app.url(path)).bearer_auth(KEY);
        send(request.header("idempotency-key", "one").json(&review)).await
    };
    let (first, second) = (send_it().await, send_it().await);
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(first.text, second.text);
    let sent = office.google.received_requests().await.unwrap();
    let inserts = sent
        .iter()
        .filter(|request| request.method == "POST" && request.url.path().ends_with("/events"));
    assert_eq!(inserts.count(), 1);
}
