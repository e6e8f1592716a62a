use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts,
    oauth::{self, Authorization, NewAuthorization, OAuthSession},
    webhooks::SealedSecret,
};

fn authorization(db: &TestDatabase) -> Authorization {
    Authorization {
        account: db.account,
        provider: "gmail".into(),
        resource: Some("ann".into()),
        return_to: "https://app.example.com/".into(),
        client_state: Some("theirs".into()),
        callback_uri: "https://casp.example.com/v1/oauth/callback/gmail".into(),
        scopes: vec!["a".into(), "b".into()],
        verifier: SealedSecret {
            key_id: "k1".into(),
            sealed: "v".into(),
        },
    }
}

async fn begin(db: &TestDatabase, state: &str, browser: Option<&str>) {
    let record = authorization(db);
    let new = NewAuthorization {
        state,
        browser,
        record: &record,
        expires_at_ms: 100,
    };
    oauth::begin(&db.store, &new).await.unwrap();
}

on_both! {
    async fn a_state_is_good_once_in_its_browser_in_its_time(db: TestDatabase) {
        begin(&db, "state", Some("cookie")).await;
        let redeem = async |state: &str, provider: &str, browser, now| {
            oauth::redeem(&db.store, state, provider, browser, now).await.unwrap()
        };
        assert_eq!(redeem("state", "gmail", None, 1).await, None, "no cookie");
        assert_eq!(redeem("state", "gmail", Some("another"), 1).await, None, "another browser");
        assert_eq!(redeem("state", "slack", Some("cookie"), 1).await, None, "another provider");
        assert_eq!(redeem("state", "gmail", Some("cookie"), 100).await, None, "too late");
        assert_eq!(redeem("else", "gmail", Some("cookie"), 1).await, None);
        assert_eq!(redeem("state", "gmail", Some("cookie"), 99).await, Some(authorization(&db)));
        assert_eq!(redeem("state", "gmail", Some("cookie"), 99).await, None, "it was spent");
    }

    async fn of_two_that_come_back_at_once_one_is_let_in(db: TestDatabase) {
        let second = db.second_process().await;
        for n in 0..20 {
            let state = format!("s{n}");
            begin(&db, &state, None).await;
            let (a, b) = tokio::join!(
                oauth::redeem(&db.store, &state, "gmail", None, 1),
                oauth::redeem(&second, &state, "gmail", Some("x"), 1)
            );
            assert!(a.unwrap().is_some() ^ b.unwrap().is_some());
        }
    }

    async fn a_link_works_once(db: TestDatabase) {
        let session = OAuthSession {
            account: db.account,
            provider: "gmail".into(),
            resource: "ann".into(),
            redirect_uri: "https://app.example.com/".into(),
        };
        let token = oauth::create_session(&db.store, &session, 100, 0).await.unwrap();
        assert!(token.starts_with("os_"));
        let redeem = async |provider, now| oauth::redeem_session(&db.store, &token, provider, now).await.unwrap();
        assert_eq!(redeem("slack", 1).await, None);
        assert_eq!(redeem("gmail", 100).await, None, "too late");
        assert_eq!(redeem("gmail", 99).await, Some(session));
        assert_eq!(redeem("gmail", 99).await, None);
    }

    async fn lists_are_replaced_as_a_whole_and_are_each_accounts_own(db: TestDatabase) {
        let set = async |uris: &[&str]| {
            let uris: Vec<String> = uris.iter().map(|&uri| uri.to_owned()).collect();
            oauth::set_redirect_uris(&db.store, db.account, &uris).await.unwrap();
            oauth::redirect_uris(&db.store, db.account).await.unwrap()
        };
        assert_eq!(set(&["b", "a"]).await, ["b", "a"]);
        assert_eq!(set(&["c"]).await, ["c"]);
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        assert!(oauth::redirect_uris(&db.store, next).await.unwrap().is_empty());
        assert!(set(&[]).await.is_empty());
    }

    async fn what_is_over_is_taken_away(db: TestDatabase) {
        begin(&db, "s", None).await;
        let session = OAuthSession { account: db.account, provider: "x".into(), resource: "y".into(), redirect_uri: "z".into() };
        oauth::create_session(&db.store, &session, 100, 0).await.unwrap();
        assert_eq!(oauth::purge(&db.store, 100).await.unwrap(), 0);
        assert_eq!(oauth::purge(&db.store, 101).await.unwrap(), 2);
    }
}
