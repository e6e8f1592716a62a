use crate::databases::on_both;
use casp_store::{
    sessions,
    transfers::{self, Dialing, TransferFailure, TransferState},
};

const NUMBER: &str = "+15551230009";

on_both! {
    async fn one_of_many_dials(db: TestDatabase) {
        let second = db.second_process().await;
        let id = db.announced("CA1").await.id;
        assert_eq!(transfers::state(&db.store, &id).await.unwrap(), None);
        assert_eq!(transfers::dial(&db.store, &id, 0, 5).await.unwrap(), None);
        assert!(transfers::want(&db.store, &id, NUMBER, 5).await.unwrap());
        assert_eq!(transfers::state(&db.store, &id).await.unwrap(), Some(TransferState::Wanted));
        assert_eq!(transfers::dial(&db.store, &id, 6, 7).await.unwrap(), None, "that was long ago");
        let (a, b) = tokio::join!(transfers::dial(&db.store, &id, 5, 7), transfers::dial(&second, &id, 5, 7));
        let (a, b) = (a.unwrap().unwrap(), b.unwrap().unwrap());
        assert!(a.is_first ^ b.is_first);
        assert_eq!(a, Dialing { number: NUMBER.into(), is_first: a.is_first });
        assert_eq!(transfers::finish(&db.store, &id).await.unwrap(), Some(7));
        assert_eq!(transfers::finish(&second, &id).await.unwrap(), None);
        assert!(!transfers::fail(&db.store, &id, TransferFailure::NobodyThere).await.unwrap());
        assert_eq!(transfers::state(&db.store, &id).await.unwrap(), Some(TransferState::Over));
    }

    async fn after_a_failure_another_may_be_wanted(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        for failure in [TransferFailure::NobodyThere, TransferFailure::NotAllowed, TransferFailure::Undialable] {
            assert!(transfers::want(&db.store, &id, NUMBER, 5).await.unwrap());
            transfers::dial(&db.store, &id, 0, 6).await.unwrap().unwrap();
            assert!(transfers::fail(&db.store, &id, failure).await.unwrap());
            assert!(!transfers::fail(&db.store, &id, failure).await.unwrap());
            assert_eq!(transfers::state(&db.store, &id).await.unwrap(), Some(TransferState::Failed(failure)));
            assert_eq!(transfers::dial(&db.store, &id, 0, 7).await.unwrap(), None);
        }
        assert_eq!(transfers::purge(&db.store, 5).await.unwrap(), 0);
        assert_eq!(transfers::purge(&db.store, 6).await.unwrap(), 1);
    }

    async fn a_call_that_is_over_goes_nowhere(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        sessions::end(&db.store, &id, "completed", 2).await.unwrap();
        assert!(!transfers::want(&db.store, &id, NUMBER, 5).await.unwrap());
        assert!(!transfers::want(&db.store, "phone-CA9", NUMBER, 5).await.unwrap());
    }
}
