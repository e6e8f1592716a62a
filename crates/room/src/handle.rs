//! What a room's handles share with its task: the way in (commands, audio, data) and the way out (events, a
//! snapshot of who is there).

use crate::{
    DisconnectReason, OutgoingPacket, PublishOptions, RemoteParticipant, RoomError, RoomEvent,
    data::DataPlane,
    track::{LocalTrack, TrackKey},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// The answer to a command.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, RoomError>>;

/// What the handles ask of the room's task.
pub(crate) enum Command {
    Publish {
        options: PublishOptions,
        reply: Reply<Arc<LocalTrack>>,
    },
    Unpublish(TrackKey),
    SetMuted {
        key: TrackKey,
        is_muted: bool,
    },
    Subscribe {
        sid: String,
        is_wanted: bool,
    },
    Update {
        attributes: HashMap<String, String>,
        metadata: Option<String>,
        reply: Reply<()>,
    },
    Leave,
}

/// The way in. When the last handle is gone, the room's task leaves.
pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) data: Arc<DataPlane>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) audio: mpsc::Sender<(TrackKey, OutgoingPacket)>,
}

/// The room's task tells the server that we leave, and then is gone; a dead connection must not hold us up.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

impl Handle {
    pub(crate) fn command(&self, command: Command) -> Result<(), RoomError> {
        self.commands
            .try_send(command)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => RoomError::QueueFull("commands"),
                mpsc::error::TrySendError::Closed(_) => RoomError::Closed,
            })
    }

    pub(crate) fn send_audio(
        &self,
        key: TrackKey,
        packet: OutgoingPacket,
    ) -> Result<(), RoomError> {
        self.audio
            .try_send((key, packet))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => RoomError::QueueFull("audio"),
                mpsc::error::TrySendError::Closed(_) => RoomError::Closed,
            })
    }

    pub(crate) async fn ask<T>(
        &self,
        what: &'static str,
        limit: Duration,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, RoomError> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let sent = self.commands.send(command(reply)).await;
            sent.map_err(|_| RoomError::Closed)?;
            answer.await.map_err(|_| RoomError::Closed)?
        };
        match tokio::time::timeout(limit, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(RoomError::Timeout(what)),
        }
    }

    pub(crate) async fn leave(&self) {
        let left = async {
            if self.commands.send(Command::Leave).await.is_ok() {
                self.shared.closed.cancelled().await;
            }
        };
        let _ = tokio::time::timeout(LEAVE_TIMEOUT, left).await;
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let snapshot = self.shared.snapshot();
        f.debug_struct("Room")
            .field("name", &snapshot.room)
            .field("identity", &snapshot.identity)
            .finish_non_exhaustive()
    }
}

/// The way out.
pub(crate) struct Shared {
    snapshot: Mutex<Snapshot>,
    events: mpsc::Sender<RoomEvent>,
    /// The reader of events is too slow: the room's task ends at its next turn.
    is_overflowed: AtomicBool,
    end: OnceLock<DisconnectReason>,
    /// Cancelled as the last deed of the room's task.
    pub(crate) closed: CancellationToken,
}

/// Who is there, as last announced. Changed on events only, never on the way of audio.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) room: String,
    pub(crate) identity: String,
    pub(crate) server_version: String,
    /// By identity.
    pub(crate) participants: HashMap<String, Known>,
}

/// A remote participant with what only we want to know.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) public: RemoteParticipant,
    pub(crate) version: u32,
    pub(crate) client_protocol: i32,
    pub(crate) capabilities: Vec<i32>,
}

impl Shared {
    pub(crate) fn new(events: mpsc::Sender<RoomEvent>) -> Self {
        Self {
            snapshot: Mutex::default(),
            events,
            is_overflowed: AtomicBool::new(false),
            end: OnceLock::new(),
            closed: CancellationToken::new(),
        }
    }

    pub(crate) fn snapshot(&self) -> MutexGuard<'_, Snapshot> {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server has let us in, whether media flows or not.
    pub(crate) fn has_joined(&self) -> bool {
        !self.snapshot().identity.is_empty()
    }

    /// Hands an event to the reader. A reader that lets 1,024 wait loses the room.
    pub(crate) fn emit(&self, event: RoomEvent) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.events.try_send(event) {
            self.is_overflowed.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_overflowed(&self) -> bool {
        self.is_overflowed.load(Ordering::Relaxed)
    }

    pub(crate) fn close(&self, reason: DisconnectReason) {
        let _ = self.end.set(reason);
        self.closed.cancel();
    }

    pub(crate) fn end_reason(&self) -> DisconnectReason {
        self.end
            .get()
            .cloned()
            .unwrap_or_else(|| DisconnectReason::ConnectionLost("the room's task failed".into()))
    }
}
