//! The loop of one conversation.

use super::{
    Ending, SessionError,
    chat::Pace,
    claim::Claim,
    courier::Courier,
    digits::Digits,
    ear::SharedRecording,
    guard::Guard,
    inbox::{INBOX, Report},
    line::{Line, Listener, Transfer},
    mouth::{Mouth, ORDERS, Order},
    opening::{self, Door},
    people::People,
    principals::Principals,
    proving::Said,
    purse,
    reference::{self, ReferenceFeed, ReferenceTap},
    scribe::Scribe,
    services::Services,
    speech::Speech,
    toolbox,
    trace::Trace,
    voice::Voice,
};
use crate::turn::{
    Action, AgentState, Machine, SpeakerId, TranscriptionId, TurnEvent, TurnSettings,
};
use casp_conversation::Conversation as Dialogue;
use casp_room::{LocalAudioTrack, Room, RoomEvents};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// One voice that is heard.
pub(super) struct Speaker {
    pub(super) identity: String,
    pub(super) track_sid: String,
    pub(super) recording: SharedRecording,
    /// The turn's number, so that its transcripts replace each other.
    pub(super) segment: u32,
    /// When the turn that is being heard began,
    pub(super) turn_since: Option<Instant>,
    /// and when the one before, which is over.
    pub(super) last_turn_since: Option<Instant>,
}

/// One conversation. Everything in it ends with it.
pub(super) struct Conversation {
    pub(super) services: Arc<Services>,
    pub(super) room: Room,
    pub(super) track_sid: String,
    pub(super) dialogue: Dialogue,
    pub(super) machine: Machine,
    pub(super) people: People,
    pub(super) principals: Principals,
    pub(super) digits: Digits,
    /// Whose it is; a room without a session has none.
    pub(super) session_id: Option<String>,
    pub(super) listener: Listener,
    pub(super) transfer: Transfer,
    /// A PIN or code that is being said.
    pub(super) said: Option<Said>,
    pub(super) pace: Pace,
    pub(super) speakers: HashMap<SpeakerId, Speaker>,
    pub(super) next_speaker: u32,
    pub(super) transcriptions: HashMap<TranscriptionId, AbortHandle>,
    /// What the agent says or prepares: never two things at once.
    pub(super) speech: Option<Speech>,
    pub(super) trace: Trace,
    /// The first words, in the making before anybody can hear them.
    pub(super) opening: Option<(String, Voice)>,
    pub(super) door: Door,
    pub(super) mouth: mpsc::Sender<Order>,
    pub(super) courier: Courier,
    pub(super) scribe: Scribe,
    pub(super) reports: mpsc::Sender<Report>,
    /// What the agent says, where echo is cancelled.
    pub(super) reference: ReferenceTap,
    inbox: mpsc::Receiver<Report>,
    /// The agent has hung up; the bridge plays the rest and leaves, or else we do.
    pub(super) gone_at: Option<Instant>,
    /// The account may spend no more; it is said as soon as anybody hears it.
    pub(super) is_spent_up: bool,
    pub(super) ending: Option<Ending>,
    /// Ears, mouth, requests.
    pub(super) tasks: JoinSet<()>,
    /// What must end by itself, having said all: courier, scribe and purse.
    closing: JoinSet<()>,
}

impl Conversation {
    pub(super) fn begin(
        services: Arc<Services>,
        room: Room,
        track: LocalAudioTrack,
        claim: &Claim,
        span: Span,
    ) -> Self {
        let now = Instant::now();
        let assistant = &claim.assistant;
        let settings = TurnSettings {
            max_duration: Some(assistant.max_duration),
            ..services.turn.clone()
        };
        let (reports, inbox) = mpsc::channel(INBOX);
        let listener = Listener::default();
        let line = Line {
            reports: reports.clone(),
            listener: listener.clone(),
        };
        let guard = Guard::new(
            toolbox::tools(&services, claim, line),
            claim,
            reports.clone(),
        );
        let (mut tasks, mut closing) = (JoinSet::new(), JoinSet::new());
        let row = claim.row.as_ref();
        let model = services.language_model.clone();
        let model = match row {
            Some(row) => {
                let out_of_minutes = services.out_of_minutes.clone();
                let reports = reports.clone();
                purse::metered(
                    model,
                    row,
                    &services.store,
                    out_of_minutes,
                    reports,
                    &mut closing,
                )
            }
            // A room that nobody announced is nobody's cost.
            None => model,
        };
        let dialogue = Dialogue::resume(
            assistant.clone(),
            model,
            Arc::new(guard),
            jiff::Zoned::now(),
            claim.past.iter().cloned(),
        );
        let spans = Trace::new(span);
        let opening =
            opening::words(&assistant.greeting, &assistant.language, &claim.past).map(|text| {
                let voice = Voice::of_text(&services, assistant, &text, &spans.saying());
                (text, voice)
            });
        let (mouth, orders) = mpsc::channel(ORDERS);
        let courier = Courier::start(&room, &mut closing);
        let scribe = Scribe::start(&services.store, row, reports.clone(), &mut closing);
        let track_sid = track.sid();
        let reference = reference::tap();
        let feed = services
            .cleanup
            .as_ref()
            .is_some_and(|cleanup| cleanup.uses_echo_cancellation)
            .then(|| ReferenceFeed::new(reference.clone()));
        tasks.spawn(Mouth::new(track, orders, reports.clone(), feed).run());
        courier.attribute("lk.agent.state", AgentState::Initializing.as_str());
        Self {
            machine: Machine::new(settings, now),
            people: People::new(now),
            principals: claim.principals.clone(),
            digits: Digits::default(),
            session_id: claim.session_id().map(str::to_owned),
            listener,
            transfer: Transfer::None,
            said: None,
            pace: Pace::default(),
            speakers: HashMap::new(),
            next_speaker: 0,
            transcriptions: HashMap::new(),
            speech: None,
            trace: spans,
            opening,
            door: Door::Closed,
            mouth,
            courier,
            scribe,
            reports,
            reference,
            inbox,
            gone_at: None,
            is_spent_up: false,
            ending: None,
            tasks,
            closing,
            services,
            room,
            track_sid,
            dialogue,
        }
    }

