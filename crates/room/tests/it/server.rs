//! A real LiveKit server, and what tests say and hear in its rooms.

use casp_room::{
    AudioCodec, OutgoingPacket, PublishOptions, RemoteAudioTrack, Room, RoomEvent, RoomEvents,
    RoomOptions,
    admin::{LiveKit, TokenOptions},
};
use casp_testkit::{LiveKitConfig, LiveKitServer};
use std::{net::SocketAddr, time::Duration};

/// Nothing here takes longer on an idle machine than a tenth of this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Server(LiveKitServer);

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(LiveKitConfig::default()).await
    }

    pub(crate) async fn with(config: LiveKitConfig) -> Self {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        Self(LiveKitServer::with(config).await)
    }

    /// Ends it without a word to anybody.
    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    /// Starts it again, on the same ports, and waits until it answers.
    pub(crate) async fn restart(&mut self) {
        self.0.restart().await;
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub(crate) fn livekit(&self) -> LiveKit {
        LiveKit::new(&self.url(), LiveKitServer::KEY, LiveKitServer::SECRET).unwrap()
    }

    pub(crate) fn token(&self, room: &str, identity: &str) -> String {
        self.livekit()
            .participant_token(&TokenOptions {
                room: room.into(),
                identity: identity.into(),
                name: format!("{identity}'s name"),
                can_update_own_metadata: true,
                ..Default::default()
            })
            .unwrap()
    }

    /// As the server gives it to a dispatched agent.
    pub(crate) fn agent_token(room: &str, identity: &str) -> String {
        use livekit_api::access_token::{AccessToken, VideoGrants};
        AccessToken::with_api_key(LiveKitServer::KEY, LiveKitServer::SECRET)
            .with_identity(identity)
            .with_kind("agent")
            .with_grants(VideoGrants {
                room_join: true,
                room: room.into(),
                agent: true,
                ..Default::default()
            })
            .to_jwt()
            .unwrap()
    }

    pub(crate) async fn join(&self, room: &str, identity: &str) -> (Room, Events) {
        self.join_with(room, identity, RoomOptions::default()).await
    }

    pub(crate) async fn join_with(
        &self,
        room: &str,
        identity: &str,
        options: RoomOptions,
    ) -> (Room, Events) {
        join_at(&self.url(), &self.token(room, identity), options).await
    }
}

pub(crate) async fn join_at(url: &str, token: &str, options: RoomOptions) -> (Room, Events) {
    let (room, events) = Room::connect(url, token, options).await.unwrap();
    (room, Events(events))
}

/// Events, of which a test waits for those it is about.
pub(crate) struct Events(pub(crate) RoomEvents);

impl Events {
    /// The first event that `wanted` makes something of; others before it are passed over.
    pub(crate) async fn wait<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(RoomEvent) -> Option<T>,
    ) -> T {
        let mut passed = Vec::new();
        let found = async {
            loop {
                let Some(event) = self.0.recv().await else {
                    panic!("the room ended before: {what}; passed {passed:#?}");
                };
                let text = format!("{event:?}");
                if let Some(found) = wanted(event) {
                    return found;
                }
                passed.push(text);
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(late) => panic!("{what}: {late}; passed {passed:#?}"),
        }
    }

    pub(crate) async fn track(&mut self) -> RemoteAudioTrack {
        self.wait("a subscribed track", |event| match event {
            RoomEvent::TrackSubscribed(track) => Some(track),
            _ => None,
        })
        .await
    }
}

pub(crate) fn publishing(codec: AudioCodec) -> RoomOptions {
    RoomOptions {
        publish: Some(track_options(codec)),
        ..Default::default()
    }
}

pub(crate) fn track_options(codec: AudioCodec) -> PublishOptions {
    PublishOptions {
        name: "voice".into(),
        codec,
        dtx: false,
    }
}

/// The numbered frame of a test: its number comes back from its bytes.
pub(crate) fn frame(codec: AudioCodec, number: u32) -> OutgoingPacket {
    let mut payload = vec![0xa5; 160];
    if codec == AudioCodec::Opus {
        // TOC of a 20 ms CELT frame, mono; what follows is opaque to everybody on the way.
        payload.truncate(60);
        payload[0] = 0xf8;
    }
    payload[4..8].copy_from_slice(&number.to_be_bytes());
    OutgoingPacket {
        payload: payload.into(),
        rtp_timestamp: number.wrapping_mul(codec.clock_rate_hz() / 50),
        starts_talkspurt: number == 0,
    }
}

/// Sends numbered frames every 20 ms until dropped.
pub(crate) struct Speaker(tokio::task::JoinHandle<()>);

impl Drop for Speaker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn speak(track: std::sync::Arc<casp_room::LocalAudioTrack>) -> Speaker {
    Speaker(tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        // A second that was missed, all at once, is more than the queues hold.
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for number in 0.. {
            tick.tick().await;
            // Full queues and closed rooms are what some tests are about.
            let _ = track.send(frame(track.codec(), number));
        }
    }))
}

/// The next frames of ours (the server sends silence of its own now and then), by number.
pub(crate) async fn hear(track: &mut RemoteAudioTrack, count: usize) -> Vec<(u32, AudioCodec)> {
    let mut heard = Vec::new();
    let hearing = async {
        while heard.len() < count {
            let packet = track.recv().await.expect("the track goes on");
            if packet.payload.len() >= 60 && packet.payload[8..60].iter().all(|byte| *byte == 0xa5)
            {
                let number = packet.payload[4..8].try_into().unwrap();
                heard.push((u32::from_be_bytes(number), packet.codec));
            }
        }
    };
    match tokio::time::timeout(PATIENCE, hearing).await {
        Ok(()) => heard,
        Err(late) => panic!("heard only {heard:?} of {count}: {late}"),
    }
}
