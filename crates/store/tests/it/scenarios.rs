use crate::databases::on_both;
use casp_store::{
    StoreError, accounts,
    scenarios::{self, Content},
};
use serde_json::{Value, json};
use std::collections::HashSet;

fn nameless(definition: &Value) -> Content<'_> {
    Content {
        name: None,
        definition,
    }
}

on_both! {
    async fn a_scenario_is_kept_as_it_was_given(db: TestDatabase) {
        let definition = json!({"prompt": "Sell “it”.", "temperature": 0.7});
        let content = Content { name: Some("Front desk"), definition: &definition };
        let made = scenarios::create(&db.store, db.account, content, 1_640_995_200_999).await.unwrap();
        assert_eq!((made.id, made.scenario_id.as_str()), (1, "custom_1_1640995200"));
        assert_eq!((made.created_at_ms, made.updated_at_ms, made.revision), (1_640_995_200_999, 1_640_995_200_999, 1));
        for reference in ["custom_1_1640995200", "1", "Front desk"] {
            let found = scenarios::find(&db.store, db.account, reference).await.unwrap();
            assert_eq!(found.as_ref(), Some(&made), "{reference}");
        }
        for reference in ["", "0", "2", "front desk", "custom_1_1", "a\0b", "99999999999999999999"] {
            assert_eq!(scenarios::find(&db.store, db.account, reference).await.unwrap(), None, "{reference:?}");
        }
    }

    async fn two_in_one_second_get_different_numbers_also_after_a_deletion(db: TestDatabase) {
        let mut seen = HashSet::new();
        for _ in 0..3 {
            let made = scenarios::create(&db.store, db.account, nameless(&json!({})), 5_000).await.unwrap();
            assert!(seen.insert(made.scenario_id.clone()) && seen.insert(made.id.to_string()));
            assert!(scenarios::delete(&db.store, db.account, &made.scenario_id).await.unwrap());
        }
        let later = scenarios::create(&db.store, db.account, nameless(&json!({})), 60_000).await.unwrap();
        assert_eq!((later.id, later.scenario_id.as_str()), (4, "custom_1_60"));
    }

    async fn the_twenty_first_is_refused_until_one_is_deleted(db: TestDatabase) {
        let definition = json!({});
        for _ in 0..20 {
            scenarios::create(&db.store, db.account, nameless(&definition), 0).await.unwrap();
        }
        let refused = scenarios::create(&db.store, db.account, nameless(&definition), 0).await;
        assert!(matches!(refused, Err(StoreError::ScenarioLimit)), "{refused:?}");
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        scenarios::create(&db.store, neighbour, nameless(&definition), 0).await.unwrap();
        let first = scenarios::list(&db.store, db.account).await.unwrap().remove(0);
        assert!(scenarios::delete(&db.store, db.account, &first.scenario_id).await.unwrap());
        scenarios::create(&db.store, db.account, nameless(&definition), 0).await.unwrap();
    }

    async fn of_fifty_at_once_twenty_are_made(db: TestDatabase) {
        let second = db.second_process().await;
        let account = db.account;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..50 {
            let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
            tasks.spawn(async move {
                scenarios::create(&store, account, nameless(&json!({})), 1_000).await
            });
        }
        let mut ids = HashSet::new();
        for result in tasks.join_all().await {
            match result {
                Ok(made) => assert!(ids.insert(made.scenario_id)),
                Err(StoreError::ScenarioLimit) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(ids.len(), 20);
        assert_eq!(scenarios::list(&db.store, account).await.unwrap().len(), 20);
    }

    async fn each_account_sees_its_own_alone(db: TestDatabase) {
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let definition = json!({});
        let content = Content { name: Some("desk"), definition: &definition };
        let made = scenarios::create(&db.store, db.account, content, 0).await.unwrap();
        assert_eq!(scenarios::find(&db.store, neighbour, &made.scenario_id).await.unwrap(), None);
        assert_eq!(scenarios::find(&db.store, neighbour, "1").await.unwrap(), None);
        assert!(scenarios::list(&db.store, neighbour).await.unwrap().is_empty());
        assert!(!scenarios::delete(&db.store, neighbour, &made.scenario_id).await.unwrap());
        // A name is taken in one account only.
        scenarios::create(&db.store, neighbour, content, 0).await.unwrap();
        assert_eq!(scenarios::list(&db.store, db.account).await.unwrap(), [made]);
    }

    async fn a_change_is_made_to_what_was_seen(db: TestDatabase) {
        let definition = json!({"prompt": "old"});
        let seen = scenarios::create(&db.store, db.account, nameless(&definition), 1).await.unwrap();
        let definition = json!({"prompt": "new"});
        let changed = scenarios::update(&db.store, &seen, nameless(&definition), 9).await.unwrap().unwrap();
        assert_eq!((changed.definition["prompt"].as_str(), changed.revision), (Some("new"), 2));
        assert_eq!((changed.created_at_ms, changed.updated_at_ms), (1, 9));
        assert_eq!((changed.id, &changed.scenario_id), (seen.id, &seen.scenario_id));
        let late = scenarios::update(&db.store, &seen, nameless(&json!({"prompt": "lost"})), 10).await.unwrap();
        assert_eq!(late, None);
        scenarios::delete(&db.store, db.account, &seen.scenario_id).await.unwrap();
        assert_eq!(scenarios::update(&db.store, &changed, nameless(&definition), 11).await.unwrap(), None);
    }

    async fn a_name_is_given_once(db: TestDatabase) {
        let definition = json!({});
        let desk = Content { name: Some("desk"), definition: &definition };
        scenarios::create(&db.store, db.account, desk, 0).await.unwrap();
        let again = scenarios::create(&db.store, db.account, desk, 0).await;
        assert!(matches!(again, Err(StoreError::NameTaken)), "{again:?}");
        let other = scenarios::create(&db.store, db.account, nameless(&definition), 0).await.unwrap();
        let renamed = scenarios::update(&db.store, &other, desk, 1).await;
        assert!(matches!(renamed, Err(StoreError::NameTaken)), "{renamed:?}");
    }
}
