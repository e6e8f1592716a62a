//! The room's task: one for each participant, it owns everything that has to do with the connection.
//!
//! [`run`](Session::run) waits for whatever comes first (audio to send, a command, a signalling message, data, a
//! packet, a point in time), hands it to the module that knows about it, and then lets the peer connections send.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `turn` | the waiting and handing out |
//! | `recovery` | dialling, resuming, joining anew, giving up |
//! | `signals` | what the server says |
//! | `negotiation` | offers, one at a time, and the lines they make |
//! | `lines` | which line carries which remote track; packets of audio in |
//! | `local_tracks` | publishing; packets of audio out |
//! | `participants` | who is there and what they publish |
//! | `packets` | data in and out |

#[cfg(feature = "fuzzing")]
pub(crate) mod hostile;
mod lines;
mod local_tracks;
mod negotiation;
mod packets;
mod participants;
mod recovery;
mod signals;
mod turn;

use crate::{
    DisconnectReason, OutgoingPacket, RoomError, RoomEvent, RoomOptions,
    data::{DataPlane, OutgoingData},
    handle::{Command, Handle, Reply, Shared},
    peer_connection::PeerConnection,
    server_url::ServerUrl,
    signal::Transports,
    track::TrackKey,
};
use lines::Lines;
use livekit_protocol::{self as proto, signal_request::Message as Request};
use local_tracks::LocalTracks;
use negotiation::Negotiation;
use packets::Packets;
use participants::Subscriptions;
pub(crate) use participants::describe;
use recovery::{Link, Recovery};
use std::{collections::HashMap, sync::Arc, time::Instant};
use tokio::sync::{mpsc, oneshot};

/// Events that may wait for their reader; see [`crate::RoomEvents`].
const EVENTS: usize = 1024;
/// Commands that may wait; a further one fails with `QueueFull`, or waits where the caller can.
const COMMANDS: usize = 64;
/// A second of 20 ms packets; a further one fails with `QueueFull`.
const AUDIO: usize = 50;
/// Data packets that may wait; the sender of a further one waits.
const DATA: usize = 16;

/// Told once when the room is joined, or why not.
pub(crate) type Ready = oneshot::Receiver<Result<(), RoomError>>;

/// The two ends of the connection's media.
struct Media {
    publisher: PeerConnection,
    /// In [`Transports::Dual`] only; else the publisher carries both directions.
    subscriber: Option<PeerConnection>,
    negotiation: Negotiation,
    lines: Lines,
}

/// Ourselves, as the server last said.
#[derive(Default)]
struct Me {
    sid: String,
    name: String,
    metadata: String,
}

struct Session {
    server: ServerUrl,
    /// The newest that the server gave; one life longer than the last.
    token: String,
    options: RoomOptions,
    shared: Arc<Shared>,
    data: Arc<DataPlane>,
    commands: mpsc::Receiver<Command>,
    audio: mpsc::Receiver<(TrackKey, OutgoingPacket)>,
    ready: Option<oneshot::Sender<Result<(), RoomError>>>,
    join_attempts: u32,
    transports: Transports,
    link: Link,
    recovery: Option<Recovery>,
    /// When media has been gone for long enough to do something about it.
    media_lost_at: Option<Instant>,
    media: Media,
    me: Me,
    local_tracks: LocalTracks,
    subscriptions: Subscriptions,
    packets: Packets,
    /// Requests that the server will answer by number.
    requests: HashMap<u32, Reply<()>>,
    next_request: u32,
    end: Option<DisconnectReason>,
}

/// Starts the task of a room. Needs a tokio runtime.
pub(crate) fn start(
    server: ServerUrl,
    token: &str,
    options: RoomOptions,
) -> Result<(Arc<Handle>, mpsc::Receiver<RoomEvent>, Ready), RoomError> {
    let (mut session, handle, events, ready) = prepare(server, token, options)?;
    session.dial_join();
    // The task ends by itself when the last handle is dropped, or with the connection.
    tokio::spawn(session.run());
    Ok((handle, events, ready))
}

type Prepared = (Session, Arc<Handle>, mpsc::Receiver<RoomEvent>, Ready);

fn prepare(server: ServerUrl, token: &str, options: RoomOptions) -> Result<Prepared, RoomError> {
    let (event_sender, events) = mpsc::channel(EVENTS);
    let (command_sender, commands) = mpsc::channel(COMMANDS);
    let (audio_sender, audio) = mpsc::channel(AUDIO);
    let (outbox, outgoing) = mpsc::channel::<OutgoingData>(DATA);
    let (ready_sender, ready) = oneshot::channel();
    let shared = Arc::new(Shared::new(event_sender));
    let data = Arc::new(DataPlane::new(Arc::clone(&shared), outbox));
    let transports = Transports::Single;
    let media = Media::new(transports)?;
    let session = Session {
        server,
        token: token.to_owned(),
        shared: Arc::clone(&shared),
        data: Arc::clone(&data),
        commands,
        audio,
        ready: Some(ready_sender),
        join_attempts: 0,
        transports,
        link: Link::Down,
        recovery: None,
        media_lost_at: None,
        media,
        me: Me::default(),
        local_tracks: LocalTracks::new(options.publish.as_ref()),
        subscriptions: Subscriptions::new(options.auto_subscribe),
        packets: Packets::new(outgoing),
        requests: HashMap::new(),
        next_request: 0,
        end: None,
        options,
    };
    let handle = Arc::new(Handle {
        shared,
        data,
        commands: command_sender,
        audio: audio_sender,
    });
    Ok((session, handle, events, ready))
}

impl Media {
    fn new(transports: Transports) -> Result<Self, RoomError> {
        let bound = |error| RoomError::Connection(format!("no UDP socket: {error}"));
        let publisher = PeerConnection::new(proto::SignalTarget::Publisher).map_err(bound)?;
        let subscriber = match transports {
            Transports::Single => None,
            Transports::Dual => {
                Some(PeerConnection::new(proto::SignalTarget::Subscriber).map_err(bound)?)
            }
        };
        Ok(Self {
            publisher,
            subscriber,
            negotiation: Negotiation::default(),
            lines: Lines::default(),
        })
    }

    fn peers(&mut self) -> impl Iterator<Item = &mut PeerConnection> {
        std::iter::once(&mut self.publisher).chain(self.subscriber.as_mut())
    }
}

impl Session {
    /// Sends a signalling message; while the connection is down it is lost, and what matters of it is said again
    /// after the recovery.
    fn signal(&mut self, request: Request) {
        if let Link::Up(connection) = &mut self.link {
            connection.send(request);
        }
    }

    /// A number for a request that will be answered.
    fn request(&mut self, reply: Reply<()>) -> u32 {
        // Callers give up after a while; so do we.
        self.requests.retain(|_, reply| !reply.is_closed());
        self.next_request = self.next_request.wrapping_add(1).max(1);
        self.requests.insert(self.next_request, reply);
        self.next_request
    }

    fn finish(&mut self, reason: DisconnectReason) {
        self.end.get_or_insert(reason);
    }
}
