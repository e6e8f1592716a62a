//! One-time codes for those who call and have no PIN.

use crate::{
    identities::Messages,
    smtp_server::SmtpServer,
    test_app::{TestApp, eventually, now_ms, unique},
    twilio_request::signed,
};
use casp_control_api::SmtpSettings;
use casp_store::{
    call_codes::{self, CodeState, SentBy},
    identities::{self, Channel},
};
use reqwest::StatusCode;
use serde_json::json;
use wiremock::ResponseTemplate;

const ANNS_NUMBER: &str = "+15551230001";
const ANNS_MAIL: &str = "ann@example.org";

/// Somebody calls; the session's id.
async fn call_from(app: &TestApp, number: &str) -> String {
    app.worker(10).await;
    let call = unique("CA");
    let form = [
        ("CallSid", &*call),
        ("From", number),
        ("To", "+15551230002"),
    ];
    let answer = signed(app, "/twilio/voice", &form).await;
    assert_eq!(answer.status, StatusCode::OK);
    format!("phone-{call}")
}

async fn link(app: &TestApp, channel: Channel, address: &str) {
    let (store, account) = (&app.store, app.account);
    let link = identities::add(store, account, channel, address, "ann", 1).await;
    let id = link.unwrap().id;
    assert!(identities::vouch(store, account, &id, 1).await.unwrap());
}

/// What became of the code that a call wants.
async fn code_of(app: &TestApp, session: &str) -> CodeState {
    assert!(
        call_codes::want(&app.store, app.account, session, now_ms())
            .await
            .unwrap()
    );
    let state = async || call_codes::state(&app.store, session).await.unwrap();
    eventually("the code's fate", async || {
        state().await != Some(CodeState::Wanted)
    })
    .await;
    state().await.unwrap()
}

async fn with_mail(server: &SmtpServer) -> Messages {
    Messages::with(|config| {
        config.accounts.smtp = Some(SmtpSettings {
            url: server.url.clone().into(),
            from: "CASP <no-reply@example.com>".into(),
        });
    })
    .await
}

fn refusal() -> ResponseTemplate {
    let refusal =
        json!({"code": 21614, "message": "'To' number is not a mobile number", "status": 400});
    ResponseTemplate::new(400).set_body_json(refusal)
}

#[tokio::test]
async fn the_code_goes_to_the_linked_telephone_and_lies_nowhere() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    link(app, Channel::Phone, ANNS_NUMBER).await;
    let session = call_from(app, ANNS_NUMBER).await;
    let state = code_of(app, &session).await;
    assert_eq!(state, CodeState::Sent(SentBy::Message));
    let form = messages.sent().await.remove(0);
    assert_eq!(form["To"], ANNS_NUMBER);
    let code = &form["Body"][..6];
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{form:?}");
    let hash = call_codes::take_attempt(&app.store, &session, now_ms()).await;
    let hash = hash.unwrap().unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains(code));
    for _ in 0..2 {
        let attempt = call_codes::take_attempt(&app.store, &session, now_ms()).await;
        assert!(attempt.unwrap().is_some());
    }
    let fourth = call_codes::take_attempt(&app.store, &session, now_ms()).await;
    assert_eq!(fourth.unwrap(), None, "three attempts");
}

#[tokio::test]
async fn where_no_message_goes_a_mail_does() {
    let server = SmtpServer::start().await;
    let messages = with_mail(&server).await;
    messages.answers(refusal()).await;
    let app = &messages.app;
    link(app, Channel::Phone, ANNS_NUMBER).await;
    link(app, Channel::Email, ANNS_MAIL).await;
    let session = call_from(app, ANNS_NUMBER).await;
    let state = code_of(app, &session).await;
    assert_eq!(state, CodeState::Sent(SentBy::Email));
    assert_eq!(messages.sent().await.len(), 1);
    let mail = server.mails().remove(0);
    assert_eq!(mail.to, ANNS_MAIL);
    assert!(mail.text.contains("for the call you are in"), "{mail:?}");
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_so() {
    let messages = Messages::new().await;
    messages.answers(refusal()).await;
    let app = &messages.app;
    link(app, Channel::Phone, ANNS_NUMBER).await;
    let session = call_from(app, ANNS_NUMBER).await;
    assert_eq!(code_of(app, &session).await, CodeState::Failed);
    let attempt = call_codes::take_attempt(&app.store, &session, now_ms()).await;
    assert_eq!(attempt.unwrap(), None, "a code that went nowhere is none");
}

#[tokio::test]
async fn nobody_else_is_sent_anything() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    link(app, Channel::Sms, ANNS_NUMBER).await;
    // A stranger; one whose number is linked as another channel's; one who hides it.
    for number in ["+15559998888", ANNS_NUMBER, "anonymous"] {
        let session = call_from(app, number).await;
        assert_eq!(code_of(app, &session).await, CodeState::Failed, "{number}");
    }
    // A neighbour's job about our call.
    link(app, Channel::Phone, ANNS_NUMBER).await;
    let session = call_from(app, ANNS_NUMBER).await;
    call_codes::want(&app.store, app.neighbour, &session, now_ms())
        .await
        .unwrap();
    let ours = call_from(app, ANNS_NUMBER).await;
    code_of(app, &ours).await;
    assert_eq!(messages.sent().await.len(), 1, "the one of our own");
}

#[tokio::test]
async fn a_number_is_sent_five_codes_a_day_however_often_somebody_calls_with_it() {
    let messages = Messages::new().await.takes_messages().await;
    let app = &messages.app;
    link(app, Channel::Phone, ANNS_NUMBER).await;
    for _ in 0..5 {
        let session = call_from(app, ANNS_NUMBER).await;
        let state = code_of(app, &session).await;
        assert_eq!(state, CodeState::Sent(SentBy::Message));
    }
    let session = call_from(app, ANNS_NUMBER).await;
    assert_eq!(code_of(app, &session).await, CodeState::Failed);
    assert_eq!(messages.sent().await.len(), 5);
}
