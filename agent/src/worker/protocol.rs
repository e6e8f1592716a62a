//! The messages of LiveKit's worker protocol.

use livekit_protocol::{
    AvailabilityResponse, JobStatus, JobType, ParticipantPermission, RegisterWorkerRequest,
    UpdateJobStatus, UpdateWorkerStatus, WorkerMessage, WorkerPing, WorkerStatus,
    worker_message::Message,
};
use std::time::Duration;

/// Every agent's identity: LiveKit evicts a duplicate, so that a room never has two voices.
pub(super) const IDENTITY: &str = "agent";
/// How often the connection is tried.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(10);

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JobNews {
    Running,
    Succeeded,
    Failed(String),
}

fn message(message: Message) -> WorkerMessage {
    WorkerMessage {
        message: Some(message),
    }
}

pub(super) fn register(agent_name: &str) -> WorkerMessage {
    message(Message::Register(RegisterWorkerRequest {
        r#type: JobType::JtRoom as i32,
        agent_name: agent_name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ping_interval: PING_INTERVAL.as_secs() as u32,
        allowed_permissions: Some(ParticipantPermission {
            can_subscribe: true,
            can_publish: true,
            can_publish_data: true,
            can_update_metadata: true,
            ..Default::default()
        }),
        ..Default::default()
    }))
}

pub(super) fn availability(job_id: &str, is_available: bool) -> WorkerMessage {
    message(Message::Availability(AvailabilityResponse {
        job_id: job_id.to_owned(),
        available: is_available,
        participant_identity: IDENTITY.to_owned(),
        participant_name: "Agent".to_owned(),
        ..Default::default()
    }))
}

pub(super) fn update_worker(
    load: f32,
    jobs: usize,
    is_full: bool,
    is_draining: bool,
) -> WorkerMessage {
    let status = if is_full {
        WorkerStatus::WsFull
    } else {
        WorkerStatus::WsAvailable
    };
    message(Message::UpdateWorker(UpdateWorkerStatus {
        status: Some(status as i32),
        load,
        job_count: u32::try_from(jobs).unwrap_or(u32::MAX),
        draining: is_draining,
        ..Default::default()
    }))
}

pub(super) fn update_job(job_id: &str, news: JobNews) -> WorkerMessage {
    let (status, error) = match news {
        JobNews::Running => (JobStatus::JsRunning, String::new()),
        JobNews::Succeeded => (JobStatus::JsSuccess, String::new()),
        JobNews::Failed(error) => (JobStatus::JsFailed, error),
    };
    message(Message::UpdateJob(UpdateJobStatus {
        job_id: job_id.to_owned(),
        status: status as i32,
        error,
    }))
}

pub(super) fn ping(unix_ms: i64) -> WorkerMessage {
    message(Message::Ping(WorkerPing { timestamp: unix_ms }))
}
