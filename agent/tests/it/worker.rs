//! The worker, to the letter of LiveKit's protocol.

use crate::{
    dispatcher::Dispatcher,
    livekit::livekit_at,
    rig::{Rig, Running, STALE_AFTER, eventually, unix_ms, within},
};
use casp_agent::{AgentConfig, AgentError};
use casp_store::workers;
use livekit_protocol::{JobStatus, WorkerStatus};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

async fn begin(max_jobs: u32) -> (Dispatcher, Rig, Running) {
    let (dispatcher, rig) = (Dispatcher::start().await, Rig::new().await);
    let config = AgentConfig {
        max_jobs,
        agent_name: "receptionist".into(),
        ..rig.config(livekit_at(&dispatcher.url()), "w1")
    };
    let running = Running::begin(config);
    (dispatcher, rig, running)
}

#[tokio::test]
async fn a_burst_of_200_offers_gets_exactly_as_many_places_as_there_are() {
    let (dispatcher, _rig, _running) = begin(7).await;
    let mut worker = dispatcher.worker().await;
    assert_eq!(worker.agent_name, "receptionist");
    for job in 0..200 {
        worker.offer(&format!("AJ_{job}")).await;
    }
    let mut accepted = 0;
    for job in 0..200 {
        let answer = worker.answer().await;
        assert_eq!(answer.job_id, format!("AJ_{job}"));
        if answer.available {
            accepted += 1;
            assert_eq!(answer.participant_identity, "agent");
        }
    }
    assert_eq!(accepted, 7);
    let full = worker.report(|report| report.load > 0.99).await;
    assert_eq!(full.status, Some(WorkerStatus::WsFull as i32));
    assert_eq!(full.job_count, 7);
}

#[tokio::test]
async fn an_offer_is_answered_at_once() {
    let (dispatcher, _rig, _running) = begin(100).await;
    let mut worker = dispatcher.worker().await;
    worker.report(|_| true).await;
    let mut times = Vec::new();
    for job in 0..20 {
        let asked = Instant::now();
        worker.offer(&format!("AJ_{job}")).await;
        worker.answer().await;
        times.push(asked.elapsed());
    }
    times.sort();
    let median = times[10];
    assert!(median < Duration::from_millis(50), "{median:?}");
}

#[tokio::test]
async fn load_is_jobs_over_the_limit_and_below_the_servers_target_while_there_is_room() {
    let (dispatcher, _rig, _running) = begin(2).await;
    let mut worker = dispatcher.worker().await;
    let idle = worker.report(|_| true).await;
    assert!(idle.load.abs() < f32::EPSILON);
    assert_eq!(idle.status, Some(WorkerStatus::WsAvailable as i32));
    worker.offer("AJ_1").await;
    let half = worker.report(|report| report.job_count == 1).await;
    assert!((0.3..0.7).contains(&half.load));
    worker.offer("AJ_2").await;
    worker.report(|report| report.load > 0.99).await;
}

#[tokio::test]
async fn a_job_that_fails_is_reported_and_its_place_is_free_again() {
    let (dispatcher, _rig, _running) = begin(1).await;
    let mut worker = dispatcher.worker().await;
    worker.offer("AJ_1").await;
    assert!(worker.answer().await.available);
    // There is no room behind this token.
    worker.assign("AJ_1").await;
    let running = worker.job_update().await;
    assert_eq!(running.status, JobStatus::JsRunning as i32);
    let update = tokio::select! {
        update = worker.job_update() => update,
        () = dispatcher.refuse_everybody() => unreachable!(),
    };
    assert_eq!(update.job_id, "AJ_1");
    assert_eq!(update.status, JobStatus::JsFailed as i32);
    assert!(!update.error.is_empty());
    worker.report(|report| report.job_count == 0).await;
    worker.offer("AJ_2").await;
    assert!(worker.answer().await.available);
}

#[tokio::test]
async fn a_job_that_the_server_ends_is_over() {
    let (dispatcher, _rig, running) = begin(1).await;
    let mut worker = dispatcher.worker().await;
    worker.offer("AJ_1").await;
    worker.assign("AJ_1").await;
    worker.job_update().await;
    within("the job", running.status.has_jobs(1)).await;
    // It is trying to join, and nobody answers.
    worker.terminate("AJ_1").await;
    let update = worker.job_update().await;
    assert_eq!(update.status, JobStatus::JsSuccess as i32);
}

#[tokio::test]
async fn a_lost_connection_comes_back() {
    let (dispatcher, _rig, running) = begin(3).await;
    let worker = dispatcher.worker().await;
    within("registration", running.status.registered()).await;
    worker.hang_up().await;
    let mut worker = dispatcher.worker().await;
    worker.report(|report| report.job_count == 0).await;
    worker.offer("AJ_1").await;
    assert!(worker.answer().await.available);
}

#[tokio::test]
async fn a_draining_worker_says_so_takes_nothing_and_leaves() {
    let (dispatcher, rig, mut running) = begin(3).await;
    let mut worker = dispatcher.worker().await;
    eventually("the heartbeat", async || {
        let capacity = workers::capacity(&rig.store, unix_ms(), STALE_AFTER.as_millis() as i64)
            .await
            .unwrap();
        (capacity.workers == 1 && capacity.free == 3).then_some(())
    })
    .await;
    running.shutdown.cancel();
    let last = worker.report(|report| report.load > 0.99).await;
    assert!(last.draining);
    assert_eq!(last.status, Some(WorkerStatus::WsFull as i32));
    worker.until_closed().await;
    within("the end", &mut running.task).await.unwrap().unwrap();
    let capacity = workers::capacity(&rig.store, unix_ms(), STALE_AFTER.as_millis() as i64)
        .await
        .unwrap();
    assert_eq!(capacity.workers, 0, "its row is gone");
}

#[tokio::test]
async fn a_worker_without_places_is_refused() {
    let rig = Rig::new().await;
    let config = AgentConfig {
        max_jobs: 0,
        ..rig.config(livekit_at("ws://127.0.0.1:9"), "w1")
    };
    let result = casp_agent::run(config, CancellationToken::new()).await;
    assert!(matches!(result, Err(AgentError::NoPlaces)));
}
