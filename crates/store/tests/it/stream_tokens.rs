use crate::databases::on_both;
use casp_store::{sessions, stream_tokens};

on_both! {
    async fn a_token_opens_its_session_once(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let token = stream_tokens::issue(&db.store, &id, 0, 60_000).await.unwrap();
        assert_eq!(stream_tokens::redeem(&db.store, "st_wrong", 1).await.unwrap(), None);
        assert_eq!(stream_tokens::redeem(&db.store, &token, 1).await.unwrap().as_deref(), Some("phone-CA1"));
        assert_eq!(stream_tokens::redeem(&db.store, &token, 2).await.unwrap(), None);
    }

    async fn of_two_sockets_with_one_token_one_is_let_in(db: TestDatabase) {
        let second = db.second_process().await;
        let id = db.announced("CA1").await.id;
        for _ in 0..20 {
            let token = stream_tokens::issue(&db.store, &id, 0, 60_000).await.unwrap();
            let (a, b) = tokio::join!(
                stream_tokens::redeem(&db.store, &token, 1),
                stream_tokens::redeem(&second, &token, 1)
            );
            assert!(a.unwrap().is_some() ^ b.unwrap().is_some());
        }
    }

    async fn a_token_ends_with_its_time(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let token = stream_tokens::issue(&db.store, &id, 0, 1_000).await.unwrap();
        assert_eq!(stream_tokens::redeem(&db.store, &token, 1_000).await.unwrap(), None);
        assert_eq!(stream_tokens::purge(&db.store, 1_000).await.unwrap(), 0);
        assert_eq!(stream_tokens::purge(&db.store, 1_001).await.unwrap(), 1);
    }

    async fn tokens_asked_for_lately_are_counted(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        for _ in 0..3 {
            let token = stream_tokens::issue(&db.store, &id, 0, 1_000).await.unwrap();
            stream_tokens::redeem(&db.store, &token, 1).await.unwrap().unwrap();
        }
        assert_eq!(stream_tokens::recent(&db.store, &id, 999).await.unwrap(), 3);
        assert_eq!(stream_tokens::recent(&db.store, &id, 1_000).await.unwrap(), 0);
    }

    async fn a_token_ends_with_its_session(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let token = stream_tokens::issue(&db.store, &id, 0, 60_000).await.unwrap();
        sessions::end(&db.store, &id, "completed", 1).await.unwrap();
        assert_eq!(stream_tokens::redeem(&db.store, &token, 2).await.unwrap(), None);
    }

    async fn a_token_for_no_session_is_refused(db: TestDatabase) {
        assert!(stream_tokens::issue(&db.store, "phone-CAunknown", 0, 1).await.is_err());
    }

    async fn a_stream_may_come_while_a_token_is_neither_spent_nor_expired(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        assert!(!stream_tokens::is_open(&db.store, &id, 0).await.unwrap());
        let token = stream_tokens::issue(&db.store, &id, 0, 1_000).await.unwrap();
        assert!(stream_tokens::is_open(&db.store, &id, 999).await.unwrap());
        assert!(!stream_tokens::is_open(&db.store, &id, 1_000).await.unwrap());
        stream_tokens::redeem(&db.store, &token, 1).await.unwrap().unwrap();
        assert!(!stream_tokens::is_open(&db.store, &id, 2).await.unwrap());
    }
}
