use crate::databases::on_both;
use casp_store::{
    session_minutes::{self, UncountedMinutes},
    sessions,
};

const MINUTE_MS: i64 = 60_000;

on_both! {
    async fn each_minute_begun_is_counted_once(db: TestDatabase) {
        let second = db.second_process().await;
        let id = db.announced("CA1").await.id;
        let due = async |now| session_minutes::uncounted(&db.store, now, 10).await.unwrap();
        assert_eq!(due(0).await, [], "it rings");
        sessions::activate(&db.store, &id).await.unwrap();
        let first = due(1).await;
        let [UncountedMinutes { account, begun: 1, counted: 0, .. }] = first[..] else { panic!("{first:?}") };
        assert_eq!(account, db.account);
        let (a, b) = tokio::join!(
            session_minutes::count(&db.store, &first[0]),
            session_minutes::count(&second, &first[0]),
        );
        assert!(a.unwrap() ^ b.unwrap());
        assert_eq!(due(MINUTE_MS - 1).await, []);
        let later = due(3 * MINUTE_MS).await;
        assert_eq!((later[0].begun, later[0].counted), (4, 1), "what nobody counted for a while is counted too");
        assert!(session_minutes::count(&db.store, &later[0]).await.unwrap());
        assert!(!session_minutes::count(&db.store, &later[0]).await.unwrap());
    }

    async fn a_session_that_is_over_costs_nothing_more(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        sessions::activate(&db.store, &id).await.unwrap();
        let due = session_minutes::uncounted(&db.store, 1, 10).await.unwrap();
        session_minutes::count(&db.store, &due[0]).await.unwrap();
        assert_eq!(session_minutes::purge(&db.store).await.unwrap(), 0);
        sessions::end(&db.store, &id, "completed", 2).await.unwrap();
        assert_eq!(session_minutes::uncounted(&db.store, 9 * MINUTE_MS, 10).await.unwrap(), []);
        assert_eq!(session_minutes::purge(&db.store).await.unwrap(), 1);
    }

    async fn a_session_that_is_refused_a_minute_is_told_to_its_worker_and_then_overdue(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        sessions::activate(&db.store, &id).await.unwrap();
        sessions::claim_agent(&db.store, &id, "w1", 1, 2_000).await.unwrap().unwrap();
        let due = session_minutes::uncounted(&db.store, 1, 10).await.unwrap();
        session_minutes::count(&db.store, &due[0]).await.unwrap();
        let refused = async |worker| session_minutes::refused(&db.store, worker).await.unwrap();
        let overdue = async |before| session_minutes::overdue(&db.store, before).await.unwrap();
        assert_eq!(refused("w1").await, [""; 0]);
        session_minutes::refuse(&db.store, &due[0], 100).await.unwrap();
        session_minutes::refuse(&db.store, &due[0], 200).await.unwrap();
        assert_eq!(refused("w1").await, [id.as_str()]);
        assert_eq!(refused("w2").await, [""; 0]);
        assert_eq!(overdue(99).await, [""; 0], "the agent may say goodbye");
        assert_eq!(overdue(100).await, [id.as_str()], "the first refusal counts");
        let later = session_minutes::uncounted(&db.store, 9 * MINUTE_MS, 10).await.unwrap();
        assert_eq!(later, [], "it costs nothing more, on another day neither");
        sessions::end(&db.store, &id, "completed", 2).await.unwrap();
        assert_eq!((refused("w1").await, overdue(100).await), (vec![], vec![]));
    }

    async fn where_nobody_can_say_goodbye_nobody_is_waited_for(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        sessions::activate(&db.store, &id).await.unwrap();
        let due = session_minutes::uncounted(&db.store, 1, 10).await.unwrap();
        session_minutes::count(&db.store, &due[0]).await.unwrap();
        session_minutes::refuse(&db.store, &due[0], 100).await.unwrap();
        assert_eq!(session_minutes::overdue(&db.store, 0).await.unwrap(), [id]);
    }
}
