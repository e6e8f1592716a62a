//! The kinds of work, and who does it.

use super::{JobFailure, backoff::Backoff};
use crate::{
    ControlApi,
    accounts::{SEND_MAIL_JOB, send_mail},
    identities::{self, SEND_CODE},
    oauth, recordings, scheduled_calls, transcripts, webhooks,
};
use casp_store::{
    call_codes::CALL_CODE_JOB, connections::REVOCATION_JOB, jobs::ClaimedJob,
    scheduled_calls::SCHEDULED_CALL_JOB, transcripts::READY_JOB, webhooks::DELIVERY_JOB,
};
use std::time::Duration;

/// A kind of work.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its name in the store.
    pub(super) name: &'static str,
    /// Jobs of it that this process works on at once.
    pub(super) at_once: usize,
    /// An attempt that takes longer has failed.
    pub(super) timeout: Duration,
    /// How long to wait after an attempt that failed.
    pub(super) backoff: Backoff,
}

/// Twilio's files and transcripts: 10 s, 30 s, 90 s, … 1 h
const TWILIO_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(10),
    factor: 3,
    longest: Duration::from_hours(1),
};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: SCHEDULED_CALL_JOB,
        at_once: 8,
        timeout: Duration::from_secs(30),
        backoff: Backoff {
            first: Duration::from_secs(2),
            factor: 2,
            longest: Duration::from_mins(1),
        },
    },
    Kind {
        name: DELIVERY_JOB,
        at_once: 32,
        timeout: Duration::from_secs(20),
        // 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, 10 h, 10 h
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            longest: Duration::from_hours(10),
        },
    },
    Kind {
        name: REVOCATION_JOB,
        at_once: 8,
        timeout: Duration::from_secs(20),
        // 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 3 h, …: for about a day
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            longest: Duration::from_hours(3),
        },
    },
    Kind {
        name: recordings::FETCH_JOB,
        at_once: 4,
        timeout: Duration::from_mins(30),
        backoff: TWILIO_BACKOFF,
    },
    Kind {
        name: recordings::DELETE_JOB,
        at_once: 4,
        timeout: Duration::from_mins(1),
        backoff: TWILIO_BACKOFF,
    },
    Kind {
        name: transcripts::CREATE_JOB,
        at_once: 8,
        timeout: Duration::from_mins(1),
        backoff: TWILIO_BACKOFF,
    },
    Kind {
        name: transcripts::FETCH_JOB,
        at_once: 8,
        timeout: Duration::from_mins(5),
        backoff: TWILIO_BACKOFF,
    },
    Kind {
        name: READY_JOB,
        at_once: 8,
        timeout: Duration::from_secs(30),
        backoff: Backoff {
            first: Duration::from_secs(2),
            factor: 2,
            longest: Duration::from_mins(1),
        },
    },
    Kind {
        name: SEND_MAIL_JOB,
        at_once: 4,
        timeout: Duration::from_secs(30),
        backoff: Backoff {
            first: Duration::from_secs(2),
            factor: 4,
            longest: Duration::from_mins(10),
        },
    },
    Kind {
        name: CALL_CODE_JOB,
        at_once: 8,
        timeout: Duration::from_secs(15),
        // Somebody holds the line for it.
        backoff: Backoff {
            first: Duration::from_secs(1),
            factor: 2,
            longest: Duration::from_secs(4),
        },
    },
    Kind {
        name: SEND_CODE,
        at_once: 8,
        timeout: Duration::from_secs(30),
        // Somebody waits for it.
        backoff: Backoff {
            first: Duration::from_secs(2),
            factor: 4,
            longest: Duration::from_secs(30),
        },
    },
];

/// Does the work. To be begun more than once is every job's lot: see `docs/jobs.md`.
pub(super) async fn handle(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    match job.kind.as_str() {
        SCHEDULED_CALL_JOB => scheduled_calls::place(api, job).await,
        DELIVERY_JOB => webhooks::deliver(api, job).await,
        REVOCATION_JOB => oauth::revoke(api, job).await,
        recordings::FETCH_JOB => recordings::fetch_job(api, job).await,
        recordings::DELETE_JOB => recordings::delete_job(api, job).await,
        transcripts::CREATE_JOB => transcripts::create_job(api, job).await,
        transcripts::FETCH_JOB => transcripts::fetch_job(api, job).await,
        READY_JOB => transcripts::ready_job(api, job).await,
        SEND_MAIL_JOB => send_mail(api, job).await,
        CALL_CODE_JOB => identities::send_call_code(api, job).await,
        SEND_CODE => identities::send_code(api, job).await,
        kind => Err(JobFailure::Dead(format!("nobody does {kind}"))),
    }
}
