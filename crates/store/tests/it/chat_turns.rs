use crate::databases::on_both;
use casp_store::{accounts, chat_turns, webhooks::SealedSecret};

fn sealed(text: &str) -> SealedSecret {
    SealedSecret {
        key_id: "k1".into(),
        sealed: text.into(),
    }
}

on_both! {
    async fn what_was_left_is_found_again_until_it_expires(db: TestDatabase) {
        chat_turns::keep(&db.store, db.account, "call_1", &sealed("a"), 100).await.unwrap();
        chat_turns::keep(&db.store, db.account, "call_1", &sealed("b"), 100).await.unwrap();
        for _ in 0..2 {
            let found = chat_turns::find(&db.store, db.account, "call_1", 99).await.unwrap();
            assert_eq!(found, Some(sealed("b")), "the latest, and it stays");
        }
        assert_eq!(chat_turns::find(&db.store, db.account, "call_1", 100).await.unwrap(), None);
        assert_eq!(chat_turns::find(&db.store, db.account, "call_2", 0).await.unwrap(), None);
        assert_eq!(chat_turns::purge(&db.store, 99).await.unwrap(), 0);
        assert_eq!(chat_turns::purge(&db.store, 100).await.unwrap(), 1);
    }

    async fn it_is_one_accounts_alone(db: TestDatabase) {
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        chat_turns::keep(&db.store, db.account, "Shall I?", &sealed("ours"), 100).await.unwrap();
        assert_eq!(chat_turns::find(&db.store, next, "Shall I?", 0).await.unwrap(), None);
        assert_eq!(chat_turns::take(&db.store, next, "Shall I?", 0).await.unwrap(), None);
        chat_turns::keep(&db.store, next, "Shall I?", &sealed("theirs"), 100).await.unwrap();
        let ours = chat_turns::take(&db.store, db.account, "Shall I?", 0).await.unwrap();
        assert_eq!(ours, Some(sealed("ours")));
    }

    async fn of_many_who_take_one_gets_it(db: TestDatabase) {
        chat_turns::keep(&db.store, db.account, "Shall I?", &sealed("once"), 100).await.unwrap();
        let mut takers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (store, account) = (db.store.clone(), db.account);
            takers.spawn(async move { chat_turns::take(&store, account, "Shall I?", 0).await.unwrap() });
        }
        let taken = takers.join_all().await;
        assert_eq!(taken.iter().flatten().count(), 1);
    }
}
