//! Recording a room: announced, heard by everybody, and then a file.

use crate::{
    livekit_server,
    test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, eventually, send, unique},
};
use casp_audio::{
    SampleRate,
    file::AudioFile,
    opus::{Encoder, EncoderOptions, MAX_PACKET_BYTES},
};
use casp_providers::{ProviderError, SpeechRequest, SpeechStream, TextToSpeech};
use casp_room::{
    AudioCodec, OutgoingPacket, PublishOptions, Room, RoomEvent, RoomOptions, admin::TokenOptions,
};
use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    io::{Seek as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// Says everything in half a second of the same tone.
#[derive(Debug)]
struct Beep;

#[async_trait::async_trait]
impl TextToSpeech for Beep {
    fn name(&self) -> &'static str {
        "beep"
    }

    async fn synthesize(&self, request: SpeechRequest) -> Result<SpeechStream, ProviderError> {
        assert_eq!(request.text, "This conversation is being recorded.");
        let pcm = (0..12_000).map(|n| if n / 12 % 2 == 0 { 6_000 } else { -6_000 });
        Ok(SpeechStream {
            sample_rate_hz: 24_000,
            chunks: stream::iter([Ok(pcm.collect())]).boxed(),
        })
    }
}

async fn app() -> TestApp {
    TestApp::with(|config| config.text_to_speech = Some(Arc::new(Beep))).await
}

async fn switch(app: &TestApp, room: &str, enable: bool) -> Answer {
    app.post_ours(
        &format!("/room/{room}/recording"),
        &json!({"enable": enable}),
    )
    .await
}

async fn open(app: &TestApp, room: &str) {
    let wish = json!({"roomName": room, "participantIdentity": "ann"});
    let joined = app.post_ours("/room/join", &wish).await;
    assert_eq!(joined.status, StatusCode::OK, "{joined:?}");
}

