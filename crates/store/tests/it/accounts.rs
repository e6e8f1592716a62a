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
}
