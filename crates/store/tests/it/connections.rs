use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts,
    connections::{
        self, Connection, Failure, NewConnection, NewTokens, REVOCATION_JOB, RefreshLease,
        RemoveRule, SealedTokens,
    },
    jobs,
    webhooks::{self, SealedSecret},
};
use serde_json::json;

const LEASE_MS: i64 = 100;

fn tokens(name: &str) -> SealedTokens {
    SealedTokens {
        key_id: "k1".into(),
        access: format!("access-{name}"),
        refresh: Some(format!("refresh-{name}")),
    }
}

async fn connect(db: &TestDatabase, resource: &str, provider: &str, due: i64) -> Connection {
    let new = NewConnection {
        account: db.account,
        resource,
        provider,
        user_email: Some("Ann@Example.org"),
        scopes: &["a".into(), "b".into()],
        extra: &json!({"site": "T1"}),
        tokens: &tokens("1"),
        expires_at_ms: Some(due + 300_000),
        refresh_due_at_ms: Some(due),
    };
    connections::save(&db.store, &new, 0).await.unwrap()
}

async fn look(db: &TestDatabase, of: &Connection) -> Option<Connection> {
    connections::get(&db.store, db.account, &of.resource, &of.provider)
        .await
        .unwrap()
}

async fn claim(db: &TestDatabase, of: &Connection, now: i64) -> Option<RefreshLease> {
    connections::claim(&db.store, &of.id, of.version, LEASE_MS, now)
        .await
        .unwrap()
}

async fn refreshed(db: &TestDatabase, lease: &RefreshLease, name: &str, now: i64) -> bool {
    let tokens = tokens(name);
    let new = NewTokens {
        tokens: &tokens,
        scopes: None,
        expires_at_ms: Some(now + 1_000),
        refresh_due_at_ms: Some(now + 500),
    };
    connections::refreshed(&db.store, lease, &new, now)
        .await
        .unwrap()
}

async fn fail(db: &TestDatabase, lease: &RefreshLease, retry_at_ms: i64) -> bool {
    let failure = Failure {
        problem: "it answered 500",
        was_answered: true,
        retry_at_ms,
    };
    connections::fail(&db.store, lease, &failure, 0)
        .await
        .unwrap()
}

