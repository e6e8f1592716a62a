use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts, jobs,
    scheduled_calls::{
        self, Cancelled, Ending, NewScheduledCall, SCHEDULED_CALL_JOB, ScheduledCall,
        ScheduledCallState,
    },
};

fn new(db: &TestDatabase) -> NewScheduledCall {
    NewScheduledCall {
        account: db.account,
        phone_number: "+15551230002".into(),
        scenario: "sales".into(),
        scheduled_at_ms: 1_000,
        request: None,
    }
}

async fn schedule(db: &TestDatabase) -> ScheduledCall {
    scheduled_calls::schedule(&db.store, &new(db), 10)
        .await
        .unwrap()
}

async fn claim(db: &TestDatabase) -> Vec<jobs::ClaimedJob> {
    jobs::claim(&db.store, SCHEDULED_CALL_JOB, "w", 1_000, 10, 1_000)
        .await
        .unwrap()
}

async fn state(db: &TestDatabase, id: &str) -> ScheduledCallState {
    scheduled_calls::get(&db.store, id)
        .await
        .unwrap()
        .unwrap()
        .state
}

on_both! {
    async fn a_call_is_placed_at_its_time(db: TestDatabase) {
        let call = schedule(&db).await;
        assert_eq!((call.account, call.phone_number.as_str(), call.scenario.as_str()), (db.account, "+15551230002", "sales"));
        assert_eq!((call.scheduled_at_ms, call.created_at_ms, call.state), (1_000, 10, ScheduledCallState::Scheduled));
        assert!(jobs::claim(&db.store, SCHEDULED_CALL_JOB, "w", 1_000, 10, 999).await.unwrap().is_empty());
        let job = claim(&db).await.remove(0);
        assert_eq!(job.payload["scheduled_call"], call.id);
        assert!(scheduled_calls::begin_placing(&db.store, &call.id).await.unwrap());
        assert_eq!(state(&db, &call.id).await, ScheduledCallState::Placing);
        assert!(scheduled_calls::begin_placing(&db.store, &call.id).await.unwrap(), "again, when the first one died");
        assert!(scheduled_calls::finish(&db.store, &job.lease, &call.id, Ending::Placed("CA1"), 1_001).await.unwrap());
        let placed = scheduled_calls::get(&db.store, &call.id).await.unwrap().unwrap();
        assert_eq!((placed.state, placed.call_sid.as_deref()), (ScheduledCallState::Placed, Some("CA1")));
        assert!(!scheduled_calls::begin_placing(&db.store, &call.id).await.unwrap());
        assert_eq!(jobs::get(&db.store, &job.lease.job).await.unwrap().unwrap().state, jobs::JobState::Done);
    }

    async fn the_same_request_schedules_one_call(db: TestDatabase) {
        let request = NewScheduledCall { request: Some("1/schedule/k".into()), ..new(&db) };
        let first = scheduled_calls::schedule(&db.store, &request, 10).await.unwrap();
        let second = scheduled_calls::schedule(&db.store, &request, 20).await.unwrap();
        assert_eq!((first.id, second.created_at_ms), (second.id, 10));
        assert_eq!(claim(&db).await.len(), 1);
        assert_eq!(scheduled_calls::waiting(&db.store, db.account).await.unwrap(), 1);
    }

    async fn a_call_is_cancelled_before_it_is_placed_and_by_its_owner(db: TestDatabase) {
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let call = schedule(&db).await;
        let cancel = async |account, id: &str| scheduled_calls::cancel(&db.store, account, id, 20).await.unwrap();
        assert_eq!(cancel(next, &call.id).await, Cancelled::Unknown);
        assert_eq!(cancel(db.account, "none").await, Cancelled::Unknown);
        assert_eq!(cancel(db.account, &call.id).await, Cancelled::Yes);
        assert_eq!(cancel(db.account, &call.id).await, Cancelled::TooLate);
        assert_eq!(state(&db, &call.id).await, ScheduledCallState::Cancelled);
        assert!(claim(&db).await.is_empty());
        let other = schedule(&db).await;
        claim(&db).await;
        scheduled_calls::begin_placing(&db.store, &other.id).await.unwrap();
        assert_eq!(cancel(db.account, &other.id).await, Cancelled::TooLate);
    }

    async fn a_job_that_was_given_up_is_a_call_that_failed(db: TestDatabase) {
        let call = schedule(&db).await;
        let job = claim(&db).await.remove(0);
        jobs::fail(&db.store, &job.lease, "no scenario", 1_000).await.unwrap();
        let failed = scheduled_calls::get(&db.store, &call.id).await.unwrap().unwrap();
        assert_eq!((failed.state, failed.last_error.as_deref()), (ScheduledCallState::Failed, Some("no scenario")));
    }

    async fn without_the_lease_nothing_is_finished(db: TestDatabase) {
        let call = schedule(&db).await;
        let late = claim(&db).await.remove(0);
        jobs::claim(&db.store, SCHEDULED_CALL_JOB, "w2", 1_000, 10, 2_000).await.unwrap();
        assert!(!scheduled_calls::finish(&db.store, &late.lease, &call.id, Ending::Missed, 2_000).await.unwrap());
        assert_eq!(state(&db, &call.id).await, ScheduledCallState::Scheduled);
    }

    async fn they_are_listed_by_account_and_go_when_they_are_old(db: TestDatabase) {
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        for at in [1_000, 3_000, 2_000] {
            let call = NewScheduledCall { scheduled_at_ms: at, ..new(&db) };
            scheduled_calls::schedule(&db.store, &call, 10).await.unwrap();
        }
        let times: Vec<i64> = scheduled_calls::list(&db.store, db.account, 1, 10).await.unwrap()
            .iter().map(|call| call.scheduled_at_ms).collect();
        assert_eq!(times, [2_000, 1_000], "the latest first, one skipped");
        assert!(scheduled_calls::list(&db.store, next, 0, 10).await.unwrap().is_empty());
        assert_eq!(scheduled_calls::purge(&db.store, 10_000).await.unwrap(), 0, "they are yet to be placed");
        let job = claim(&db).await.remove(0);
        let id = job.payload["scheduled_call"].as_str().unwrap();
        scheduled_calls::finish(&db.store, &job.lease, id, Ending::Missed, 1_000).await.unwrap();
        assert_eq!(scheduled_calls::purge(&db.store, 10_000).await.unwrap(), 1);
    }
}
