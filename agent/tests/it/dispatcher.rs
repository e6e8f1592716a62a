//! LiveKit's agent dispatch, played by the test: speaks the worker protocol over a WebSocket.

use crate::rig::within;
use futures_util::{SinkExt, StreamExt};
use livekit_protocol::{
    AvailabilityRequest, AvailabilityResponse, Job, JobAssignment, JobTermination, JobType,
    RegisterWorkerResponse, Room, ServerMessage, UpdateJobStatus, UpdateWorkerStatus,
    WorkerMessage, server_message, worker_message,
};
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

/// Waits for workers.
pub(crate) struct Dispatcher {
    listener: TcpListener,
}

/// A worker that has registered.
pub(crate) struct Registered {
    socket: WebSocketStream<TcpStream>,
    pub(crate) agent_name: String,
}

impl Dispatcher {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    /// Whoever connects is sent away, for ever.
    pub(crate) async fn refuse_everybody(&self) {
        loop {
            let (stream, _) = self.listener.accept().await.unwrap();
            drop(stream);
        }
    }

    /// The next worker that connects, after its registration.
    pub(crate) async fn worker(&self) -> Registered {
        let (stream, _) = within("a connection", self.listener.accept())
            .await
            .unwrap();
        // The signature is tungstenite's.
        #[allow(clippy::result_large_err)]
        let check = |request: &Request, response: Response| {
            assert_eq!(request.uri().to_string(), "/agent?protocol=1");
            let token = request.headers()["authorization"].to_str().unwrap();
            assert!(token.starts_with("Bearer ey"), "a JWT");
            Ok(response)
        };
        let mut worker = Registered {
            socket: accept_hdr_async(stream, check).await.unwrap(),
            agent_name: String::new(),
        };
        let worker_message::Message::Register(register) = worker.next().await else {
            panic!("registers first");
        };
        assert_eq!(register.r#type, JobType::JtRoom as i32);
        assert!(register.allowed_permissions.unwrap().can_publish);
        worker.agent_name = register.agent_name;
        let response = RegisterWorkerResponse {
            worker_id: "AW_test".into(),
            ..Default::default()
        };
        worker
            .send(server_message::Message::Register(response))
            .await;
        worker
    }
}

impl Registered {
    async fn send(&mut self, message: server_message::Message) {
        let message = ServerMessage {
            message: Some(message),
        };
        let bytes = message.encode_to_vec();
        let message = Message::Binary(bytes.into());
        self.socket.send(message).await.unwrap();
    }

    /// The worker's next message, pings aside.
    async fn next(&mut self) -> worker_message::Message {
        loop {
            let message = within("a message", self.socket.next()).await.unwrap();
            let Message::Binary(bytes) = message.unwrap() else {
                continue;
            };
            match WorkerMessage::decode(bytes).unwrap().message.unwrap() {
                worker_message::Message::Ping(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn offer(&mut self, job: &str) {
        let offer = AvailabilityRequest {
            job: Some(job_of(job)),
            resuming: false,
        };
        self.send(server_message::Message::Availability(offer))
            .await;
    }

    pub(crate) async fn assign(&mut self, job: &str) {
        let assignment = JobAssignment {
            job: Some(job_of(job)),
            url: None,
            token: "a token of nowhere".into(),
        };
        self.send(server_message::Message::Assignment(assignment))
            .await;
    }

    pub(crate) async fn terminate(&mut self, job: &str) {
        let termination = JobTermination { job_id: job.into() };
        self.send(server_message::Message::Termination(termination))
            .await;
    }

    pub(crate) async fn answer(&mut self) -> AvailabilityResponse {
        loop {
            if let worker_message::Message::Availability(answer) = self.next().await {
                return answer;
            }
        }
    }

    pub(crate) async fn job_update(&mut self) -> UpdateJobStatus {
        loop {
            if let worker_message::Message::UpdateJob(update) = self.next().await {
                return update;
            }
        }
    }

    /// The next report that is as wanted.
    pub(crate) async fn report(
        &mut self,
        wanted: impl Fn(&UpdateWorkerStatus) -> bool,
    ) -> UpdateWorkerStatus {
        loop {
            if let worker_message::Message::UpdateWorker(report) = self.next().await
                && wanted(&report)
            {
                return report;
            }
        }
    }

    pub(crate) async fn hang_up(mut self) {
        self.socket.close(None).await.unwrap();
    }

    /// Waits until the worker closes the connection.
    pub(crate) async fn until_closed(mut self) {
        within("the end", async {
            while let Some(Ok(message)) = self.socket.next().await {
                if matches!(message, Message::Close(_)) {
                    return;
                }
            }
        })
        .await;
    }
}

fn job_of(id: &str) -> Job {
    Job {
        id: id.into(),
        r#type: JobType::JtRoom as i32,
        room: Some(Room {
            name: format!("room-of-{id}"),
            ..Default::default()
        }),
        ..Default::default()
    }
}