on_both! {
    async fn a_connection_is_kept_found_and_replaced(db: TestDatabase) {
        let first = connect(&db, "ann", "gmail", 10).await;
        assert!(first.id.starts_with("con_"));
        assert_eq!((first.user_email.as_deref(), first.version), (Some("ann@example.org"), 1));
        assert_eq!((&first.scopes, &first.extra["site"]), (&vec!["a".to_owned(), "b".to_owned()], &json!("T1")));
        let again = connect(&db, "ann", "gmail", 20).await;
        assert_eq!((&again.id, again.version, again.refresh_due_at_ms), (&first.id, 2, Some(20)));
        connect(&db, "bob", "gmail", 10).await;
        connect(&db, "ann", "slack", 10).await;
        let names: Vec<String> = connections::list(&db.store, db.account, "ann").await.unwrap().into_iter().map(|c| c.provider).collect();
        assert_eq!(names, ["gmail", "slack"]);
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        assert!(connections::get(&db.store, next, "ann", "gmail").await.unwrap().is_none(), "not theirs");
        assert!(connections::get(&db.store, db.account, "a\0b", "gmail").await.unwrap().is_none());
    }

    async fn one_at_a_time_renews_the_tokens(db: TestDatabase) {
        let of = connect(&db, "ann", "gmail", 0).await;
        let lease = claim(&db, &of, 0).await.unwrap();
        assert!(!lease.may_be_spent);
        assert!(claim(&db, &of, LEASE_MS - 1).await.is_none(), "somebody has it");
        assert!(refreshed(&db, &lease, "2", 50).await);
        let now = look(&db, &of).await.unwrap();
        assert_eq!((now.version, now.tokens.clone(), now.refresh_due_at_ms), (2, tokens("2"), Some(550)));
        assert!(claim(&db, &of, 60).await.is_none(), "those tokens are no more");
        assert!(claim(&db, &now, 60).await.is_some());
    }

    async fn who_died_is_followed_and_his_late_answer_still_counts(db: TestDatabase) {
        let of = connect(&db, "ann", "gmail", 0).await;
        let first = claim(&db, &of, 0).await.unwrap();
        let second = claim(&db, &of, LEASE_MS).await.unwrap();
        assert!(second.may_be_spent, "the first may have spent the refresh token");
        assert!(refreshed(&db, &first, "late", LEASE_MS + 1).await, "what a provider gave is not thrown away");
        assert!(!connections::give_up(&db.store, &second, "invalid_grant", 0).await.unwrap());
        assert!(!refreshed(&db, &second, "3", LEASE_MS + 2).await);
        let now = look(&db, &of).await.unwrap();
        assert_eq!((now.tokens, now.needs_reauth), (tokens("late"), false));
    }

    async fn failures_are_counted_and_wait_their_time(db: TestDatabase) {
        let of = connect(&db, "ann", "gmail", 0).await;
        let lease = claim(&db, &of, 0).await.unwrap();
        assert!(fail(&db, &lease, 700).await);
        let now = look(&db, &of).await.unwrap();
        assert_eq!((now.failures, now.refresh_due_at_ms, now.problem.as_deref()), (1, Some(700), Some("it answered 500")));
        assert!(connections::claim_due(&db.store, LEASE_MS, 10, 699).await.unwrap().is_empty());
        let due = connections::claim_due(&db.store, LEASE_MS, 10, 700).await.unwrap();
        assert!(!due[0].may_be_spent, "the failure was told");
        assert!(!fail(&db, &lease, 9_999).await, "the lease is another's");
        assert!(refreshed(&db, &due[0], "2", 700).await);
        assert_eq!(look(&db, &of).await.unwrap().failures, 0);
    }

    async fn an_ended_grant_is_renewed_by_the_user_alone(db: TestDatabase) {
        let of = connect(&db, "ann", "gmail", 0).await;
        let lease = claim(&db, &of, 0).await.unwrap();
        assert!(connections::give_up(&db.store, &lease, "revoked", 0).await.unwrap());
        let now = look(&db, &of).await.unwrap();
        assert!(now.needs_reauth);
        assert!(claim(&db, &now, 10_000).await.is_none());
        assert!(connections::claim_due(&db.store, LEASE_MS, 10, 10_000).await.unwrap().is_empty());
        let again = connect(&db, "ann", "gmail", 5).await;
        assert!(!again.needs_reauth && again.problem.is_none());
        assert_eq!(connections::next_due(&db.store).await.unwrap(), Some(5));
    }

    async fn what_is_due_is_taken_once_by_several_at_once(db: TestDatabase) {
        for n in 0..60 {
            connect(&db, &format!("u{n}"), "gmail", n).await;
        }
        let second = db.second_process().await;
        let mut taken = Vec::new();
        loop {
            let (a, b) = tokio::join!(
                connections::claim_due(&db.store, 1_000_000, 7, 59),
                connections::claim_due(&second, 1_000_000, 7, 59)
            );
            let round: Vec<String> = a.unwrap().into_iter().chain(b.unwrap()).map(|lease| lease.connection.id).collect();
            if round.is_empty() {
                break;
            }
            taken.extend(round);
        }
        taken.sort();
        let all = taken.len();
        taken.dedup();
        assert_eq!((all, taken.len()), (60, 60), "each, and none twice");
    }

    async fn the_accounts_backend_is_told(db: TestDatabase) {
        let secret = SealedSecret { key_id: "k1".into(), sealed: "x".into() };
        webhooks::set_endpoint(&db.store, db.account, "https://a.example.com/", &secret, 0).await.unwrap();
        let of = connect(&db, "ann", "gmail", 0).await;
        let lease = claim(&db, &of, 0).await.unwrap();
        refreshed(&db, &lease, "2", 1_000).await;
        let now = look(&db, &of).await.unwrap();
        let lease = claim(&db, &now, 2_000).await.unwrap();
        connections::give_up(&db.store, &lease, "revoked", 2_000).await.unwrap();
        let told = webhooks::list(&db.store, db.account, None, 0, 10).await.unwrap();
        let mut types: Vec<&str> = told.iter().map(|delivery| delivery.event_type.as_str()).collect();
        types.sort_unstable();
        assert_eq!(types, ["oauth.needs_reauth", "oauth.refreshed"]);
        for delivery in &told {
            assert!(!delivery.body.contains("access-") && !delivery.body.contains("refresh-"), "{}", delivery.body);
            let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
            assert_eq!((&body["data"]["resource"], &body["data"]["provider"]), (&json!("ann"), &json!("gmail")));
        }
    }

    async fn an_ended_connection_leaves_its_tokens_for_the_provider_alone(db: TestDatabase) {
        let of = connect(&db, "ann", "gmail", 0).await;
        let remove = async |provider, rule| {
            connections::remove(&db.store, db.account, "ann", provider, rule, 5).await.unwrap()
        };
        assert!(remove("gmail", RemoveRule::Revoke).await);
        assert!(!remove("gmail", RemoveRule::Revoke).await);
        assert!(look(&db, &of).await.is_none());
        let claimed = jobs::claim(&db.store, REVOCATION_JOB, "w", 1_000, 10, 5).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert!(!claimed[0].payload.to_string().contains("refresh-"), "a job's payload holds no secrets");
        let id = claimed[0].payload["revocation"].as_str().unwrap();
        let found = connections::revocation(&db.store, id).await.unwrap().unwrap();
        assert_eq!((found.resource.as_str(), found.tokens), ("ann", tokens("1")));
        connections::revoked(&db.store, id).await.unwrap();
        assert!(connections::revocation(&db.store, id).await.unwrap().is_none());
        connect(&db, "ann", "outlook", 0).await;
        assert!(remove("outlook", RemoveRule::Forget).await);
        assert!(jobs::claim(&db.store, REVOCATION_JOB, "w", 1_000, 10, 5).await.unwrap().is_empty());
    }

    async fn a_grant_that_others_share_is_revoked_with_the_last(db: TestDatabase) {
        let kin = ["gmail", "google-calendar"];
        connect(&db, "ann", "gmail", 0).await;
        connect(&db, "ann", "google-calendar", 0).await;
        let remove = async |provider| {
            connections::remove(&db.store, db.account, "ann", provider, RemoveRule::RevokeLast(&kin), 5).await.unwrap();
            jobs::claim(&db.store, REVOCATION_JOB, "w", 1_000, 10, 5).await.unwrap().len()
        };
        assert_eq!(remove("gmail").await, 0, "the calendar would be ended with it");
        assert_eq!(remove("google-calendar").await, 1);
    }

    async fn two_that_end_at_once_are_followed_by_one_revocation(db: TestDatabase) {
        let kin = ["gmail", "google-calendar"];
        let second = db.second_process().await;
        for round in 0..10 {
            let resource = format!("u{round}");
            connect(&db, &resource, "gmail", 0).await;
            connect(&db, &resource, "google-calendar", 0).await;
            let rule = RemoveRule::RevokeLast(&kin);
            let (a, b) = tokio::join!(
                connections::remove(&db.store, db.account, &resource, "gmail", rule, 5),
                connections::remove(&second, db.account, &resource, "google-calendar", rule, 5)
            );
            assert!(a.unwrap() && b.unwrap());
            assert_eq!(jobs::claim(&db.store, REVOCATION_JOB, "w", 1_000, 10, 5).await.unwrap().len(), 1);
        }
    }

    async fn who_connects_again_is_known_to_the_revocation(db: TestDatabase) {
        connect(&db, "ann", "gmail", 0).await;
        connections::remove(&db.store, db.account, "ann", "gmail", RemoveRule::Revoke, 5).await.unwrap();
        let job = jobs::claim(&db.store, REVOCATION_JOB, "w", 1_000, 10, 5).await.unwrap().remove(0);
        let found = connections::revocation(&db.store, job.payload["revocation"].as_str().unwrap()).await.unwrap().unwrap();
        let is_in_use = async || connections::is_in_use(&db.store, &found, &["gmail"]).await.unwrap();
        assert!(!is_in_use().await);
        connect(&db, "bob", "slack", 0).await;
        assert!(!is_in_use().await, "another provider's");
        connect(&db, "bob", "gmail", 0).await;
        assert!(is_in_use().await, "the same user of Google's, whoever it is here");
    }

    async fn secrets_come_under_another_key_row_by_row(db: TestDatabase) {
        use connections::{Resealable, SealedRow};
        let secret = SealedSecret { key_id: "k1".into(), sealed: "w".into() };
        webhooks::set_endpoint(&db.store, db.account, "https://a.example.com/", &secret, 0).await.unwrap();
        for name in ["ann", "bob", "cat"] {
            connect(&db, name, "gmail", 0).await;
        }
        connections::remove(&db.store, db.account, "cat", "gmail", RemoveRule::Revoke, 0).await.unwrap();
        let (mut seen, mut after) = (0, String::new());
        loop {
            let rows = connections::sealed_with_others(&db.store, "k2", &after, 2).await.unwrap();
            let Some((last, _)) = rows.last() else { break };
            after.clone_from(last);
            for (_, row) in &rows {
                seen += 1;
                let to = match row {
                    Resealable::Tokens { tokens, .. } => SealedRow::Tokens(SealedTokens { key_id: "k2".into(), ..tokens.clone() }),
                    Resealable::Webhook { secret, .. } => SealedRow::Webhook(SealedSecret { key_id: "k2".into(), ..secret.clone() }),
                };
                assert!(connections::reseal(&db.store, row, &to).await.unwrap());
            }
        }
        assert_eq!(seen, 4, "two connections, one that is gone, one webhook");
        assert!(connections::sealed_with_others(&db.store, "k2", "", 10).await.unwrap().is_empty());
        let of = connections::get(&db.store, db.account, "ann", "gmail").await.unwrap().unwrap();
        let row = connections::sealed_with_others(&db.store, "k3", "", 1).await.unwrap().remove(0).1;
        let lease = claim(&db, &of, 0).await.unwrap();
        refreshed(&db, &lease, "2", 0).await;
        if let Resealable::Tokens { id, .. } = &row && *id == of.id {
            let to = SealedRow::Tokens(SealedTokens { key_id: "k3".into(), ..tokens("old") });
            assert!(!connections::reseal(&db.store, &row, &to).await.unwrap(), "it was renewed meanwhile");
        }
    }
}
