use crate::{
    smtp_server::SmtpServer,
    test_app::{Answer, KEY, NEIGHBOURS_KEY, TWILIO_TOKEN, TestApp, eventually, now_ms, send},
};
use casp_control_api::{ControlApiConfig, SmtpSettings};
use casp_store::{
    identities::{self, Channel},
    pins,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::HashMap;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{basic_auth, method, path},
};

const NUMBER: &str = "+15551230001";
const FROM: &str = "+15550000000";

/// Twilio, as far as messages go, and an API that sends by it.
pub(crate) struct Messages {
    twilio: MockServer,
    pub(crate) app: TestApp,
}

impl Messages {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ControlApiConfig)) -> Self {
        let twilio = MockServer::start().await;
        let app = TestApp::with(|config| {
            config.twilio.account_sid = Some("AC1".into());
            config.twilio.api_base_url = twilio.uri();
            config.twilio.phone_number = Some(FROM.into());
            change(config);
        })
        .await;
        Self { twilio, app }
    }

    pub(crate) async fn takes_messages(self) -> Self {
        self.answers(ResponseTemplate::new(201).set_body_json(json!({
            "sid": format!("SM{:032x}", 1), "status": "queued", "to": NUMBER, "from": FROM, "error_code": null
        })))
        .await;
        self
    }

    pub(crate) async fn answers(&self, answer: ResponseTemplate) {
        Mock::given(method("POST"))
            .and(path("/2010-04-01/Accounts/AC1/Messages.json"))
            .and(basic_auth("AC1", TWILIO_TOKEN))
            .respond_with(answer)
            .mount(&self.twilio)
            .await;
    }

    /// The forms of all messages that were sent.
    pub(crate) async fn sent(&self) -> Vec<HashMap<String, String>> {
        let requests = self.twilio.received_requests().await.unwrap();
        let form = |body: &[u8]| url::form_urlencoded::parse(body).into_owned().collect();
        requests.iter().map(|request| form(&request.body)).collect()
    }

    /// The code of the message with that number, once it is there.
    async fn code(&self, number: usize) -> String {
        eventually("a message", async || self.sent().await.len() >= number).await;
        let body = self.sent().await[number - 1]["Body"].clone();
        body[..6].to_owned()
    }
}

async fn add(app: &TestApp, body: Value) -> Answer {
    app.post_ours("/v1/identities", &body).await
}

async fn verify(app: &TestApp, id: &str, code: &str) -> Answer {
    let path = format!("/v1/identities/{id}/verify");
    app.post_ours(&path, &json!({"code": code})).await
}

async fn whose(app: &TestApp, channel: Channel, address: &str) -> Option<String> {
    identities::resource_of(&app.store, app.account, channel, address)
        .await
        .unwrap()
}

fn ann() -> Value {
    json!({"channel": "phone", "address": NUMBER, "resource": "ann@example.org"})
}

