use crate::databases::on_both;
use casp_store::{
    call_codes::{self, CodeState, SentBy},
    pins, sessions,
};

on_both! {
    async fn a_code_is_good_for_its_time_three_attempts_and_once(db: TestDatabase) {
        let (store, id) = (&db.store, db.announced("CA1").await.id);
        let second = db.second_process().await;
        assert_eq!(call_codes::state(store, &id).await.unwrap(), None);
        assert!(call_codes::want(store, db.account, &id, 1).await.unwrap());
        assert_eq!(call_codes::state(store, &id).await.unwrap(), Some(CodeState::Wanted));
        assert!(call_codes::set(store, &id, "hash", 100, 3).await.unwrap());
        assert_eq!(call_codes::take_attempt(store, &id, 2).await.unwrap(), None, "it was not sent yet");
        call_codes::settle(store, &id, Some(SentBy::Email)).await.unwrap();
        assert_eq!(call_codes::state(store, &id).await.unwrap(), Some(CodeState::Sent(SentBy::Email)));
        assert!(!call_codes::set(store, &id, "another", 100, 3).await.unwrap(), "that one is on its way");
        assert_eq!(call_codes::take_attempt(store, &id, 100).await.unwrap(), None, "its time is over");
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..10 {
            let store = if n % 2 == 0 { store.clone() } else { second.clone() };
            let id = id.clone();
            tasks.spawn(async move { call_codes::take_attempt(&store, &id, 2).await.unwrap() });
        }
        let granted = tasks.join_all().await.into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(granted, ["hash"; 3]);
        let (a, b) = tokio::join!(call_codes::spend(store, &id, "hash"), call_codes::spend(&second, &id, "hash"));
        assert!(a.unwrap() ^ b.unwrap());
    }

    async fn a_call_gets_three_codes_and_the_newest_counts(db: TestDatabase) {
        let (store, id) = (&db.store, db.announced("CA1").await.id);
        for hash in ["one", "two", "three"] {
            assert!(call_codes::want(store, db.account, &id, 1).await.unwrap());
            assert_eq!(call_codes::take_attempt(store, &id, 2).await.unwrap(), None, "the older one is none now");
            call_codes::set(store, &id, hash, 100, 3).await.unwrap();
            call_codes::settle(store, &id, Some(SentBy::Message)).await.unwrap();
            assert_eq!(call_codes::take_attempt(store, &id, 2).await.unwrap().as_deref(), Some(hash));
        }
        assert!(!call_codes::want(store, db.account, &id, 1).await.unwrap());
        assert_eq!(call_codes::purge(store, 1).await.unwrap(), 0);
        assert_eq!(call_codes::purge(store, 2).await.unwrap(), 1);
    }

    async fn a_code_that_went_nowhere_is_none(db: TestDatabase) {
        let (store, id) = (&db.store, db.announced("CA1").await.id);
        call_codes::want(store, db.account, &id, 1).await.unwrap();
        call_codes::set(store, &id, "hash", 100, 3).await.unwrap();
        call_codes::settle(store, &id, None).await.unwrap();
        assert_eq!(call_codes::state(store, &id).await.unwrap(), Some(CodeState::Failed));
        assert_eq!(call_codes::take_attempt(store, &id, 2).await.unwrap(), None);
        sessions::end(store, &id, "completed", 3).await.unwrap();
        let other = db.announced("CA2").await.id;
        sessions::end(store, &other, "completed", 3).await.unwrap();
        assert!(!call_codes::want(store, db.account, &other, 4).await.unwrap(), "that call is over");
    }

    async fn whether_there_is_a_pin_is_known(db: TestDatabase) {
        assert!(!pins::exists(&db.store, db.account, "ann").await.unwrap());
        pins::set(&db.store, db.account, "ann", "hash", 1).await.unwrap();
        assert!(pins::exists(&db.store, db.account, "ann").await.unwrap());
        assert!(!pins::exists(&db.store, db.account, "bob").await.unwrap());
    }
}
