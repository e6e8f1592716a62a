use crate::databases::on_both;
use casp_store::{
    Store, sessions,
    workers::{self, Capacity, Heartbeat},
};

const STALE_MS: i64 = 2_000;

async fn beat(store: &Store, worker_id: &str, jobs: i64, is_draining: bool, now_ms: i64) {
    let beat = Heartbeat {
        worker_id: worker_id.into(),
        jobs,
        max_jobs: 10,
        is_draining,
    };
    workers::heartbeat(store, &beat, now_ms).await.unwrap();
}

async fn capacity(store: &Store, now_ms: i64) -> (i64, i64) {
    let Capacity { workers, free } = workers::capacity(store, now_ms, STALE_MS).await.unwrap();
    (workers, free)
}

on_both! {
    async fn without_workers_there_is_no_room(db: TestDatabase) {
        assert_eq!(capacity(&db.store, 0).await, (0, 0));
    }

    async fn room_is_what_live_workers_that_do_not_drain_have_left(db: TestDatabase) {
        beat(&db.store, "w1", 3, false, 10_000).await;
        beat(&db.store, "w2", 10, false, 10_000).await;
        beat(&db.store, "w3", 0, true, 10_000).await;
        beat(&db.store, "dead", 0, false, 7_999).await;
        assert_eq!(capacity(&db.store, 10_000).await, (3, 7));
        beat(&db.store, "w2", 12, false, 10_000).await;
        assert_eq!(capacity(&db.store, 10_000).await, (3, 7), "one over its limit takes nobody else's places");
        workers::remove(&db.store, "w1").await.unwrap();
        assert_eq!(capacity(&db.store, 10_000).await, (2, 0));
    }

    async fn calls_since_the_last_heartbeat_count_too(db: TestDatabase) {
        beat(&db.store, "w1", 8, false, 0).await;
        db.announced("CA1").await;
        assert_eq!(capacity(&db.store, 1).await, (1, 1), "announced, soon somebody's job");
        db.announced("CA2").await;
        db.announced("CA3").await;
        assert_eq!(capacity(&db.store, 1).await, (1, 0));
        sessions::set_wants_agent(&db.store, "phone-CA3", false).await.unwrap();
        sessions::claim_agent(&db.store, "phone-CA1", "w1", 1, STALE_MS).await.unwrap().unwrap();
        sessions::end(&db.store, "phone-CA2", "completed", 1).await.unwrap();
        assert_eq!(capacity(&db.store, 1).await, (1, 2), "claimed: among the jobs the worker tells of");
        beat(&db.store, "w1", 0, false, 1).await;
        assert_eq!(capacity(&db.store, 1).await, (1, 9), "claimed, but not in its last heartbeat");
    }

    async fn a_session_that_nobody_took_for_long_takes_no_place(db: TestDatabase) {
        db.announced("CA1").await;
        beat(&db.store, "w1", 0, false, 20_000).await;
        assert_eq!(capacity(&db.store, 20_000).await, (1, 10));
    }

    async fn a_worker_that_leaves_lets_its_sessions_go(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        beat(&db.store, "w1", 0, false, 0).await;
        sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap().unwrap();
        workers::remove(&db.store, "w1").await.unwrap();
        assert!(sessions::claim_agent(&db.store, &id, "w2", 1, STALE_MS).await.unwrap().is_some());
    }

    async fn dead_workers_are_forgotten_when_their_sessions_are_gone(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        beat(&db.store, "w1", 0, false, 0).await;
        sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap().unwrap();
        assert_eq!(workers::purge(&db.store, 5_000).await.unwrap(), 0);
        sessions::end(&db.store, &id, "completed", 1).await.unwrap();
        assert_eq!(workers::purge(&db.store, 5_000).await.unwrap(), 1);
    }
}