#[tokio::test]
async fn a_number_is_an_end_users_once_its_code_came_back() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    let added = add(app, ann()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    insta::assert_snapshot!(added.redacted(&["/id", "/created_at"]), @r#"
    {
      "address": "+15551230001",
      "channel": "phone",
      "created_at": "[…]",
      "id": "[…]",
      "resource": "ann@example.org",
      "verified": false,
      "verified_at": null
    }
    "#);
    let id = added.json()["id"].as_str().unwrap().to_owned();
    let code = messages.code(1).await;
    let form = messages.sent().await.remove(0);
    assert_eq!((form["To"].as_str(), form["From"].as_str()), (NUMBER, FROM));
    assert!(!added.text.contains(&code));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = verify(app, &id, wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    assert_eq!(whose(app, Channel::Phone, NUMBER).await, None);

    let verified = verify(app, &id, &format!("{} {}", &code[..3], &code[3..])).await;
    assert_eq!(
        (verified.status, &verified.json()["verified"]),
        (StatusCode::OK, &json!(true))
    );
    assert_eq!(
        whose(app, Channel::Phone, NUMBER).await.as_deref(),
        Some("ann@example.org")
    );
    // Again, with whatever: it is done.
    assert_eq!(verify(app, &id, wrong).await.status, StatusCode::OK);
    assert_eq!(add(app, ann()).await.status, StatusCode::OK);
    assert_eq!(messages.sent().await.len(), 1, "what counts needs no code");
    let bob = json!({"channel": "phone", "address": NUMBER, "resource": "bob"});
    assert_eq!(add(app, bob).await.status, StatusCode::CONFLICT);
    let list = app.get_ours("/v1/identities").await.json();
    assert_eq!(list, json!([verified.json()]));
}

#[tokio::test]
async fn a_code_is_good_for_five_attempts_and_the_newest_alone_counts() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    let id = add(app, ann()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let first = messages.code(1).await;
    let wrong = if first.starts_with('9') {
        "111111"
    } else {
        "999999"
    };
    for _ in 0..5 {
        assert_eq!(
            verify(app, &id, wrong).await.json()["detail"],
            "This is not the code that was sent. Look again, or ask for a new one."
        );
    }
    let late = verify(app, &id, &first).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(
        late.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("No code is good"),
        "{late:?}"
    );
    assert_eq!(add(app, ann()).await.json()["id"], id.as_str());
    let second = messages.code(2).await;
    assert_eq!(verify(app, &id, &second).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whatsapp_and_mail_carry_codes_too() {
    let server = SmtpServer::start().await;
    let messages = Messages::with(|config| {
        config.twilio.whatsapp_number = Some("+15559990000".into());
        config.accounts.smtp = Some(SmtpSettings {
            url: server.url.clone().into(),
            from: "CASP <no-reply@example.com>".into(),
        });
    })
    .await
    .takes_messages()
    .await;
    let app = &messages.app;
    let body =
        json!({"channel": "whatsapp", "address": format!("whatsapp:{NUMBER}"), "resource": "ann"});
    let id = add(app, body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = messages.code(1).await;
    let form = messages.sent().await.remove(0);
    assert_eq!(form["To"], format!("whatsapp:{NUMBER}"));
    assert_eq!(form["From"], "whatsapp:+15559990000");
    assert_eq!(verify(app, &id, &code).await.status, StatusCode::OK);
    assert_eq!(
        whose(app, Channel::Whatsapp, NUMBER).await.as_deref(),
        Some("ann")
    );

    let body = json!({"channel": "email", "address": "Ann@Example.org", "resource": "ann"});
    let id = add(app, body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    eventually("the mail", async || server.mails().len() == 1).await;
    let mail = server.mails().remove(0);
    assert_eq!(mail.to, "ann@example.org");
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    let code = mail
        .text
        .split_whitespace()
        .find(is_code)
        .expect("a code")
        .to_owned();
    assert_eq!(verify(app, &id, &code).await.status, StatusCode::OK);
    assert_eq!(
        whose(app, Channel::Email, "ann@example.org")
            .await
            .as_deref(),
        Some("ann")
    );
}

#[tokio::test]
async fn what_twilio_refuses_is_not_asked_for_again() {
    let messages = Messages::new().await;
    let refusal = json!({"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400});
    messages
        .answers(ResponseTemplate::new(400).set_body_json(refusal))
        .await;
    let added = add(&messages.app, ann()).await;
    assert_eq!(added.status, StatusCode::CREATED);
    eventually("the job's end", async || {
        casp_store::jobs::dead_count(&messages.app.store)
            .await
            .unwrap()
            == 1
    })
    .await;
    assert_eq!(messages.sent().await.len(), 1);
}

#[tokio::test]
async fn an_address_is_sent_five_codes_a_day() {
    let messages = Messages::new().await.takes_messages().await;
    for _ in 0..5 {
        assert_eq!(add(&messages.app, ann()).await.status, StatusCode::CREATED);
    }
    let refused = add(&messages.app, ann()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    let theirs = messages
        .app
        .post("/v1/identities")
        .bearer_auth(NEIGHBOURS_KEY)
        .json(&ann());
    assert_eq!(
        send(theirs).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "whoever asks"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_cannot_be_sent_too() {
    let app = TestApp::production().await;
    for (body, field) in [
        (json!({"channel": "fax", "address": NUMBER}), "channel"),
        (
            json!({"channel": "phone", "address": "5551230001"}),
            "address",
        ),
        (json!({"channel": "email", "address": "nobody"}), "address"),
        (json!({"channel": "sms", "address": "a\0b"}), "address"),
        (
            json!({"channel": "sms", "address": NUMBER, "resource": "x".repeat(321)}),
            "resource",
        ),
        (
            json!({"channel": "sms", "address": NUMBER, "resource": "a\0b"}),
            "resource",
        ),
        (json!({"channel": "sms"}), "address"),
        (
            json!({"channel": "sms", "address": NUMBER, "colour": "red"}),
            "colour",
        ),
    ] {
        let answer = add(&app, body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{answer:?}"
        );
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", field]),
            "{answer:?}"
        );
    }
    assert_eq!(
        add(&app, ann()).await.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "no Twilio number"
    );
    assert_eq!(app.get_ours("/v1/identities").await.json(), json!([]));
    for code in ["", "12345", "1234567", "abcdef"] {
        assert_eq!(
            verify(&app, "idn_x", code).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{code}"
        );
    }
    for id in ["idn_x", "a%00b", "%F0%9F%93%9E"] {
        assert_eq!(
            verify(&app, id, "123456").await.status,
            StatusCode::NOT_FOUND,
            "{id}"
        );
    }
    let wrong = app.get_ours("/v1/identities?limit=0").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_neighbour_sees_and_touches_nothing() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    let id = add(app, ann()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = messages.code(1).await;
    let theirs = async |method: Method, path: String, body: Value| {
        let request = app
            .http
            .request(method, app.url(&path))
            .bearer_auth(NEIGHBOURS_KEY);
        send(request.json(&body)).await
    };
    for (method, path, body) in [
        (
            Method::POST,
            format!("/v1/identities/{id}/verify"),
            json!({"code": code}),
        ),
        (
            Method::PUT,
            format!("/v1/identities/{id}/pin"),
            json!({"pin": "4071"}),
        ),
        (Method::DELETE, format!("/v1/identities/{id}"), json!({})),
    ] {
        let answer = theirs(method, path.clone(), body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let list = theirs(Method::GET, "/v1/identities".into(), json!({})).await;
    assert_eq!(list.json(), json!([]));
    assert_eq!(verify(app, &id, &code).await.status, StatusCode::OK);
    // The same number is another end user of theirs, once they show it.
    let body = json!({"channel": "phone", "address": NUMBER, "resource": "eve"});
    let added = theirs(Method::POST, "/v1/identities".into(), body).await;
    assert_eq!(
        (added.status, &added.json()["verified"]),
        (StatusCode::CREATED, &json!(false))
    );
    for path in ["/v1/identities", "/v1/identities/x/verify"] {
        let stranger = send(app.post(path).json(&ann())).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_pin_is_set_for_whoever_is_verified_and_kept_as_a_hash() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    let id = add(app, ann()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/identities/{id}/pin");
    let set = async |pin: &str| {
        let request = app.http.put(app.url(&path)).bearer_auth(KEY);
        send(request.json(&json!({"pin": pin}))).await.status
    };
    assert_eq!(set("4071").await, StatusCode::CONFLICT, "not verified yet");
    let code = messages.code(1).await;
    verify(app, &id, &code).await;
    for pin in ["407", "1111", "40a1", "1234567890123"] {
        assert_eq!(set(pin).await, StatusCode::UNPROCESSABLE_ENTITY, "{pin}");
    }
    assert_eq!(set("4071").await, StatusCode::NO_CONTENT);
    let attempt = pins::take_attempt(&app.store, app.account, "ann@example.org", now_ms());
    let hash = attempt.await.unwrap().unwrap();
    assert!(
        hash.starts_with("$argon2id$") && !hash.contains("4071"),
        "{hash}"
    );
}

#[tokio::test]
async fn a_link_is_cut() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    let id = add(app, ann()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let code = messages.code(1).await;
    verify(app, &id, &code).await;
    let cut = async || {
        let request = app
            .http
            .delete(app.url(&format!("/v1/identities/{id}")))
            .bearer_auth(KEY);
        send(request).await.status
    };
    assert_eq!(
        (cut().await, cut().await),
        (StatusCode::NO_CONTENT, StatusCode::NOT_FOUND)
    );
    assert_eq!(whose(app, Channel::Phone, NUMBER).await, None);
}

#[tokio::test]
async fn an_end_users_e_mail_is_kept_in_lower_case_and_found_in_any() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    let body = json!({"channel": "phone", "address": NUMBER, "resource": "Ann@Example.org"});
    let added = add(app, body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    assert_eq!(added.json()["resource"], "ann@example.org");
    for (resource, expected) in [
        ("ANN@example.org", 1),
        ("ann@example.org", 1),
        ("bob@example.org", 0),
    ] {
        let path = format!("/v1/identities?resource={resource}");
        let found = app.get_ours(&path).await.json();
        assert_eq!(found.as_array().unwrap().len(), expected, "{resource}");
        let theirs = send(app.get(&path).bearer_auth(NEIGHBOURS_KEY))
            .await
            .json();
        assert_eq!(theirs, json!([]), "{resource}");
    }
}

#[tokio::test]
async fn in_dev_the_seeded_accounts_own_channels_need_no_code() {
    let app = TestApp::dev().await;
    let own = add(&app, json!({"channel": "phone", "address": NUMBER})).await;
    assert_eq!(own.status, StatusCode::CREATED, "{own:?}");
    let own = own.json();
    assert_eq!(
        (&own["verified"], &own["resource"]),
        (&json!(true), &json!("ours@example.org"))
    );
    assert_eq!(
        whose(&app, Channel::Phone, NUMBER).await.as_deref(),
        Some("ours@example.org")
    );
    let other = json!({"channel": "phone", "address": "+15551230002", "resource": "ann"});
    assert_eq!(
        add(&app, other).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let neighbour = app.post("/v1/identities").bearer_auth(NEIGHBOURS_KEY);
    let neighbour = send(neighbour.json(&json!({"channel": "phone", "address": NUMBER}))).await;
    assert_eq!(neighbour.status, StatusCode::SERVICE_UNAVAILABLE);
}
