use crate::databases::on_both;
use casp_store::{
    AccountId, StoreError,
    accounts::{self, KeyKind},
};

on_both! {
    async fn an_account_is_made_once_whatever_the_case_of_its_address(db: TestDatabase) {
        let made = accounts::ensure(&db.store, "Dev@CASP.local ", Some("$hash"), true).await.unwrap();
        let found = accounts::ensure(&db.store, "dev@casp.local", None, false).await.unwrap();
        assert_eq!(made.id, found.id);
        assert_eq!(found.email, "dev@casp.local");
        assert!(found.is_admin && found.is_active);
        assert_eq!(accounts::by_email(&db.store, "DEV@casp.local").await.unwrap().unwrap().id, made.id);
        assert!(accounts::get(&db.store, AccountId(999)).await.unwrap().is_none());
    }

    async fn accounts_made_at_once_get_different_numbers(db: TestDatabase) {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let store = db.store.clone();
            tasks.spawn(async move {
                accounts::ensure(&store, &format!("n{n}@example.org"), None, false).await.unwrap().id.0
            });
        }
        let mut ids = tasks.join_all().await;
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 8);
    }

    async fn a_key_finds_its_account_and_only_as_the_kind_it_is(db: TestDatabase) {
        accounts::ensure_key(&db.store, db.account, KeyKind::Secret, "sk_one").await.unwrap();
        accounts::ensure_key(&db.store, db.account, KeyKind::Secret, "sk_one").await.unwrap();
        let by_key = async |kind, key| accounts::by_key(&db.store, kind, key).await.unwrap().map(|a| a.id);
        assert_eq!(by_key(KeyKind::Secret, "sk_one").await, Some(db.account));
        assert_eq!(by_key(KeyKind::Secret, "sk_one").await, Some(db.account), "also after its last use was noted");
        assert_eq!(by_key(KeyKind::Publishable, "sk_one").await, None);
        assert_eq!(by_key(KeyKind::Secret, "sk_two").await, None);
        assert_eq!(by_key(KeyKind::Secret, "").await, None);
    }

    async fn a_key_belongs_to_one_account(db: TestDatabase) {
        accounts::ensure_key(&db.store, db.account, KeyKind::Secret, "sk_one").await.unwrap();
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap();
        let refused = accounts::ensure_key(&db.store, other.id, KeyKind::Secret, "sk_one").await;
        assert!(matches!(refused, Err(StoreError::KeyTaken)), "{refused:?}");
    }

    async fn the_key_itself_is_not_in_the_database(db: TestDatabase) {
        accounts::ensure_key(&db.store, db.account, KeyKind::Secret, "sk_visible").await.unwrap();
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&db.url).await.unwrap();
        let hashes: Vec<String> = sqlx::query_scalar("SELECT key_hash FROM api_keys")
            .fetch_all(&mut connection).await.unwrap();
        assert_eq!(hashes.len(), 1);
        assert!(!hashes[0].contains("visible") && hashes[0].len() == 64);
    }

    async fn a_password_hash_can_be_set(db: TestDatabase) {
        accounts::set_password_hash(&db.store, db.account, "$argon2id$x").await.unwrap();
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&db.url).await.unwrap();
        let hash: String = sqlx::query_scalar("SELECT password_hash FROM accounts WHERE id = $1")
            .bind(db.account.0).fetch_one(&mut connection).await.unwrap();
        assert_eq!(hash, "$argon2id$x");
    }

    async fn who_registers_gets_an_account_once_and_unverified(db: TestDatabase) {
        let made = accounts::register(&db.store, "New@Example.org", "$hash", false, 7).await.unwrap().unwrap();
        assert!(!made.is_verified && !made.is_admin && made.is_active);
        assert!(accounts::register(&db.store, "new@example.org", "$other", true, 8).await.unwrap().is_none());
        let found = accounts::credentials(&db.store, "NEW@example.org").await.unwrap().unwrap();
        assert_eq!((found.account.id, found.password_hash.as_deref()), (made.id, Some("$hash")));
        assert!(accounts::verify_email(&db.store, made.id, 9).await.unwrap());
        assert!(!accounts::verify_email(&db.store, made.id, 10).await.unwrap());
        assert!(accounts::get(&db.store, made.id).await.unwrap().unwrap().is_verified);
    }

    async fn of_many_that_register_one_address_at_once_one_gets_it(db: TestDatabase) {
        let second = db.second_process().await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
            tasks.spawn(async move {
                accounts::register(&store, "wanted@example.org", &format!("${n}"), false, 0).await.unwrap().is_some()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|is_made| *is_made).count(), 1);
    }

    async fn accounts_are_listed_a_page_at_a_time(db: TestDatabase) {
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap();
        accounts::set_admin(&db.store, other.id, true).await.unwrap();
        let first = accounts::list(&db.store, 0, 1).await.unwrap();
        assert_eq!(first[0].id, db.account);
        let second = accounts::list(&db.store, 1, 10).await.unwrap();
        assert_eq!(second.len(), 1);
        assert!(second[0].is_admin && second[0].email == "b@example.org");
    }

    async fn a_closed_accounts_keys_are_not_good(db: TestDatabase) {
        let made = accounts::create_key(&db.store, db.account, KeyKind::Secret, "ci", 5, 0).await.unwrap().unwrap();
        let by_key = async || accounts::by_key(&db.store, KeyKind::Secret, &made.key).await.unwrap();
        assert!(by_key().await.is_some());
        accounts::set_active(&db.store, db.account, false).await.unwrap();
        assert!(by_key().await.is_none());
    }

    async fn keys_are_listed_without_the_key_and_deleted_by_their_owner(db: TestDatabase) {
        let made = accounts::create_key(&db.store, db.account, KeyKind::Publishable, "page", 5, 7).await.unwrap().unwrap();
        assert!(made.key.starts_with("pk_") && made.key.ends_with(&made.record.hint) && made.record.hint.len() == 4);
        assert_eq!(accounts::list_keys(&db.store, db.account).await.unwrap(), std::slice::from_ref(&made.record));
        accounts::by_key(&db.store, KeyKind::Publishable, &made.key).await.unwrap().unwrap();
        let used = accounts::list_keys(&db.store, db.account).await.unwrap();
        assert!(used[0].last_used_at_ms.is_some());
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap();
        assert!(!accounts::delete_key(&db.store, other.id, &made.record.id).await.unwrap());
        assert!(accounts::delete_key(&db.store, db.account, &made.record.id).await.unwrap());
        assert!(!accounts::delete_key(&db.store, db.account, &made.record.id).await.unwrap());
        assert!(accounts::by_key(&db.store, KeyKind::Publishable, &made.key).await.unwrap().is_none());
    }

    async fn an_account_has_so_many_keys_and_no_more(db: TestDatabase) {
        for n in 0..3 {
            let made = accounts::create_key(&db.store, db.account, KeyKind::Secret, "k", 2, n).await.unwrap();
            assert_eq!(made.is_some(), n < 2);
        }
        assert_eq!(accounts::delete_all_keys(&db.store, db.account).await.unwrap(), 2);
    }
}
