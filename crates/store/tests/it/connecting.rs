use crate::databases::on_both;
use casp_store::{Store, StoreError, accounts};

on_both! {
    async fn it_answers(db: TestDatabase) {
        db.store.ping().await.unwrap();
    }

    async fn migrations_run_twice_change_nothing(db: TestDatabase) {
        db.store.migrate().await.unwrap();
        assert!(accounts::by_email(&db.store, "a@example.org").await.unwrap().is_some());
    }

    async fn a_closed_store_says_so(db: TestDatabase) {
        db.store.close().await;
        assert!(matches!(db.store.ping().await, Err(StoreError::Database(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_may_migrate_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/casp.db", folder.path().display());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = url.clone();
        tasks.spawn(async move {
            let store = Store::connect(&url).await?;
            store.migrate().await
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap().unwrap();
    }
}

#[tokio::test]
async fn memory_keeps_its_data_as_long_as_the_store_lives() {
    let store = Store::connect("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    let made = accounts::ensure(&store, "a@example.org", None, true)
        .await
        .unwrap();
    assert_eq!(
        accounts::get(&store, made.id).await.unwrap().unwrap().email,
        "a@example.org"
    );
    let other = Store::connect("sqlite::memory:").await.unwrap();
    assert!(
        accounts::get(&other, made.id).await.is_err(),
        "another memory is another database"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_the_time_to_acquire() {
    let begin = std::time::Instant::now();
    let error = Store::connect("postgresql://nobody@127.0.0.1:1/none")
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    assert!(begin.elapsed() < std::time::Duration::from_secs(15));
}

#[tokio::test]
async fn other_databases_are_refused() {
    let error = Store::connect("mysql://root@localhost/casp")
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::BadUrl(_)), "{error}");
}
