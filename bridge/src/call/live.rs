//! The call while it is alive: one loop that waits for the socket, the room, the tracks and the clock.

mod company;
mod farewell;
mod room_side;
mod socket_side;

use super::{
    AGENT,
    agent_watch::AgentWatch,
    downlink::Downlink,
    ending::Ending,
    outbox::{Outbox, Outgoing},
    prompt::Prompt,
    socket::{Dialect, Pulse, PulseStep, SocketReader, SocketWriter},
    sources::{Heard, Sources},
    speech::Speech,
    to_room::{self, ToRoom},
    uplink::Uplink,
    uplink_track::UplinkTrack,
};
use crate::{BridgeState, admission::Admitted, state::now};
use axum::extract::ws::Message;
use casp_room::{Room, RoomEvent, RoomEvents};
use casp_store::sessions::Session;
use casp_twilio::media_streams::{StreamProtocol, outgoing};
use company::News;
use farewell::Farewell;
use futures_util::StreamExt as _;
use std::{
    pin::Pin,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet, time::Sleep};

/// See the module's description.
pub(crate) struct Live {
    state: BridgeState,
    session: Session,
    room: Room,
    events: RoomEvents,
    protocol: StreamProtocol,
    reader: SocketReader,
    writer: SocketWriter,
    track: UplinkTrack,
    uplink: Uplink,
    sources: Sources,
    downlink: Downlink,
    speech: Speech,
    outbox: Outbox,
    watch: AgentWatch,
    /// `PA_…` of the agent that is there: when one takes over from another, the old one's leaving is no loss.
    agent_sid: Option<String>,
    prompt: Option<Prompt>,
    pulse: Pulse,
    farewell: Option<Farewell>,
    to_room: mpsc::Sender<ToRoom>,
    /// Aborted when the call is dropped.
    helpers: JoinSet<()>,
    /// What helpers found in the store.
    news: (mpsc::Sender<News>, mpsc::Receiver<News>),
    timer: Pin<Box<Sleep>>,
}

/// What the loop woke up for.
enum Wake {
    Socket(Option<Result<Message, axum::Error>>),
    Room(Option<Box<RoomEvent>>),
    Heard(Heard),
    Written(Result<(), axum::Error>),
    News(Option<News>),
    Time,
    Stop,
}

impl Live {
    /// A call that has just joined its room.
    pub(crate) fn new(
        state: BridgeState,
        admitted: Admitted,
        protocol: StreamProtocol,
        reader: SocketReader,
        writer: SocketWriter,
        call_sid: &str,
    ) -> Self {
        let now = now();
        let Admitted {
            session,
            room,
            events,
            track,
            wire,
            fault,
        } = admitted;
        let mut helpers = JoinSet::new();
        let to_room = to_room::spawn(&mut helpers, room.clone(), AGENT);
        let mut outbox = Outbox::new();
        if let (Dialect::Casp, Some(stream)) = (writer.dialect(), writer.stream()) {
            let mut text = String::new();
            outgoing::start(
                &mut text,
                stream,
                call_sid,
                &session.room_name,
                &session.assistant,
            );
            outbox.other(Outgoing::Text(text));
        }
        if let Some(fault) = fault {
            outbox.other(Outgoing::Error(fault));
        }
        let pulse = Pulse::new(state.config().silence_timeout, now);
        Self {
            uplink: Uplink::new(wire, state.config().skips_silence, rand::random(), now),
            state,
            session,
            room,
            events,
            protocol,
            reader,
            writer,
            track: UplinkTrack::new(track, wire),
            sources: Sources::default(),
            downlink: Downlink::new(wire),
            speech: Speech::new(now),
            outbox,
            watch: AgentWatch::new(now),
            agent_sid: None,
            prompt: None,
            pulse,
            farewell: None,
            to_room,
            helpers,
            news: mpsc::channel(1),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Runs the call to its end, and returns what is needed to clear up.
    pub(crate) async fn run(mut self) -> (Ending, SocketWriter, Room) {
        let ending = loop {
            self.writer.drive_now(&mut self.outbox);
            if let Some(ending) = self.look_at_the_clock() {
                break ending;
            }
            self.writer.drive_now(&mut self.outbox);
            let wake = self.wait().await;
            if let Some(ending) = self.handle(wake) {
                break ending;
            }
        };
        (ending, self.writer, self.room)
    }

    async fn wait(&mut self) -> Wake {
        let deadline = tokio::time::Instant::from_std(self.deadline());
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        let Self {
            state,
            reader,
            events,
            sources,
            writer,
            outbox,
            news,
            timer,
            ..
        } = self;
        let has_work = writer.has_work(outbox);
        tokio::select! {
            () = state.stopping().cancelled() => Wake::Stop,
            message = reader.next() => Wake::Socket(message),
            // Boxed: events are rare and large, everything else is neither.
            event = events.recv() => Wake::Room(event.map(Box::new)),
            heard = sources.next() => Wake::Heard(heard),
            result = writer.drive(outbox), if has_work => Wake::Written(result),
            found = news.1.recv() => Wake::News(found),
            () = timer => Wake::Time,
        }
    }

    /// The next time at which something is due.
    fn deadline(&self) -> Instant {
        let now = now();
        [
            self.uplink.deadline(now),
            self.downlink.deadline(),
            self.speech.deadline(),
            self.watch.deadline(),
            self.prompt.as_ref().map(Prompt::deadline),
            self.writer.deadline(),
            self.farewell.as_ref().map(Farewell::deadline),
        ]
        .into_iter()
        .flatten()
        .fold(self.pulse.deadline(), Instant::min)
    }

    /// Does what is due.
    fn look_at_the_clock(&mut self) -> Option<Ending> {
        let now = now();
        self.send_up(now);
        self.downlink.mix(&mut self.outbox, now);
        if let Some(mark) = self.speech.poll(now) {
            self.outbox.other(Outgoing::Mark(mark));
        }
        while let Some(step) = self.watch.poll(now) {
            self.watch_step(step, now);
        }
        self.play_prompt(now);
        match self.pulse.poll(now) {
            Some(PulseStep::Ping) => self.outbox.other(Outgoing::Ping),
            Some(PulseStep::Dead) => return Some(Ending::SocketLost),
            None => {}
        }
        if self.writer.is_stuck(now) {
            return Some(Ending::SocketLost);
        }
        self.say_farewell(now)
    }

    fn handle(&mut self, wake: Wake) -> Option<Ending> {
        match wake {
            Wake::Stop => return Some(Ending::Draining),
            Wake::Socket(message) => return self.socket_message(message),
            Wake::Room(event) => return self.room_event(event.map(|event| *event)),
            Wake::Heard(Heard::Packet(track, packet)) => self.heard(track, &packet),
            Wake::Heard(Heard::Ended(track)) => self.downlink.remove(track, &mut self.outbox),
            Wake::Written(Err(_)) => return Some(Ending::SocketLost),
            Wake::News(Some(News::Unwanted)) => self.settle(),
            Wake::News(Some(News::Ended)) => return Some(Ending::RoomClosed),
            Wake::Written(Ok(())) | Wake::Time | Wake::News(None) => {}
        }
        None
    }
}
