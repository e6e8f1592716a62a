//! A real LiveKit server and who may join its rooms.

use casp_room::admin::{LiveKit, TokenOptions};
use casp_testkit::LiveKitServer;

pub(crate) struct Server(LiveKitServer);

impl Server {
    pub(crate) async fn start() -> Self {
        Self(LiveKitServer::start().await)
    }

    pub(crate) fn livekit(&self) -> LiveKit {
        livekit_at(&self.url())
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    pub(crate) fn token(&self, room: &str, identity: &str) -> String {
        self.livekit()
            .participant_token(&TokenOptions {
                room: room.into(),
                identity: identity.into(),
                name: identity.into(),
                can_update_own_metadata: true,
                ..TokenOptions::default()
            })
            .unwrap()
    }
}

/// For a server that is played by the test.
pub(crate) fn livekit_at(url: &str) -> LiveKit {
    LiveKit::new(url, LiveKitServer::KEY, LiveKitServer::SECRET).unwrap()
}
