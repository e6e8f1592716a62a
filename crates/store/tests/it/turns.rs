use crate::databases::on_both;
use casp_store::{
    sessions,
    turns::{self, Turn},
};

fn said(role: &str, text: &str) -> Turn {
    Turn {
        position: 0,
        role: role.into(),
        text: text.into(),
        was_interrupted: role == "assistant",
        timings: serde_json::json!({"total_ms": 412}),
        at_ms: 5,
    }
}

on_both! {
    async fn turns_come_back_in_order(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let epoch = sessions::claim_agent(&db.store, &id, "w1", 0, 2_000).await.unwrap().unwrap();
        assert_eq!(turns::append(&db.store, &id, epoch, &said("user", "Grüezi 👋")).await.unwrap(), Some(0));
        assert_eq!(turns::append(&db.store, &id, epoch, &said("assistant", "Hello")).await.unwrap(), Some(1));
        let all = turns::list(&db.store, &id).await.unwrap();
        assert_eq!(all.iter().map(|t| t.text.as_str()).collect::<Vec<_>>(), ["Grüezi 👋", "Hello"]);
        assert_eq!((all[1].position, all[1].was_interrupted, all[0].was_interrupted), (1, true, false));
        assert_eq!(all[1].timings["total_ms"], 412);
        let latest = turns::latest(&db.store, &id, 1).await.unwrap();
        assert_eq!((latest.len(), latest[0].position), (1, 1));
        assert!(turns::list(&db.store, "phone-CAunknown").await.unwrap().is_empty());
    }

    async fn who_lost_the_session_writes_nothing_more(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let old = sessions::claim_agent(&db.store, &id, "w1", 0, 2_000).await.unwrap().unwrap();
        let new = sessions::claim_agent(&db.store, &id, "w2", 9_000, 2_000).await.unwrap().unwrap();
        assert_eq!(turns::append(&db.store, &id, old, &said("user", "late")).await.unwrap(), None);
        assert_eq!(turns::append(&db.store, &id, new, &said("user", "mine")).await.unwrap(), Some(0));
    }

    async fn the_last_words_are_kept_after_the_hang_up(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let epoch = sessions::claim_agent(&db.store, &id, "w1", 0, 2_000).await.unwrap().unwrap();
        sessions::end(&db.store, &id, "completed", 1).await.unwrap();
        assert_eq!(turns::append(&db.store, &id, epoch, &said("user", "bye")).await.unwrap(), Some(0));
    }

    async fn turns_written_at_once_get_different_positions(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let epoch = sessions::claim_agent(&db.store, &id, "w1", 0, 2_000).await.unwrap().unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (store, id) = (db.store.clone(), id.clone());
            tasks.spawn(async move {
                turns::append(&store, &id, epoch, &said("tool", "x")).await.unwrap().unwrap()
            });
        }
        let mut positions = tasks.join_all().await;
        positions.sort_unstable();
        assert_eq!(positions, (0..8).collect::<Vec<i64>>());
    }
}
