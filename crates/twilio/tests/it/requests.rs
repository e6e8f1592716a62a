//! What holds for every request: repeats, waits, errors.

use crate::{
    faulty_server::{Fault, FaultyServer},
    twilio::{answer, call, client, refusal, request},
};
use casp_twilio::{CallSid, rest::TwilioError};
use std::time::{Duration, Instant};
use wiremock::{MockServer, ResponseTemplate};

fn sid() -> CallSid {
    CallSid::new("CA1").unwrap()
}

#[tokio::test]
async fn a_read_is_tried_again() {
    let server = MockServer::start().await;
    request("GET", "Calls/CA1.json")
        .respond_with(ResponseTemplate::new(500))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    request("GET", "Calls/CA1.json")
        .respond_with(answer(200, &call("CA1", "ringing")))
        .expect(1)
        .mount(&server)
        .await;
    client(&server.uri()).fetch_call(&sid()).await.unwrap();
}

#[tokio::test]
async fn a_read_is_given_up_after_some_attempts() {
    let server = FaultyServer::start(Fault::Cut).await;
    let error = client(&server.url).fetch_call(&sid()).await.unwrap_err();
    assert!(matches!(error, TwilioError::Lost(_)), "{error}");
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn twilio_is_left_alone_for_as_long_as_it_asks() {
    let server = MockServer::start().await;
    request("GET", "Calls/CA1.json")
        .respond_with(refusal(429, 20_429).insert_header("Retry-After", "1"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    request("GET", "Calls/CA1.json")
        .respond_with(answer(200, &call("CA1", "ringing")))
        .mount(&server)
        .await;
    let begin = Instant::now();
    client(&server.uri()).fetch_call(&sid()).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn who_shall_wait_long_is_told_so_at_once() {
    let server = MockServer::start().await;
    request("GET", "Calls/CA1.json")
        .respond_with(refusal(429, 20_429).insert_header("Retry-After", "60"))
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server.uri()).fetch_call(&sid()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_mins(1)));
}

#[tokio::test]
async fn a_refusal_is_final() {
    let server = MockServer::start().await;
    request("GET", "Calls/CA1.json")
        .respond_with(refusal(401, 20_003))
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server.uri()).fetch_call(&sid()).await.unwrap_err();
    assert_eq!(error.code(), Some(20_003));
    assert!(!error.is_passing());
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_said_to_be_so() {
    let server = MockServer::start().await;
    request("GET", "Calls/CA1.json")
        .respond_with(ResponseTemplate::new(200).set_body_string("<html>"))
        .mount(&server)
        .await;
    let error = client(&server.uri()).fetch_call(&sid()).await.unwrap_err();
    assert!(matches!(error, TwilioError::Unreadable(_)), "{error}");
}
