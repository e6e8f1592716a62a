use crate::databases::{TestDatabase, on_both};
use casp_store::{
    AccountId, accounts,
    calls::{self, Machine, NewCall},
    idempotency::{self, Begun, KeptAnswer, RequestKey},
    scheduled_calls::{self, NewScheduledCall},
};
use tokio::task::JoinSet;

const LEASE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn request(account: AccountId, key: &str, body: &str) -> RequestKey {
    RequestKey::new(account, "/schedule-call", key, body)
}

async fn begin(db: &TestDatabase, request: &RequestKey, now_ms: i64) -> Begun {
    idempotency::begin(&db.store, request, LEASE_MS, DAY_MS, now_ms)
        .await
        .unwrap()
}

/// To be run under that lease; the first one began it then.
fn run(lease: i64, begun_at_ms: i64) -> Begun {
    Begun::Run { lease, begun_at_ms }
}

fn created() -> KeptAnswer {
    KeptAnswer {
        status: 201,
        body: r#"{"id":1}"#.into(),
    }
}

on_both! {
    async fn the_first_runs_and_the_others_get_its_answer(db: TestDatabase) {
        let request = request(db.account, "k", "{}");
        assert_eq!(begin(&db, &request, 0).await, run(1, 0));
        assert_eq!(begin(&db, &request, 1).await, Begun::InProgress);
        assert!(idempotency::finish(&db.store, &request, 1, &created()).await.unwrap());
        assert_eq!(begin(&db, &request, 2).await, Begun::Answered(created()));
        assert_eq!(begin(&db, &request, DAY_MS - 1).await, Begun::Answered(created()));
        assert_eq!(begin(&db, &request, DAY_MS).await, run(1, DAY_MS), "after a day the key is free");
    }

    async fn another_body_under_the_same_key_is_a_mismatch(db: TestDatabase) {
        begin(&db, &request(db.account, "k", "{}"), 0).await;
        let other = request(db.account, "k", r#"{"to":1}"#);
        assert_eq!(begin(&db, &other, 1).await, Begun::Mismatch);
        assert_eq!(begin(&db, &other, LEASE_MS + 1).await, Begun::Mismatch, "also when the first one died");
        assert_eq!(begin(&db, &other, DAY_MS).await, run(1, DAY_MS));
    }

    async fn a_key_is_one_accounts_at_one_route(db: TestDatabase) {
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        for request in [
            request(db.account, "k", "{}"),
            request(next, "k", "{}"),
            request(db.account, "l", "{}"),
            RequestKey::new(db.account, "/phone/call", "k", "{}"),
        ] {
            assert_eq!(begin(&db, &request, 0).await, run(1, 0), "{request:?}");
        }
    }

    async fn when_the_first_died_the_next_takes_over_and_knows_it(db: TestDatabase) {
        let request = request(db.account, "k", "{}");
        begin(&db, &request, 0).await;
        assert_eq!(begin(&db, &request, LEASE_MS - 1).await, Begun::InProgress);
        assert_eq!(begin(&db, &request, LEASE_MS).await, run(2, 0));
        assert!(!idempotency::finish(&db.store, &request, 1, &created()).await.unwrap(), "it was only slow");
        assert!(!idempotency::forget(&db.store, &request, 1).await.unwrap());
        assert!(idempotency::finish(&db.store, &request, 2, &created()).await.unwrap());
        assert!(!idempotency::forget(&db.store, &request, 2).await.unwrap(), "an answer stays");
    }

    async fn what_did_nothing_is_forgotten(db: TestDatabase) {
        let request = request(db.account, "k", "{}");
        begin(&db, &request, 0).await;
        assert!(idempotency::forget(&db.store, &request, 1).await.unwrap());
        assert_eq!(begin(&db, &request, 1).await, run(1, 1));
    }

    async fn what_may_have_done_something_runs_again_at_once_and_knows_it(db: TestDatabase) {
        let request = request(db.account, "k", "{}");
        begin(&db, &request, 0).await;
        assert!(idempotency::release(&db.store, &request, 1, 5).await.unwrap());
        assert_eq!(begin(&db, &request, 5).await, run(2, 0));
        assert!(!idempotency::release(&db.store, &request, 1, 6).await.unwrap());
    }

    async fn a_name_is_kept_by_who_takes_over_and_is_another_after_a_day(db: TestDatabase) {
        let request = request(db.account, "k", "{}");
        assert_eq!(begin(&db, &request, 5).await, run(1, 5));
        assert_eq!(begin(&db, &request, 5 + LEASE_MS).await, run(2, 5), "the first one died");
        assert_eq!(begin(&db, &request, 5 + LEASE_MS + DAY_MS).await, run(1, 5 + LEASE_MS + DAY_MS));
        assert_ne!(request.name(5), request.name(5 + LEASE_MS + DAY_MS));
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        assert_ne!(request.name(5), RequestKey::new(next, "/schedule-call", "k", "{}").name(5));
    }

    async fn a_key_that_is_used_again_a_day_later_schedules_and_places_anew(db: TestDatabase) {
        let mut made = Vec::new();
        for (now_ms, number) in [(5, "+15551230002"), (5 + DAY_MS, "+15551230003")] {
            let request = request(db.account, "k", number);
            let Begun::Run { begun_at_ms, .. } = begin(&db, &request, now_ms).await else {
                panic!("it does not run at {now_ms}");
            };
            let name = request.name(begun_at_ms);
            let scheduled = NewScheduledCall {
                account: db.account,
                phone_number: number.into(),
                scenario: "sales".into(),
                scheduled_at_ms: now_ms + 1_000,
                request: Some(name.clone()),
            };
            let scheduled = scheduled_calls::schedule(&db.store, &scheduled, now_ms).await.unwrap();
            assert_eq!(scheduled.phone_number, number);
            let call = NewCall {
                account: db.account,
                to: number.into(),
                wanted_from: None,
                assistant: "sales".into(),
                overrides: serde_json::json!({}),
                machine: Machine::Continue,
                message: None,
                request_key: Some(name),
                not_before_ms: now_ms,
                give_up_at_ms: now_ms + 1_000,
            };
            let call = calls::add(&db.store, &call, now_ms).await.unwrap();
            assert_eq!(call.to, number);
            made.push((scheduled.id, call.id));
        }
        assert!(made[0].0 != made[1].0 && made[0].1 != made[1].1, "{made:?}");
    }

    async fn of_fifty_at_once_one_runs(db: TestDatabase) {
        let second = db.second_process().await;
        for died in [false, true] {
            let now_ms = if died { LEASE_MS } else { 0 };
            let mut tasks = JoinSet::new();
            for n in 0..50 {
                let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
                let request = request(db.account, "k", "{}");
                tasks.spawn(async move {
                    idempotency::begin(&store, &request, LEASE_MS, DAY_MS, now_ms).await.unwrap()
                });
            }
            let begun = tasks.join_all().await;
            let runs = begun.iter().filter(|begun| matches!(begun, Begun::Run { .. })).count();
            assert_eq!(runs, 1, "{begun:?}");
        }
    }

    async fn old_keys_go(db: TestDatabase) {
        begin(&db, &request(db.account, "old", "{}"), 0).await;
        begin(&db, &request(db.account, "new", "{}"), 1).await;
        assert_eq!(idempotency::purge(&db.store, DAY_MS).await.unwrap(), 1);
    }
}
