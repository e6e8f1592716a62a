//! The worker's loop: offers, jobs, their ends, and its own.

use super::{
    Admission,
    connection::{Connection, News},
    heartbeat::{self, Pulse},
    minutes,
    protocol::{self, JobNews},
    status::Snapshot,
};
use crate::{
    AgentConfig,
    session::{self, Ending, JobRequest, Services},
};
use livekit_protocol::{JobAssignment, WorkerMessage, server_message};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// LiveKit forgets a load that is older than a few seconds.
const LOAD_INTERVAL: Duration = Duration::from_millis(2_500);
/// How long a conversation that was told to end may take to say so and to leave its room.
const LEAVING: Duration = Duration::from_secs(12);
/// Messages for the server that wait. A burst of answers fits; when it is full, one is lost: an offer then runs
/// out at the server, and reports are repeated.
const OUTGOING: usize = 1_024;

/// A running conversation.
struct Job {
    id: String,
    stop: CancellationToken,
}

/// The worker.
pub(crate) struct Worker {
    config: Arc<AgentConfig>,
    services: Arc<Services>,
    admission: Admission,
    outgoing: mpsc::Sender<WorkerMessage>,
    news: mpsc::Receiver<News>,
    is_registered: bool,
    tasks: JoinSet<Result<Ending, session::SessionError>>,
    jobs: HashMap<Id, Job>,
    pulse: watch::Sender<Pulse>,
    /// Ends by itself when `outgoing` is dropped.
    connection: AbortOnDropHandle<()>,
    heartbeat: AbortOnDropHandle<()>,
    _fallback: AbortOnDropHandle<()>,
    _minutes: AbortOnDropHandle<()>,
}

impl Worker {
    pub(crate) fn start(config: AgentConfig) -> Self {
        let config = Arc::new(config);
        let (refused, out_of_minutes) = watch::channel(Arc::default());
        let services = Arc::new(Services::new(&config, out_of_minutes));
        let (outgoing, outgoing_seen) = mpsc::channel(OUTGOING);
        let (news_in, news) = mpsc::channel(64);
        let connection = Connection {
            livekit: config.livekit.clone(),
            agent_name: config.agent_name.clone(),
            news: news_in,
            outgoing: outgoing_seen,
        };
        let (pulse, pulse_seen) = watch::channel(Pulse::default());
        let (has_begun, first_beat) = oneshot::channel();
        let connect = async move {
            // Callers are let in by the signs of life: a worker that is ready is known.
            let _ = first_beat.await;
            connection.run().await;
        };
        Self {
            admission: Admission::new(config.max_jobs as usize),
            connection: AbortOnDropHandle::new(tokio::spawn(connect)),
            heartbeat: AbortOnDropHandle::new(tokio::spawn(heartbeat::beat(
                config.clone(),
                pulse_seen,
                has_begun,
            ))),
            _fallback: AbortOnDropHandle::new(tokio::spawn(
                services
                    .fallback
                    .clone()
                    .render(config.text_to_speech.clone()),
            )),
            _minutes: AbortOnDropHandle::new(tokio::spawn(minutes::look(config.clone(), refused))),
            config,
            services,
            outgoing,
            news,
            is_registered: false,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            pulse,
        }
    }

