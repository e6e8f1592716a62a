use crate::{
    faulty_server::{Fault, FaultyServer},
    twilio::{answer, client, intelligence, only_form, pairs},
};
use casp_twilio::{
    RecordingSid, TranscriptSid,
    rest::{
        NewTranscript, PageRequest, Participant, ParticipantRole, TranscriptFilter,
        TranscriptSource,
    },
};
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate, matchers::query_param};

fn new_transcript(source: TranscriptSource) -> NewTranscript {
    NewTranscript {
        service_sid: "GA1".into(),
        source,
        participants: Vec::new(),
        customer_key: None,
        media_start_time: None,
    }
}

fn transcript(sid: &str) -> Value {
    json!({"account_sid": "AC1", "service_sid": "GA1", "sid": sid, "date_created": "2026-01-02T03:04:05Z",
           "date_updated": "2026-01-02T03:04:05Z", "status": "completed", "channel": {}, "data_logging": false,
           "language_code": "en-US", "customer_key": null, "media_start_time": null, "duration": 62,
           "url": "https://intelligence.twilio.com/v2/Transcripts/GT1", "redaction": true,
           "encryption_credential_sid": null, "links": {}})
}

fn sid() -> TranscriptSid {
    TranscriptSid::new("GT1").unwrap()
}

#[tokio::test]
async fn a_transcript_is_made_of_a_file() {
    let server = MockServer::start().await;
    intelligence("POST", "Transcripts")
        .respond_with(answer(201, &transcript("GT1")))
        .mount(&server)
        .await;
    let source = TranscriptSource::MediaUrl("https://example.com/call.wav".into());
    let made = client(&server.uri())
        .create_transcript(&new_transcript(source))
        .await
        .unwrap();
    assert_eq!((made.sid, made.duration), (sid(), Some(62)));
    let expected = [
        ("ServiceSid", "GA1"),
        (
            "Channel",
            r#"{"media_properties":{"media_url":"https://example.com/call.wav"}}"#,
        ),
    ];
    assert_eq!(only_form(&server).await, pairs(&expected));
}

#[tokio::test]
async fn a_transcript_is_made_of_a_recording_with_its_participants() {
    let server = MockServer::start().await;
    intelligence("POST", "Transcripts")
        .respond_with(answer(201, &transcript("GT1")))
        .mount(&server)
        .await;
    let new = NewTranscript {
        participants: vec![Participant {
            channel_participant: 1,
            role: ParticipantRole::Customer,
            media_participant_id: Some("+15551230001".into()),
            user_id: None,
            full_name: Some("Ann".into()),
            email: None,
        }],
        customer_key: Some("our-key".into()),
        ..new_transcript(TranscriptSource::Recording(
            RecordingSid::new("RE1").unwrap(),
        ))
    };
    client(&server.uri()).create_transcript(&new).await.unwrap();
    let form = only_form(&server).await;
    let channel: Value = serde_json::from_str(&form[1].1).unwrap();
    assert_eq!(
        channel,
        json!({"media_properties": {"source_sid": "RE1"}, "participants": [{"channel_participant": 1,
               "role": "Customer", "media_participant_id": "+15551230001", "full_name": "Ann"}]})
    );
    assert_eq!(form[2], ("CustomerKey".into(), "our-key".into()));
}

#[tokio::test]
async fn a_transcript_is_not_paid_for_twice() {
    let server = FaultyServer::start(Fault::Cut).await;
    let source = TranscriptSource::MediaUrl("https://example.com/call.wav".into());
    let error = client(&server.url)
        .create_transcript(&new_transcript(source))
        .await
        .unwrap_err();
    assert!(error.may_have_happened());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn sentences_come_page_by_page_from_our_own_address() {
    let server = MockServer::start().await;
    let sentence = |index: i64| {
        json!({"media_channel": 1, "sentence_index": index, "start_time": "0.5", "end_time": 1.25,
               "transcript": "Hello.", "sid": "GX1", "confidence": "0.95", "words": null})
    };
    let meta = |next: Value| {
        json!({"key": "sentences", "page": 0, "page_size": 1, "first_page_url": "x", "previous_page_url": null,
               "url": "x", "next_page_url": next})
    };
    intelligence("GET", "Transcripts/GT1/Sentences")
        .and(query_param("PageToken", "PT2"))
        .respond_with(answer(
            200,
            &json!({"sentences": [sentence(1)], "meta": meta(Value::Null)}),
        ))
        .with_priority(1)
        .mount(&server)
        .await;
    let elsewhere = "https://intelligence.twilio.com/v2/Transcripts/GT1/Sentences?PageSize=1&Page=1&PageToken=PT2";
    intelligence("GET", "Transcripts/GT1/Sentences")
        .respond_with(answer(
            200,
            &json!({"sentences": [sentence(0)], "meta": meta(elsewhere.into())}),
        ))
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    let first = twilio
        .list_sentences(&sid(), &PageRequest::default())
        .await
        .unwrap();
    let page = PageRequest {
        size: None,
        token: first.next,
    };
    let second = twilio.list_sentences(&sid(), &page).await.unwrap();
    assert_eq!(second.entries[0].sentence_index, 1);
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn transcripts_are_found_by_recording_looked_at_and_deleted() {
    let server = MockServer::start().await;
    let meta = json!({"key": "transcripts", "next_page_url": null});
    intelligence("GET", "Transcripts")
        .and(query_param("SourceSid", "RE1"))
        .respond_with(answer(
            200,
            &json!({"transcripts": [transcript("GT1")], "meta": meta}),
        ))
        .mount(&server)
        .await;
    intelligence("GET", "Transcripts/GT1")
        .respond_with(answer(200, &transcript("GT1")))
        .mount(&server)
        .await;
    intelligence("DELETE", "Transcripts/GT1")
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let results = json!([{"operator_sid": "LY1", "operator_type": "text_generation", "name": "Summary",
                          "text_generation_results": {"result": "A call."}}]);
    intelligence("GET", "Transcripts/GT1/OperatorResults")
        .respond_with(answer(
            200,
            &json!({"operator_results": results, "meta": {"key": "operator_results", "next_page_url": null}}),
        ))
        .mount(&server)
        .await;
    let twilio = client(&server.uri());
    let filter = TranscriptFilter {
        source_sid: Some("RE1".into()),
        ..TranscriptFilter::default()
    };
    let page = PageRequest::default();
    let listed = twilio.list_transcripts(&filter, &page).await.unwrap();
    assert_eq!(listed.entries[0].sid, sid());
    assert_eq!(
        twilio.fetch_transcript(&sid()).await.unwrap().status,
        "completed"
    );
    let found = twilio.list_operator_results(&sid(), &page).await.unwrap();
    assert_eq!(
        found.entries[0].rest["text_generation_results"]["result"],
        "A call."
    );
    twilio.delete_transcript(&sid()).await.unwrap();
}
