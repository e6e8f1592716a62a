use crate::{
    faulty_server::{Fault, FaultyServer},
    twilio::{answer, client, only_form, pairs, request},
};
use casp_twilio::{
    MessageSid,
    rest::{MessageContent, NewMessage, Sender},
};
use serde_json::{Value, json};
use wiremock::MockServer;

fn text() -> NewMessage {
    NewMessage {
        to: "whatsapp:+14155551212".into(),
        sender: Sender::Number("whatsapp:+14155238886".into()),
        content: MessageContent::Text {
            body: "Hello! 5 > 4 & so on".into(),
            media_urls: vec!["https://example.com/a.png".into()],
        },
        status_callback: None,
    }
}

fn message() -> Value {
    json!({"sid": "SM1", "status": "queued", "to": "+14155551212", "from": null, "error_code": null,
           "body": "x", "num_segments": "1", "direction": "outbound-api"})
}

#[tokio::test]
async fn a_text_and_a_template_are_sent_as_twilio_wants_them() {
    let server = MockServer::start().await;
    request("POST", "Messages.json")
        .respond_with(answer(201, &message()))
        .mount(&server)
        .await;
    let sent = client(&server.uri()).create_message(&text()).await.unwrap();
    assert_eq!((sent.sid.as_str(), sent.status.as_str()), ("SM1", "queued"));
    let expected = [
        ("To", "whatsapp:+14155551212"),
        ("From", "whatsapp:+14155238886"),
        ("Body", "Hello! 5 > 4 & so on"),
        ("MediaUrl", "https://example.com/a.png"),
    ];
    assert_eq!(only_form(&server).await, pairs(&expected));

    let server = MockServer::start().await;
    request("POST", "Messages.json")
        .respond_with(answer(201, &message()))
        .mount(&server)
        .await;
    let template = NewMessage {
        to: "+14155551212".into(),
        sender: Sender::MessagingService("MG1".into()),
        content: MessageContent::Template {
            content_sid: "HX1".into(),
            variables: Some(json!({"1": "John"})),
        },
        status_callback: Some("https://voice.example.com/sms/status".into()),
    };
    client(&server.uri())
        .create_message(&template)
        .await
        .unwrap();
    let expected = [
        ("To", "+14155551212"),
        ("MessagingServiceSid", "MG1"),
        ("ContentSid", "HX1"),
        ("ContentVariables", r#"{"1":"John"}"#),
        ("StatusCallback", "https://voice.example.com/sms/status"),
    ];
    assert_eq!(only_form(&server).await, pairs(&expected));
}

#[tokio::test]
async fn a_message_whose_answer_was_cut_off_is_not_sent_again() {
    let server = FaultyServer::start(Fault::Cut).await;
    let error = client(&server.url)
        .create_message(&text())
        .await
        .unwrap_err();
    assert!(error.may_have_happened());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_message_is_looked_at() {
    let server = MockServer::start().await;
    request("GET", "Messages/SM1.json")
        .respond_with(answer(200, &message()))
        .mount(&server)
        .await;
    let sid = MessageSid::new("SM1").unwrap();
    let seen = client(&server.uri()).fetch_message(&sid).await.unwrap();
    assert_eq!(seen.to, "+14155551212");
}
