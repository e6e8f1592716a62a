//! A participant that plays the agent.

use crate::{PATIENCE, caller::Caller, livekit::LiveKitServer};
use bytes::Bytes;
use casp_conversation::event::{Envelope, Event, TOPIC, VERSION};
use casp_room::{
    AudioCodec, DataMessage, LocalAudioTrack, OutgoingPacket, PublishOptions, RemoteAudioTrack,
    Room, RoomEvent, RoomEvents, RoomOptions, admin::TokenOptions,
};
use std::time::Duration;

/// Said until the bridge hears it, and said last of that.
const HELLO: u8 = 0x91;
const HEARD: u8 = 0x9A;

pub(crate) struct Agent {
    pub(crate) room: Room,
    events: RoomEvents,
    track: LocalAudioTrack,
    pub(crate) rtp: u32,
    frames: tokio::time::Interval,
}

impl Agent {
    pub(crate) async fn join(livekit: &LiveKitServer, room: &str) -> Self {
        Self::join_as(livekit, room, "agent").await
    }

    pub(crate) async fn join_as(livekit: &LiveKitServer, room: &str, identity: &str) -> Self {
        Self::join_with(livekit, room, identity, AudioCodec::Pcmu).await
    }

    pub(crate) async fn join_with(
        livekit: &LiveKitServer,
        room: &str,
        identity: &str,
        codec: AudioCodec,
    ) -> Self {
        let token = livekit
            .admin
            .participant_token(&TokenOptions {
                room: room.into(),
                identity: identity.into(),
                name: String::new(),
                ttl: Duration::from_mins(1),
                can_update_own_metadata: true,
                ..TokenOptions::default()
            })
            .unwrap();
        let publish = PublishOptions {
            name: "voice".into(),
            codec,
            dtx: true,
        };
        let options = RoomOptions {
            publish: Some(publish.clone()),
            ..RoomOptions::default()
        };
        let (room, events) = Room::connect(livekit.admin.ws_url(), &token, options)
            .await
            .unwrap();
        let track = room.publish_audio(publish).await.unwrap();
        assert_eq!(track.codec(), codec);
        let mut frames = tokio::time::interval(Duration::from_millis(20));
        frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self {
            room,
            events,
            track,
            rtp: 0,
            frames,
        }
    }

    /// Waits for an event that `pick` takes.
    pub(crate) async fn wait_for<T>(&mut self, mut pick: impl FnMut(RoomEvent) -> Option<T>) -> T {
        let wait = async {
            loop {
                let event = self.events.recv().await.expect("the room has ended");
                if let Some(picked) = pick(event) {
                    return picked;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the room does not say it")
    }

    /// The caller's track.
    pub(crate) async fn caller(&mut self) -> RemoteAudioTrack {
        self.wait_for(|event| match event {
            RoomEvent::TrackSubscribed(track) if track.participant().starts_with("caller-") => {
                Some(track)
            }
            _ => None,
        })
        .await
    }

    /// The next event from the bridge.
    pub(crate) async fn told(&mut self) -> Event {
        self.wait_for(|event| match event {
            RoomEvent::Data { topic, payload, .. } if topic == TOPIC => {
                Some(serde_json::from_slice::<Envelope>(&payload).unwrap().event)
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn tell(&self, event: Event) {
        let payload = serde_json::to_vec(&Envelope { v: VERSION, event }).unwrap();
        self.room
            .publish_data(DataMessage {
                topic: TOPIC.into(),
                payload: payload.into(),
                is_reliable: true,
                destinations: Vec::new(),
            })
            .await
            .unwrap();
    }

    /// Says frames in real time.
    pub(crate) async fn say(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        for payload in frames {
            self.frames.tick().await;
            let packet = OutgoingPacket {
                payload: Bytes::from(payload),
                rtp_timestamp: self.rtp,
                starts_talkspurt: false,
            };
            self.track.send(packet).unwrap();
            self.rtp = self
                .rtp
                .wrapping_add(self.track.codec().clock_rate_hz() / 50);
        }
    }

    /// Says hello until the caller hears it: what is said next arrives, and nothing that was said before is on its way.
    pub(crate) async fn is_heard_by(&mut self, caller: &mut Caller) {
        let heard = async { while caller.hear_media().await != frame(HELLO) {} };
        said_until(self.say(for_ever(frame(HELLO))), heard).await;
        self.say([frame(HEARD)]).await;
        while caller.hear_media().await != frame(HEARD) {}
    }

    pub(crate) async fn started(&self, utterance: &str) {
        self.tell(Event::SpeechStarted {
            utterance: utterance.into(),
            rtp_timestamp: self.rtp,
        })
        .await;
    }
}

/// The same again and again.
pub(crate) fn for_ever(frame: Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
    std::iter::repeat(frame)
}

/// Says something until it is heard: the server forwards a new subscription's packets only after a moment. What is
/// said has no end.
pub(crate) async fn said_until(speak: impl Future, heard: impl Future<Output = ()>) {
    tokio::select! {
        _ = speak => unreachable!("for ever"),
        heard = tokio::time::timeout(PATIENCE, heard) => heard.expect("it is heard"),
    }
}

/// 20 ms of one code.
pub(crate) fn frame(code: u8) -> Vec<u8> {
    vec![code; 160]
}
