//! Names become assistants, on a real store.

use casp_assistants::{ResolveError, definition, find, find_own, resolve};
use casp_conversation::{Assistant, Menu};
use casp_store::{
    AccountId, Store, StoreError, accounts,
    scenarios::{self, Content, Scenario},
};
use serde_json::json;

struct House {
    store: Store,
    account: AccountId,
    neighbour: AccountId,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/casp.db", folder.path().display());
        let store = Store::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        let ensure = async |email| {
            accounts::ensure(&store, email, None, false)
                .await
                .unwrap()
                .id
        };
        let (account, neighbour) = (ensure("a@example.org").await, ensure("b@example.org").await);
        Self {
            store,
            account,
            neighbour,
            _folder: folder,
        }
    }

    async fn keep(&self, name: Option<&str>, assistant: &Assistant) -> Scenario {
        let definition = definition(assistant);
        let content = Content {
            name,
            definition: &definition,
        };
        scenarios::create(&self.store, self.account, content, 1_640_995_200_000)
            .await
            .unwrap()
    }
}

fn own() -> Assistant {
    Assistant {
        prompt: "Sell doors.".into(),
        temperature: Some(0.7),
        menu: Some(Menu {
            sentence: "For doors press 1.".into(),
            choices: [("1".into(), "sales".into())].into(),
        }),
        ..Assistant::builtin("support").unwrap().clone()
    }
}

#[tokio::test]
async fn built_in_ones_are_everybodys() {
    let house = House::new().await;
    for account in [house.account, house.neighbour] {
        let found = find(&house.store, account, "sales").await.unwrap();
        assert_eq!(found.as_ref(), Assistant::builtin("sales"));
        assert_eq!(
            find_own(&house.store, account, "sales").await.unwrap(),
            None
        );
    }
    assert_eq!(
        find(&house.store, house.account, "Sales").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn own_ones_are_found_by_every_name_they_have_and_by_nobody_else() {
    let house = House::new().await;
    let kept = house.keep(Some("Doors"), &own()).await;
    let expected = Assistant {
        name: kept.scenario_id.clone(),
        ..own()
    };
    for name in [kept.scenario_id.as_str(), "1", "Doors"] {
        let found = find(&house.store, house.account, name).await.unwrap();
        assert_eq!(found.as_ref(), Some(&expected), "{name}");
        assert_eq!(
            find(&house.store, house.neighbour, name).await.unwrap(),
            None,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_session_has_its_own_wishes() {
    let house = House::new().await;
    let kept = house.keep(None, &own()).await;
    let resolve =
        async |name: &str, wishes| resolve(&house.store, house.account, name, &wishes).await;
    let changed = resolve(&kept.scenario_id, json!({"temperature": 0.1}))
        .await
        .unwrap();
    assert_eq!(
        (changed.temperature, changed.prompt.as_str()),
        (Some(0.1), "Sell doors.")
    );
    let wrong = resolve(&kept.scenario_id, json!({"temperature": 9})).await;
    assert!(
        matches!(wrong, Err(ResolveError::Overrides(_))),
        "{wrong:?}"
    );
    let unknown = resolve("nobody", json!({})).await;
    assert!(matches!(unknown, Err(ResolveError::Unknown)), "{unknown:?}");
}

#[tokio::test]
async fn what_no_code_writes_is_an_error_and_no_assistant() {
    let house = House::new().await;
    let definition = json!({"greeting": "no prompt"});
    let content = Content {
        name: None,
        definition: &definition,
    };
    let kept = scenarios::create(&house.store, house.account, content, 0)
        .await
        .unwrap();
    let found = find(&house.store, house.account, &kept.scenario_id).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
}
