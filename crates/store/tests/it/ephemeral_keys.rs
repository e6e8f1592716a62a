use crate::databases::on_both;
use casp_store::{
    accounts,
    ephemeral_keys::{self, EphemeralKey},
};

on_both! {
    async fn a_key_says_once_what_it_is_good_for(db: TestDatabase) {
        for resource in [None, Some("ann@example.org".to_owned())] {
            let new = EphemeralKey { account: db.account, assistant: "sales".into(), resource };
            let key = ephemeral_keys::issue(&db.store, &new, 60_000).await.unwrap();
            assert!(key.starts_with(ephemeral_keys::PREFIX) && key.len() > 40);
            assert_eq!(ephemeral_keys::spend(&db.store, "ek_wrong", 1).await.unwrap(), None);
            assert_eq!(ephemeral_keys::spend(&db.store, &key, 1).await.unwrap(), Some(new));
            assert_eq!(ephemeral_keys::spend(&db.store, &key, 1).await.unwrap(), None);
        }
    }

    async fn of_two_sockets_with_one_key_one_is_let_in(db: TestDatabase) {
        let second = db.second_process().await;
        let new = EphemeralKey { account: db.account, assistant: "sales".into(), resource: None };
        for _ in 0..20 {
            let key = ephemeral_keys::issue(&db.store, &new, 60_000).await.unwrap();
            let (a, b) = tokio::join!(
                ephemeral_keys::spend(&db.store, &key, 1),
                ephemeral_keys::spend(&second, &key, 1)
            );
            assert!(a.unwrap().is_some() ^ b.unwrap().is_some());
        }
    }

    async fn a_key_ends_with_its_time(db: TestDatabase) {
        let new = EphemeralKey { account: db.account, assistant: "sales".into(), resource: None };
        let key = ephemeral_keys::issue(&db.store, &new, 1_000).await.unwrap();
        assert_eq!(ephemeral_keys::spend(&db.store, &key, 1_000).await.unwrap(), None);
        assert_eq!(ephemeral_keys::purge(&db.store, 1_000).await.unwrap(), 0);
        assert_eq!(ephemeral_keys::purge(&db.store, 1_001).await.unwrap(), 1);
    }

    async fn a_key_ends_with_its_account(db: TestDatabase) {
        let new = EphemeralKey { account: db.account, assistant: "sales".into(), resource: None };
        let key = ephemeral_keys::issue(&db.store, &new, 60_000).await.unwrap();
        accounts::set_active(&db.store, db.account, false).await.unwrap();
        assert_eq!(ephemeral_keys::spend(&db.store, &key, 1).await.unwrap(), None);
    }
}