    /// Works until `shutdown`, then finishes its conversations, for `drain_timeout` at most.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut load = tokio::time::interval(LOAD_INTERVAL);
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.next(&mut load) => {}
            }
        }
        self.drain(&mut load).await;
        self.leave().await;
    }

    /// One thing that happens. Cancel safe.
    async fn next(&mut self, load: &mut tokio::time::Interval) {
        let expiry = self.admission.next_expiry();
        let expired = async {
            match expiry {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Offers first: they are answered at once.
            biased;
            Some(news) = self.news.recv() => self.heard(news),
            Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            () = expired => if self.admission.expire(Instant::now()) {
                tracing::info!("a job that was accepted was given to nobody; its place is free again");
                self.report();
            },
            _ = load.tick() => self.report(),
        }
    }

    fn heard(&mut self, news: News) {
        match news {
            News::Registered => {
                tracing::info!(agent_name = self.config.agent_name, "registered worker");
                self.is_registered = true;
                self.report();
                let running: Vec<_> = self.jobs.values().map(|job| job.id.clone()).collect();
                for job in running {
                    self.send(protocol::update_job(&job, JobNews::Running));
                }
            }
            News::Lost => {
                self.is_registered = false;
                self.report();
            }
            News::Message(message) => self.told(*message),
        }
    }

    fn told(&mut self, message: server_message::Message) {
        match message {
            server_message::Message::Availability(offer) => {
                let Some(job) = offer.job else { return };
                let is_accepted = self.admission.offer(&job.id, Instant::now());
                self.send(protocol::availability(&job.id, is_accepted));
                self.report();
                metrics::counter!("casp_agent_offers_total", "accepted" => is_accepted.to_string())
                    .increment(1);
            }
            server_message::Message::Assignment(assignment) => self.begin(assignment),
            server_message::Message::Termination(termination) => {
                let job = self.jobs.values().find(|job| job.id == termination.job_id);
                if let Some(job) = job {
                    tracing::info!(job = job.id, "the server ends the job");
                    job.stop.cancel();
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, assignment: JobAssignment) {
        let Some(job) = assignment.job else { return };
        if !self.admission.assign(&job.id, Instant::now()) {
            tracing::warn!(
                job = job.id,
                "assigned after its reservation, and there is no place left"
            );
            let error = "no place left".to_owned();
            self.send(protocol::update_job(&job.id, JobNews::Failed(error)));
            return;
        }
        let stop = CancellationToken::new();
        let request = JobRequest {
            id: job.id.clone(),
            room: job.room.map(|room| room.name).unwrap_or_default(),
            url: assignment
                .url
                .filter(|url| !url.is_empty())
                .unwrap_or_else(|| self.config.livekit.ws_url().to_owned()),
            token: assignment.token,
        };
        tracing::info!(job = job.id, room = request.room, "job begins");
        let services = self.services.clone();
        let conversation = session::run(services, request, stop.clone());
        let task = self.tasks.spawn(conversation);
        self.send(protocol::update_job(&job.id, JobNews::Running));
        let id = job.id;
        self.jobs.insert(task.id(), Job { id, stop });
        self.report();
    }

    /// A conversation is over; a panic in it is its own affair.
    fn ended(&mut self, ended: Result<(Id, Result<Ending, session::SessionError>), JoinError>) {
        let (task, news) = match ended {
            Ok((task, Ok(ending))) => {
                tracing::info!(?ending, "job ends");
                (task, JobNews::Succeeded)
            }
            Ok((task, Err(error))) => {
                tracing::error!(%error, "job failed");
                (task, JobNews::Failed(error.to_string()))
            }
            Err(error) => {
                tracing::error!(%error, "a conversation ended by a defect; the others go on");
                (error.id(), JobNews::Failed("internal error".to_owned()))
            }
        };
        let result = if news == JobNews::Succeeded {
            "success"
        } else {
            "failed"
        };
        metrics::counter!("casp_agent_jobs_total", "result" => result).increment(1);
        if let Some(job) = self.jobs.remove(&task) {
            self.admission.release(&job.id);
            self.send(protocol::update_job(&job.id, news));
            self.report();
        }
    }

    /// Tells everybody how the worker stands.
    fn report(&self) {
        let admission = &self.admission;
        self.send(protocol::update_worker(
            admission.load(),
            admission.used(),
            admission.is_full(),
            admission.is_draining(),
        ));
        let (jobs, is_draining) = (self.jobs.len(), admission.is_draining());
        self.config.status.set(Snapshot {
            is_registered: self.is_registered,
            is_draining,
            jobs,
        });
        self.pulse.send_replace(Pulse { jobs, is_draining });
        metrics::gauge!("casp_agent_jobs").set(jobs as f64);
    }

    fn send(&self, message: WorkerMessage) {
        if self.outgoing.try_send(message).is_err() {
            tracing::warn!("LiveKit's server does not read what the worker says");
        }
    }

    async fn drain(&mut self, load: &mut tokio::time::Interval) {
        self.admission.drain();
        self.report();
        let jobs = self.jobs.len();
        tracing::info!(jobs, "draining: no more jobs, the running ones finish");
        let deadline = tokio::time::Instant::now() + self.config.drain_timeout;
        while !self.jobs.is_empty() {
            tokio::select! {
                () = self.next(load) => {}
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        if self.jobs.is_empty() {
            return;
        }
        tracing::warn!(
            jobs = self.jobs.len(),
            "draining took too long; leaving the rest"
        );
        self.services.hand_over.cancel();
        let deadline = tokio::time::Instant::now() + LEAVING;
        while !self.jobs.is_empty() {
            tokio::select! {
                () = self.next(load) => {}
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        self.tasks.shutdown().await;
    }

    async fn leave(self) {
        // The connection sends what waits and closes.
        drop(self.outgoing);
        let _ = tokio::time::timeout(Duration::from_secs(2), self.connection).await;
        drop(self.heartbeat);
        let removed = casp_store::workers::remove(&self.config.store, &self.config.worker_id).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "the worker's row stays until it is stale");
        }
        self.config.status.set(Snapshot::default());
    }
}
