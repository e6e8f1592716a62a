use crate::twilio::{TOKEN, answer, client, refusal, request};
use casp_twilio::{
    CallSid, RecordingSid,
    rest::{MediaFormat, PageRequest},
};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param},
};

fn recording() -> Value {
    json!({"sid": "RE1", "call_sid": "CA1", "status": "completed", "duration": "12", "channels": 2,
           "start_time": "Fri, 14 Oct 2016 21:56:34 +0000", "date_created": "Fri, 14 Oct 2016 21:56:34 +0000",
           "source": "OutboundAPI", "price": null, "error_code": null})
}

fn sid() -> RecordingSid {
    RecordingSid::new("RE1").unwrap()
}

#[tokio::test]
async fn recordings_are_looked_at_and_listed_by_call() {
    let server = MockServer::start().await;
    request("GET", "Recordings/RE1.json")
        .respond_with(answer(200, &recording()))
        .mount(&server)
        .await;
    request("GET", "Calls/CA1/Recordings.json")
        .respond_with(answer(
            200,
            &json!({"recordings": [recording()], "next_page_uri": null}),
        ))
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    let seen = twilio.fetch_recording(&sid()).await.unwrap();
    assert_eq!(
        (seen.duration.as_deref(), seen.channels),
        (Some("12"), Some(2))
    );
    let call = CallSid::new("CA1").unwrap();
    let listed = twilio.list_recordings(&call, &PageRequest::default()).await;
    assert_eq!(listed.unwrap().entries[0].sid, sid());
}

#[tokio::test]
async fn the_sound_comes_as_a_stream() {
    let server = MockServer::start().await;
    let sound = vec![7; 300_000];
    request("GET", "Recordings/RE1.wav")
        .and(query_param("RequestedChannels", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(sound.clone(), "audio/x-wav"))
        .mount(&server)
        .await;
    let media = client(&server.uri())
        .recording_media(&sid(), MediaFormat::Wav, Some(2))
        .await
        .unwrap();
    assert_eq!(media.content_type(), Some("audio/x-wav"));
    assert_eq!(media.content_length(), Some(300_000));
    let chunks: Vec<bytes::Bytes> = media.into_stream().try_collect().await.unwrap();
    assert_eq!(chunks.concat(), sound);
}

#[tokio::test]
async fn a_file_kept_elsewhere_is_fetched_without_the_credentials() {
    let elsewhere = MockServer::start().await;
    let server = MockServer::start().await;
    request("GET", "Recordings/RE1.mp3")
        .respond_with(
            ResponseTemplate::new(307).insert_header("Location", format!("{}/kept", server.uri())),
        )
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/kept"))
        .and(|request: &wiremock::Request| !request.headers.contains_key("authorization"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(*b"ID3", "audio/mpeg"))
        .expect(1)
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    let media = twilio.recording_media(&sid(), MediaFormat::Mp3, None).await;
    assert_eq!(media.unwrap().content_type(), Some("audio/mpeg"));

    // Nor anywhere at all over a line that others can read.
    let plain = MockServer::start().await;
    request("GET", "Recordings/RE1.mp3")
        .respond_with(ResponseTemplate::new(307).insert_header("Location", elsewhere.uri()))
        .mount(&plain)
        .await;
    let twilio = client(&plain.uri());
    let refused = twilio.recording_media(&sid(), MediaFormat::Mp3, None).await;
    assert!(refused.is_err());
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_recording_is_deleted_once_or_twice() {
    let server = MockServer::start().await;
    request("DELETE", "Recordings/RE1.json")
        .respond_with(ResponseTemplate::new(204))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    request("DELETE", "Recordings/RE1.json")
        .respond_with(refusal(404, 20_404))
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    twilio.delete_recording(&sid()).await.unwrap();
    twilio.delete_recording(&sid()).await.unwrap();
}

#[tokio::test]
async fn the_client_does_not_show_its_secrets() {
    let shown = format!("{:?}", client("http://127.0.0.1:1"));
    assert!(!shown.contains(TOKEN), "{shown}");
}