    /// Talks until there is nobody to talk to.
    pub(super) async fn run(
        mut self,
        mut events: RoomEvents,
        stop: CancellationToken,
    ) -> Result<Ending, SessionError> {
        let services = self.services.clone();
        let mut is_closing_down = false;
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        let ending = loop {
            if let Some(ending) = self.ending {
                break Ok(ending);
            }
            let deadline = self.next_deadline();
            if let Some(deadline) = deadline
                && timer.deadline() != deadline.into()
            {
                timer.as_mut().reset(deadline.into());
            }
            tokio::select! {
                biased;
                report = self.inbox.recv() => if let Some(report) = report {
                    self.heard(report);
                },
                event = next_reply_event(&mut self.speech) => self.replied(event),
                () = &mut timer, if deadline.is_some() => self.is_due(Instant::now()),
                event = events.recv() => match event {
                    Some(event) => if let Some(end) = self.room_event(event) {
                        break end;
                    },
                    None => break Ok(Ending::RoomClosed),
                },
                () = stop.cancelled() => break Ok(Ending::Terminated),
                () = services.hand_over.cancelled(), if !is_closing_down => {
                    is_closing_down = true;
                    if is_anybody_else_working(&services).await {
                        break Ok(Ending::HandedOver);
                    }
                    let actions = self.machine.handle(TurnEvent::CloseDown, Instant::now());
                    self.act(actions);
                }
                // Ended tasks are forgotten.
                Some(_) = self.tasks.join_next() => {}
            }
        };
        self.finish(&ending).await;
        ending
    }

    /// Ends what is going on, and lets what was said be written down.
    async fn finish(mut self, ending: &Result<Ending, SessionError>) {
        let now = Instant::now();
        if let Some(speech) = self.speech.take()
            && !matches!(ending, Ok(Ending::Lost))
        {
            self.settle(&speech, true, now);
        }
        self.tasks.shutdown().await;
        drop(self.dialogue);
        drop(self.courier);
        drop(self.scribe);
        let all_said = async { while self.closing.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(2), all_said).await;
        if matches!(ending, Ok(Ending::HungUp | Ending::SpentUp)) && self.people.is_anybody_there()
        {
            // Nobody leaves a call that only the other has ended.
            let deleted = self.services.livekit.delete_room(&self.room.name()).await;
            if let Err(error) = deleted {
                tracing::warn!(%error, "the room stays open");
            }
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        [
            self.machine.next_deadline(),
            self.digits.next_deadline(),
            self.people.leave_at(),
            self.transfer.ends_at(),
            self.door.opens_at(),
            self.gone_at,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn is_due(&mut self, now: Instant) {
        self.transfer_is_due(now);
        if self.people.leave_at().is_some_and(|at| at <= now) {
            self.ending = Some(self.transfer.ending());
        }
        if self.gone_at.is_some_and(|at| at <= now) {
            self.ending = Some(if self.is_spent_up {
                Ending::SpentUp
            } else {
                Ending::HungUp
            });
        }
        if self.door.opens_at().is_some_and(|at| at <= now) {
            self.open(now);
        }
        if let Some((identity, digits)) = self.digits.take(now) {
            self.keyed(identity, &digits, now);
        }
        let actions = self.machine.advance(now);
        self.act(actions);
    }

    pub(super) fn tell_who_can_speak(&mut self, now: Instant) {
        self.listener.set(self.people.only_one());
        let can_speak = self.people.can_anybody_speak();
        let event = TurnEvent::SomebodyCanSpeak(can_speak);
        let actions = self.machine.handle(event, now);
        self.act(actions);
    }

    /// Carries out actions, in order.
    pub(super) fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            self.act_once(action);
        }
    }
}

async fn next_reply_event(speech: &mut Option<Speech>) -> casp_conversation::ReplyEvent {
    match speech {
        Some(speech) => speech.next_reply_event().await,
        None => std::future::pending().await,
    }
}

/// Whether another worker has room for this conversation.
async fn is_anybody_else_working(services: &Services) -> bool {
    let stale = services.liveness.stale_after_ms();
    let capacity =
        casp_store::workers::capacity(&services.store, crate::clock::unix_ms(), stale).await;
    capacity.is_ok_and(|capacity| capacity.free > 0)
}
