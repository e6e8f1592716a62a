//! A room whose server is a fuzzer.

use super::{Session, prepare, turn::Side};
use crate::{PublishOptions, RoomEvent, RoomOptions, handle::Handle, server_url::ServerUrl};
use livekit_protocol as proto;
use prost::Message as _;
use std::sync::Arc;
use tokio::{runtime::Runtime, sync::mpsc};

/// As if it had just dialled: an offer is out, nothing has been answered. Nothing is sent anywhere.
pub struct HostileRoom {
    session: Session,
    events: mpsc::Receiver<RoomEvent>,
    runtime: Arc<Runtime>,
    _handle: Arc<Handle>,
}

impl HostileRoom {
    /// On a runtime of one thread, which runs only inside the calls below.
    ///
    /// # Panics
    /// When there is no UDP socket.
    pub fn new(runtime: &Arc<Runtime>) -> Self {
        let _inside = runtime.enter();
        let server = ServerUrl::parse("ws://127.0.0.1:9").expect("a URL");
        let options = RoomOptions {
            publish: Some(PublishOptions::default()),
            ..RoomOptions::default()
        };
        let (mut session, handle, events, _) =
            prepare(server, "token", options).expect("a UDP socket");
        let _ = session.make_offer(false);
        Self {
            session,
            events,
            runtime: Arc::clone(runtime),
            _handle: handle,
        }
    }

    /// A message over signalling (`SignalResponse`).
    pub fn signal(&mut self, bytes: &[u8]) {
        let runtime = Arc::clone(&self.runtime);
        let _inside = runtime.enter();
        if let Ok(proto::SignalResponse {
            message: Some(message),
        }) = proto::SignalResponse::decode(bytes)
        {
            self.session.on_signal(message);
            self.session.drain(Side::Publisher);
        }
        self.read_events();
    }

    /// A message over a data channel (`DataPacket`).
    pub fn data(&mut self, bytes: &[u8]) {
        let runtime = Arc::clone(&self.runtime);
        let _inside = runtime.enter();
        self.session.on_data(bytes);
        self.read_events();
    }

    /// A packet from the network.
    pub fn packet(&mut self, bytes: &[u8]) {
        let runtime = Arc::clone(&self.runtime);
        let _inside = runtime.enter();
        if let Some(peer) = self.session.peer(Side::Publisher) {
            peer.receive_from_anywhere(bytes);
        }
        self.session.drain(Side::Publisher);
    }

    /// Lets the tasks of streams and calls run, and reads what came of it to its end.
    pub fn read_events(&mut self) {
        self.runtime.block_on(async {
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        });
        while let Ok(event) = self.events.try_recv() {
            if let RoomEvent::TextStream(mut reader) = event {
                self.runtime
                    .spawn(async move { while let Some(Ok(_)) = reader.next().await {} });
            }
        }
    }
}
