use crate::{
    faulty_server::{Fault, FaultyServer},
    twilio::{answer, call, client, only_form, pairs, refusal, request},
};
use casp_twilio::{
    CallSid,
    rest::{
        CallFilter, CallStatus, CallUpdate, MachineDetection, MachineDetectionMode, NewCall,
        PageRequest, TwilioError,
    },
    twiml::{Response, Say},
};
use serde_json::json;
use std::time::Duration;
use wiremock::{MockServer, ResponseTemplate, matchers::query_param};

fn new_call() -> NewCall {
    NewCall {
        to: "+14155551212".into(),
        from: "+15017122661".into(),
        url: "https://voice.example.com/outgoing-call/default?call=1".into(),
        status_callback: None,
        ring_timeout: Duration::from_secs(30),
        time_limit: None,
        machine_detection: None,
    }
}

fn sid(text: &str) -> CallSid {
    CallSid::new(text).unwrap()
}

#[tokio::test]
async fn a_call_is_placed_with_everything_that_was_asked_for() {
    let server = MockServer::start().await;
    request("POST", "Calls.json")
        .respond_with(answer(201, &call("CA1", "queued")))
        .mount(&server)
        .await;
    let new = NewCall {
        status_callback: Some("https://voice.example.com/twilio/status".into()),
        time_limit: Some(Duration::from_mins(10)),
        machine_detection: Some(MachineDetection {
            mode: MachineDetectionMode::MessageEnd,
            callback: "https://voice.example.com/twilio/amd".into(),
        }),
        ..new_call()
    };
    let made = client(&server.uri()).create_call(&new).await.unwrap();
    assert_eq!((made.sid, made.status), (sid("CA1"), CallStatus::Queued));
    let expected = [
        ("To", "+14155551212"),
        ("From", "+15017122661"),
        (
            "Url",
            "https://voice.example.com/outgoing-call/default?call=1",
        ),
        ("Method", "POST"),
        ("Timeout", "30"),
        ("TimeLimit", "600"),
        ("StatusCallback", "https://voice.example.com/twilio/status"),
        ("StatusCallbackMethod", "POST"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("MachineDetection", "DetectMessageEnd"),
        ("AsyncAmd", "true"),
        (
            "AsyncAmdStatusCallback",
            "https://voice.example.com/twilio/amd",
        ),
        ("AsyncAmdStatusCallbackMethod", "POST"),
    ];
    assert_eq!(only_form(&server).await, pairs(&expected));
}

#[tokio::test]
async fn a_call_whose_answer_was_cut_off_is_not_placed_again() {
    for fault in [Fault::Cut, Fault::HalfAnswer] {
        let server = FaultyServer::start(fault).await;
        let error = client(&server.url)
            .create_call(&new_call())
            .await
            .unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert_eq!(server.requests(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_call_that_twilio_failed_at_is_not_placed_again() {
    for status in [500, 502, 503, 504] {
        let server = MockServer::start().await;
        request("POST", "Calls.json")
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
        let error = client(&server.uri())
            .create_call(&new_call())
            .await
            .unwrap_err();
        assert!(error.may_have_happened(), "{error}");
    }
}

#[tokio::test]
async fn a_call_is_tried_again_when_it_is_certain_that_nothing_happened() {
    let server = MockServer::start().await;
    request("POST", "Calls.json")
        .respond_with(refusal(429, 20_429))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    request("POST", "Calls.json")
        .respond_with(answer(201, &call("CA1", "queued")))
        .expect(1)
        .mount(&server)
        .await;
    let made = client(&server.uri()).create_call(&new_call()).await;
    assert_eq!(made.unwrap().sid, sid("CA1"));
}

#[tokio::test]
async fn where_nobody_listens_nothing_happened() {
    let error = client("http://127.0.0.1:1")
        .create_call(&new_call())
        .await
        .unwrap_err();
    assert!(matches!(error, TwilioError::Unreachable(_)), "{error}");
    assert!(!error.may_have_happened());
}

#[tokio::test]
async fn a_number_that_cannot_be_called_is_refused_by_its_code() {
    let server = MockServer::start().await;
    request("POST", "Calls.json")
        .respond_with(refusal(400, 21_211))
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server.uri())
        .create_call(&new_call())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(21_211));
    assert!(!error.blames_from_number() && !error.may_have_happened());
}

#[tokio::test]
async fn a_call_is_looked_at_and_changed() {
    let server = MockServer::start().await;
    request("GET", "Calls/CA1.json")
        .respond_with(answer(200, &call("CA1", "in-progress")))
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    let seen = twilio.fetch_call(&sid("CA1")).await.unwrap();
    assert_eq!(seen.status, CallStatus::InProgress);

    let server = MockServer::start().await;
    request("POST", "Calls/CA1.json")
        .respond_with(answer(200, &call("CA1", "in-progress")))
        .mount(&server)
        .await;
    let message = Response::new().with(Say::new("We called."));
    client(&server.uri())
        .update_call(&sid("CA1"), &CallUpdate::Twiml(message.clone()))
        .await
        .unwrap();
    assert_eq!(
        only_form(&server).await,
        pairs(&[("Twiml", &message.to_xml())])
    );
}

#[tokio::test]
async fn ending_a_call_is_tried_again_and_one_that_is_over_has_ended() {
    let server = MockServer::start().await;
    request("POST", "Calls/CA1.json")
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    request("POST", "Calls/CA1.json")
        .respond_with(answer(200, &call("CA1", "completed")))
        .expect(1)
        .mount(&server)
        .await;
    for (gone, status, code) in [("CA2", 404, 20_404), ("CA3", 400, 21_220)] {
        request("POST", &format!("Calls/{gone}.json"))
            .respond_with(refusal(status, code))
            .expect(1)
            .mount(&server)
            .await;
    }
    let twilio = client(&server.uri());
    for call in ["CA1", "CA2", "CA3"] {
        twilio.end_call(&sid(call)).await.unwrap();
    }
}

#[tokio::test]
async fn calls_are_listed_page_by_page() {
    let server = MockServer::start().await;
    let next = "/2010-04-01/Accounts/ACx/Calls.json?PageSize=1&Page=1&PageToken=PACA9";
    request("GET", "Calls.json")
        .and(query_param("To", "+14155551212"))
        .and(query_param("StartTime>", "2026-01-02"))
        .and(query_param("PageSize", "1"))
        .and(query_param("PageToken", "PACA9"))
        .respond_with(answer(
            200,
            &json!({"calls": [call("CA2", "completed")], "next_page_uri": null, "page": 1}),
        ))
        .with_priority(1)
        .mount(&server)
        .await;
    request("GET", "Calls.json")
        .respond_with(answer(
            200,
            &json!({"calls": [call("CA1", "busy")], "next_page_uri": next, "page": 0}),
        ))
        .with_priority(2)
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    let filter = CallFilter {
        to: Some("+14155551212".into()),
        started_since: Some("2026-01-02".into()),
        ..CallFilter::default()
    };
    let mut page = PageRequest {
        size: Some(1),
        token: None,
    };
    let mut seen = Vec::new();
    loop {
        let listed = twilio.list_calls(&filter, &page).await.unwrap();
        seen.extend(listed.entries.into_iter().map(|call| call.sid.to_string()));
        let Some(next) = listed.next else { break };
        page.token = Some(next);
    }
    assert_eq!(seen, ["CA1", "CA2"]);
}

#[test]
fn a_status_of_the_future_is_not_an_end() {
    let status: CallStatus = serde_json::from_str("\"teleported\"").unwrap();
    assert_eq!(status, CallStatus::Other);
    assert!(!status.is_over());
    assert_eq!(CallStatus::from_name("no-answer"), CallStatus::NoAnswer);
    assert!(CallStatus::NoAnswer.is_over());
}
