use crate::databases::on_both;
use casp_store::{
    StoreError,
    sessions::{self, Admission, Direction},
    workers::{self, Heartbeat},
};
use tokio::task::JoinSet;

const STALE_MS: i64 = 2_000;

async fn free_places(store: &casp_store::Store, free: i64) {
    let beat = Heartbeat {
        worker_id: "w1".into(),
        jobs: 0,
        max_jobs: free,
        is_draining: false,
    };
    workers::heartbeat(store, &beat, 1_000).await.unwrap();
}

on_both! {
    async fn of_fifty_calls_at_once_as_many_are_admitted_as_there_are_places(db: TestDatabase) {
        free_places(&db.store, 20).await;
        let second = db.second_process().await;
        let mut calls = JoinSet::new();
        for n in 0..50 {
            let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
            let new = db.phone(&format!("CA{n}"));
            calls.spawn(async move { sessions::admit(&store, &new, 1_000, STALE_MS).await.unwrap() });
        }
        let answers = calls.join_all().await;
        let admitted = answers.iter().filter(|answer| matches!(answer, Admission::Admitted(_))).count();
        assert_eq!(admitted, 20);
        assert_eq!(sessions::list_live(&db.store, None).await.unwrap().len(), 20);
        assert_eq!(workers::capacity(&db.store, 1_000, STALE_MS).await.unwrap().free, 0);
    }

    async fn a_call_that_is_announced_again_keeps_its_place_though_all_are_taken(db: TestDatabase) {
        free_places(&db.store, 1).await;
        for _ in 0..2 {
            let answer = sessions::admit(&db.store, &db.phone("CA1"), 1_000, STALE_MS).await.unwrap();
            let Admission::Admitted(session) = answer else { panic!("full") };
            assert_eq!((session.id.as_str(), session.direction), ("phone-CA1", Direction::Inbound));
        }
        let other = sessions::admit(&db.store, &db.phone("CA2"), 1_000, STALE_MS).await.unwrap();
        assert!(matches!(other, Admission::Full));
        assert!(sessions::get(&db.store, "phone-CA2").await.unwrap().is_none());
    }

    async fn a_call_that_has_ended_is_not_admitted_again(db: TestDatabase) {
        free_places(&db.store, 5).await;
        sessions::admit(&db.store, &db.phone("CA1"), 1_000, STALE_MS).await.unwrap();
        sessions::end(&db.store, "phone-CA1", "completed", 1_001).await.unwrap();
        let again = sessions::admit(&db.store, &db.phone("CA1"), 1_002, STALE_MS).await;
        assert!(matches!(again, Err(StoreError::SessionEnded)), "{again:?}");
    }

    async fn a_call_of_ours_holds_its_place_while_it_rings_and_needs_no_room_yet(db: TestDatabase) {
        free_places(&db.store, 1).await;
        let session = sessions::announce_outbound(&db.store, &db.phone("CA1"), 1_000).await.unwrap();
        assert_eq!(session.direction, Direction::Outbound);
        free_places(&db.store, 1).await;
        let later = 1_000 + 60_000;
        let beat = Heartbeat { worker_id: "w1".into(), jobs: 0, max_jobs: 1, is_draining: false };
        workers::heartbeat(&db.store, &beat, later).await.unwrap();
        assert_eq!(workers::capacity(&db.store, later, STALE_MS).await.unwrap().free, 0);
        assert!(sessions::page_live(&db.store, later, "", 10).await.unwrap().is_empty());
        sessions::activate(&db.store, "phone-CA1").await.unwrap();
        assert_eq!(sessions::page_live(&db.store, later, "", 10).await.unwrap().len(), 1);
    }
}
