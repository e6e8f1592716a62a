//! One LiveKit server for this test binary, which knows only rooms that were created.

use casp_room::admin::LiveKit;
use casp_testkit::{LiveKitConfig, LiveKitServer};

pub(crate) const API_KEY: &str = LiveKitServer::KEY;
pub(crate) const API_SECRET: &str = LiveKitServer::SECRET;

fn server() -> &'static LiveKitServer {
    LiveKitServer::shared(LiveKitConfig {
        needs_created_rooms: true,
        ..LiveKitConfig::default()
    })
}

/// `http://127.0.0.1:…`
pub(crate) fn url() -> String {
    server().http_url()
}

pub(crate) fn client() -> LiveKit {
    LiveKit::new(&url(), API_KEY, API_SECRET).unwrap()
}
