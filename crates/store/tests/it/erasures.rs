use crate::databases::{TestDatabase, on_both};
use casp_store::{
    AccountId, Store, accounts,
    calls::{self, Call, CallStatus, Machine, NewCall},
    erasures, jobs,
    scheduled_calls::{
        self, Ending, NewScheduledCall, SCHEDULED_CALL_JOB, ScheduledCall, ScheduledCallState,
    },
    webhooks::{self, DELIVERY_JOB, Event, SealedSecret},
};

const NUMBER: &str = "+15550001111";
/// It begins as the other one does.
const LONGER: &str = "+155500011112";
const NOW: i64 = 1_000;

async fn call(store: &Store, account: AccountId, to: &str) -> Call {
    let new = NewCall {
        account,
        to: to.into(),
        wanted_from: None,
        assistant: "sales".into(),
        overrides: serde_json::json!({"greeting": "Dear Ann"}),
        machine: Machine::LeaveMessage,
        message: Some("Dear Ann".into()),
        request_key: None,
        not_before_ms: NOW,
        give_up_at_ms: NOW + 60_000,
    };
    calls::add(store, &new, NOW).await.unwrap()
}

async fn failed(store: &Store, account: AccountId, to: &str) -> String {
    let call = call(store, account, to).await;
    let error = format!("no such number: {to}");
    assert!(
        calls::fail(store, &call.id, "21211", &error, NOW)
            .await
            .unwrap()
    );
    call.id
}

async fn scheduled(store: &Store, account: AccountId, to: &str) -> ScheduledCall {
    let new = NewScheduledCall {
        account,
        phone_number: to.into(),
        scenario: "sales".into(),
        scheduled_at_ms: NOW,
        request: None,
    };
    scheduled_calls::schedule(store, &new, 10).await.unwrap()
}

/// Tells an account of a call between these.
async fn told(store: &Store, account: AccountId, key: &str, from: &str, to: &str) {
    let secret = SealedSecret {
        key_id: "k1".into(),
        sealed: "c2VhbGVk".into(),
    };
    webhooks::set_endpoint(store, account, "https://a.example.com/", &secret, 1)
        .await
        .unwrap();
    let body = serde_json::json!({"from": from, "to": to}).to_string();
    let event = Event {
        event_type: "call.ended",
        key,
        body,
    };
    assert!(webhooks::emit(store, account, &event, NOW).await.unwrap());
}

/// Every delivery is taken.
async fn delivered(store: &Store) {
    for job in jobs::claim(store, DELIVERY_JOB, "w", 1_000, 10, NOW)
        .await
        .unwrap()
    {
        let id = job.payload["delivery"].as_str().unwrap();
        assert!(
            webhooks::delivered(store, &job.lease, id, 204, NOW)
                .await
                .unwrap()
        );
    }
}

async fn bodies(store: &Store, account: AccountId) -> Vec<String> {
    let list = webhooks::list(store, account, None, 0, 10).await.unwrap();
    let mut bodies: Vec<_> = list.into_iter().map(|delivery| delivery.body).collect();
    bodies.sort();
    bodies
}

async fn forget(db: &TestDatabase) -> i64 {
    erasures::forget_number(&db.store, db.account, NUMBER, NOW + 1)
        .await
        .unwrap()
}

async fn get(store: &Store, id: &str) -> Call {
    calls::get(store, id).await.unwrap().unwrap()
}

on_both! {
    async fn a_number_is_blanked_in_calls_that_are_over(db: TestDatabase) {
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let ours = failed(&db.store, db.account, NUMBER).await;
        let another = failed(&db.store, db.account, LONGER).await;
        let theirs = failed(&db.store, neighbour, NUMBER).await;
        assert_eq!(forget(&db).await, 0);
        let ours = get(&db.store, &ours).await;
        assert_eq!((ours.to.as_str(), ours.error, ours.status), ("", None, CallStatus::Failed));
        assert_eq!(ours.error_code.as_deref(), Some("21211"), "what is nobody's stays");
        assert_eq!(get(&db.store, &another).await.to, LONGER);
        let theirs = get(&db.store, &theirs).await;
        assert_eq!((theirs.to.as_str(), theirs.error.is_some()), (NUMBER, true));
        assert_eq!(forget(&db).await, 0, "idempotent");
    }

    async fn nobody_is_called_who_was_forgotten(db: TestDatabase) {
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let queued = call(&db.store, db.account, NUMBER).await;
        let later = scheduled(&db.store, db.account, NUMBER).await;
        let theirs = (call(&db.store, neighbour, NUMBER).await, scheduled(&db.store, neighbour, NUMBER).await);
        assert_eq!(forget(&db).await, 0);
        let queued = get(&db.store, &queued.id).await;
        assert_eq!((queued.to.as_str(), queued.status), ("", CallStatus::Canceled));
        assert_eq!((queued.message, queued.overrides), (None, serde_json::json!({})));
        let later = scheduled_calls::get(&db.store, &later.id).await.unwrap().unwrap();
        assert_eq!((later.phone_number.as_str(), later.state), ("", ScheduledCallState::Cancelled));
        assert_eq!(get(&db.store, &theirs.0.id).await.status, CallStatus::Queued);
        let due = jobs::claim(&db.store, SCHEDULED_CALL_JOB, "w", 1_000, 10, NOW).await.unwrap();
        assert_eq!(due.len(), 1, "next door's alone");
        assert_eq!(due[0].payload["scheduled_call"], theirs.1.id);
    }

    async fn what_goes_on_needs_the_number_until_it_is_over(db: TestDatabase) {
        let call = call(&db.store, db.account, NUMBER).await;
        calls::placed(&db.store, &call.id, "CA1", NOW, NOW).await.unwrap().unwrap();
        let later = scheduled(&db.store, db.account, NUMBER).await;
        let job = jobs::claim(&db.store, SCHEDULED_CALL_JOB, "w", 1_000, 10, NOW).await.unwrap().remove(0);
        assert!(scheduled_calls::begin_placing(&db.store, &later.id).await.unwrap());
        assert_eq!(forget(&db).await, 2);
        assert_eq!(get(&db.store, &call.id).await.to, NUMBER);
        assert!(calls::progress(&db.store, "CA1", CallStatus::Completed, NOW, NOW).await.unwrap());
        assert!(scheduled_calls::finish(&db.store, &job.lease, &later.id, Ending::Placed("CA1"), NOW).await.unwrap());
        assert_eq!(forget(&db).await, 0);
        assert_eq!(get(&db.store, &call.id).await.to, "");
        let later = scheduled_calls::get(&db.store, &later.id).await.unwrap().unwrap();
        assert_eq!((later.phone_number.as_str(), later.state), ("", ScheduledCallState::Placed));
    }

    async fn webhooks_that_were_sent_tell_the_number_no_more(db: TestDatabase) {
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        told(&db.store, db.account, "phone-1", NUMBER, LONGER).await;
        told(&db.store, db.account, "whatsapp-1", "+15550009999", &format!("whatsapp:{NUMBER}")).await;
        told(&db.store, neighbour, "phone-1", NUMBER, LONGER).await;
        assert_eq!(forget(&db).await, 2, "they are yet to be sent");
        delivered(&db.store).await;
        assert_eq!(forget(&db).await, 0);
        assert_eq!(bodies(&db.store, db.account).await, [
            format!(r#"{{"from":"","to":"{LONGER}"}}"#),
            r#"{"from":"+15550009999","to":""}"#.to_owned(),
        ]);
        assert_eq!(bodies(&db.store, neighbour).await, [format!(r#"{{"from":"{NUMBER}","to":"{LONGER}"}}"#)]);
    }
}