/// Somebody who hums 440 Hz without a pause, and counts what comes from the recorder.
struct Hummer {
    heard: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Hummer {
    async fn join(room: &str, identity: &str) -> Self {
        let livekit = tokio::task::spawn_blocking(livekit_server::client)
            .await
            .unwrap();
        let token = livekit
            .participant_token(&TokenOptions {
                room: room.into(),
                identity: identity.into(),
                name: identity.into(),
                ttl: Duration::from_mins(1),
                ..TokenOptions::default()
            })
            .unwrap();
        let publish = PublishOptions {
            name: "mic".into(),
            codec: AudioCodec::Opus,
            dtx: false,
        };
        let options = RoomOptions {
            publish: Some(publish.clone()),
            ..RoomOptions::default()
        };
        let (room, mut events) = Room::connect(livekit.ws_url(), &token, options)
            .await
            .unwrap();
        let track = room.publish_audio(publish).await.unwrap();
        let heard = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let counter = heard.clone();
        tasks.spawn(async move {
            while let Some(event) = events.recv().await {
                if let RoomEvent::TrackSubscribed(mut track) = event
                    && track.participant().starts_with("recorder-")
                {
                    let counter = counter.clone();
                    tokio::spawn(async move {
                        while track.recv().await.is_some() {
                            counter.fetch_add(1, Ordering::SeqCst);
                        }
                    });
                }
            }
        });
        tasks.spawn(async move {
            let options = EncoderOptions::default();
            let mut encoder = Encoder::new(SampleRate::Hz16000, &options).unwrap();
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            for number in 0_u32.. {
                ticks.tick().await;
                let pcm: Vec<i16> = (0..320)
                    .map(|index| {
                        let at = f64::from(number * 320 + index) / 16_000.0;
                        ((at * 440.0 * std::f64::consts::TAU).sin() * 8_000.0) as i16
                    })
                    .collect();
                let mut packet = vec![0; MAX_PACKET_BYTES];
                let len = encoder.encode(&pcm, &mut packet).unwrap();
                packet.truncate(len);
                let sent = track.send(OutgoingPacket {
                    payload: packet.into(),
                    rtp_timestamp: number.wrapping_mul(960),
                    starts_talkspurt: number == 0,
                });
                if sent.is_err() {
                    break;
                }
            }
            room.leave().await;
        });
        Self {
            heard,
            _tasks: tasks,
        }
    }
}

async fn recording(app: &TestApp, id: &str) -> Value {
    let list = app.get_ours("/recordings?limit=100").await.json();
    let found = list.as_array().unwrap().iter().find(|it| it["id"] == id);
    found.expect("it is in the list").clone()
}

/// Its sound at 16 kHz.
async fn sound(app: &TestApp, id: &str) -> Vec<i16> {
    let answer = app
        .get(&format!("/recordings/{id}"))
        .bearer_auth(KEY)
        .send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "audio/ogg");
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&answer.bytes().await.unwrap()).unwrap();
    file.rewind().unwrap();
    let (mut reader, mut pcm) = (AudioFile::open(file).unwrap(), Vec::new());
    while let Some(piece) = reader.next().unwrap() {
        pcm.extend_from_slice(piece);
    }
    pcm
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_recorded_after_everybody_was_told() {
    let app = app().await;
    let room = unique("r");
    open(&app, &room).await;
    let ann = Hummer::join(&room, "ann").await;
    let begun = switch(&app, &room, true).await;
    assert_eq!(begun.status, StatusCode::OK, "{begun:?}");
    let begun = begun.json();
    let id = begun["recordingId"].as_str().unwrap().to_owned();
    assert_eq!(
        (&begun["recording"], &begun["roomName"]),
        (&json!(true), &json!(room))
    );
    assert_eq!(
        switch(&app, &room, true).await.json(),
        begun,
        "twice is once"
    );
    let seen = app.get_ours(&format!("/room/{room}")).await.json();
    assert_eq!(seen["recording"], true);
    assert_eq!(recording(&app, &id).await["status"], "pending");
    eventually("the announcement is made", async || {
        !recording(&app, &id).await["consent"]["announced_at"].is_null()
    })
    .await;
    // The sound takes another way than the note of it.
    eventually("half a second of it came", async || {
        ann.heard.load(Ordering::SeqCst) >= 20
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ended = switch(&app, &room, false).await.json();
    assert_eq!(
        ended,
        json!({"roomName": room, "recording": false, "recordingId": id})
    );
    eventually("the sound is stored", async || {
        recording(&app, &id).await["status"] == "stored"
    })
    .await;
    let again = switch(&app, &room, false).await.json();
    assert_eq!(again["recordingId"], Value::Null, "there is none any more");
    let kept = recording(&app, &id).await;
    assert_eq!(kept["source"], "room");
    assert_eq!(kept["sessionId"], format!("web-{room}"));
    assert_eq!(
        kept["consent"]["announcement"],
        "This conversation is being recorded."
    );
    let pcm = sound(&app, &id).await;
    let seconds = pcm.len() as f64 / 16_000.0;
    let said = kept["duration"].as_f64().unwrap();
    assert!(
        seconds > 1.5 && (said - seconds).abs() < 0.1,
        "{seconds} s, {said} s"
    );
    let middle = &pcm[pcm.len() / 3..pcm.len() * 2 / 3];
    let power = middle.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / middle.len() as f64;
    assert!(
        (4_000.0..7_000.0).contains(&power.sqrt()),
        "{}",
        power.sqrt()
    );
    let others = app
        .get(&format!("/recordings/{id}"))
        .bearer_auth(NEIGHBOURS_KEY);
    assert_eq!(send(others).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_ends_before_anybody_was_told_nothing_is_kept() {
    let app = app().await;
    let room = unique("r");
    open(&app, &room).await;
    let begun = switch(&app, &room, true).await.json();
    let id = begun["recordingId"].as_str().unwrap();
    switch(&app, &room, false).await;
    eventually("it has failed", async || {
        recording(&app, id).await["status"] == "failed"
    })
    .await;
    assert!(
        recording(&app, id).await["error"]
            .as_str()
            .unwrap()
            .contains("before anybody")
    );
    let file = app.recordings_folder().join(app.account.0.to_string());
    let left = std::fs::read_dir(file).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_room_that_is_not_ours_or_cannot_be_told_is_not_recorded() {
    let mute = TestApp::production().await;
    let room = unique("r");
    assert_eq!(
        switch(&mute, &room, true).await.status,
        StatusCode::NOT_FOUND
    );
    open(&mute, &room).await;
    let refused = switch(&mute, &room, true).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text.contains("text-to-speech"), "{}", refused.text);
    let path = format!("/room/{room}/recording");
    let neighbours = mute.post(&path).bearer_auth(NEIGHBOURS_KEY);
    let refused = send(neighbours.json(&json!({"enable": true}))).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let wrong = mute.post_ours(&path, &json!({"enable": "yes"})).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        send(mute.post(&path)).await.status,
        StatusCode::UNAUTHORIZED
    );
}
