use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts,
    action_log::{self, Filter, NewEntry, Outcome},
};

const FAILED: Outcome = Outcome {
    status: "failed",
    failure: Some("unavailable"),
    took_ms: 40,
};

fn sending(db: &TestDatabase, at_ms: i64) -> NewEntry<'_> {
    NewEntry {
        account: db.account,
        resource: "ann",
        speaker: "caller-1",
        session: Some("ses_1"),
        provider: "gmail",
        action: "gmail.send",
        is_write: true,
        at_ms,
    }
}

on_both! {
    async fn a_run_is_there_before_its_outcome(db: TestDatabase) {
        let id = action_log::begin(&db.store, &sending(&db, 7), 60).await.unwrap().unwrap();
        let all = Filter::default();
        let found = action_log::list(&db.store, db.account, &all, 0, 10).await.unwrap();
        assert_eq!((found[0].id.as_str(), &found[0].status, found[0].took_ms), (id.as_str(), &None, None));
        assert_eq!((found[0].session.as_deref(), found[0].is_write), (Some("ses_1"), true));
        action_log::finish(&db.store, &id, &FAILED).await.unwrap();
        let found = action_log::list(&db.store, db.account, &all, 0, 10).await.unwrap();
        let outcome = (found[0].status.as_deref(), found[0].failure.as_deref(), found[0].took_ms);
        assert_eq!(outcome, (Some("failed"), Some("unavailable"), Some(40)));
    }

    async fn a_connection_has_so_many_a_minute(db: TestDatabase) {
        for at in [0, 1] {
            assert!(action_log::begin(&db.store, &sending(&db, at), 2).await.unwrap().is_some());
        }
        assert!(action_log::begin(&db.store, &sending(&db, 59_999), 2).await.unwrap().is_none());
        let others = NewEntry { resource: "bob", ..sending(&db, 59_999) };
        assert!(action_log::begin(&db.store, &others, 2).await.unwrap().is_some());
        let elsewhere = NewEntry { provider: "slack", action: "slack.send", ..sending(&db, 59_999) };
        assert!(action_log::begin(&db.store, &elsewhere, 2).await.unwrap().is_some());
        assert!(action_log::begin(&db.store, &sending(&db, 60_000), 2).await.unwrap().is_some());
    }

    async fn an_account_sees_its_own_the_latest_first(db: TestDatabase) {
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        for at in 1..=3 {
            action_log::begin(&db.store, &sending(&db, at), 60).await.unwrap();
        }
        let bobs = NewEntry { resource: "bob", action: "gmail.unread", ..sending(&db, 4) };
        action_log::begin(&db.store, &bobs, 60).await.unwrap();
        let times = async |only: Filter<'static>, skip, limit| {
            let found = action_log::list(&db.store, db.account, &only, skip, limit).await.unwrap();
            found.iter().map(|entry| entry.at_ms).collect::<Vec<_>>()
        };
        assert_eq!(times(Filter::default(), 0, 10).await, [4, 3, 2, 1]);
        assert_eq!(times(Filter::default(), 1, 2).await, [3, 2]);
        assert_eq!(times(Filter { resource: Some("bob"), action: None }, 0, 10).await, [4]);
        assert_eq!(times(Filter { resource: None, action: Some("gmail.send") }, 0, 10).await, [3, 2, 1]);
        let theirs = action_log::list(&db.store, next, &Filter::default(), 0, 10).await.unwrap();
        assert!(theirs.is_empty());
        assert_eq!(action_log::purge(&db.store, 3).await.unwrap(), 2);
        assert_eq!(times(Filter::default(), 0, 10).await, [4, 3]);
    }
}
