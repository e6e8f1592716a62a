use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts, call_settings,
    calls::{self, Call, CallStatus, Claim, Machine, NewCall, Pace},
    do_not_call,
    workers::{self, Heartbeat},
};
use tokio::task::JoinSet;

const NOW: i64 = 1_000_000;

const PACE: Pace = Pace {
    interval_ms: 1_000,
    most_at_once: 2,
    stale_after_ms: 2_000,
};

fn new_call(db: &TestDatabase) -> NewCall {
    NewCall {
        account: db.account,
        to: "+14155551212".into(),
        wanted_from: None,
        assistant: "sales".into(),
        overrides: serde_json::json!({"greeting": "Grüezi"}),
        machine: Machine::HangUp,
        message: None,
        request_key: None,
        not_before_ms: NOW,
        give_up_at_ms: NOW + 60_000,
    }
}

async fn queued(db: &TestDatabase, at_ms: i64) -> Call {
    calls::add(&db.store, &new_call(db), at_ms).await.unwrap()
}

async fn worker(store: &casp_store::Store, free: i64, now_ms: i64) {
    let beat = Heartbeat {
        worker_id: "w1".into(),
        jobs: 0,
        max_jobs: free,
        is_draining: false,
    };
    workers::heartbeat(store, &beat, now_ms).await.unwrap();
}

/// Claims the account's next call at that time, with an agent free.
async fn next(db: &TestDatabase, now_ms: i64) -> Option<String> {
    worker(&db.store, 100, now_ms).await;
    match calls::claim(&db.store, db.account, None, PACE, now_ms)
        .await
        .unwrap()
    {
        Claim::Claimed(call) => Some(call.id),
        Claim::NotNow => None,
    }
}

async fn status(db: &TestDatabase, id: &str) -> CallStatus {
    calls::get(&db.store, id).await.unwrap().unwrap().status
}

async fn placed(db: &TestDatabase, at_ms: i64, sid: &str) -> Call {
    let call = queued(db, at_ms).await;
    assert_eq!(next(db, at_ms).await.as_ref(), Some(&call.id));
    calls::placed(&db.store, &call.id, sid, at_ms, 0)
        .await
        .unwrap()
        .unwrap()
}

on_both! {
    async fn a_call_comes_back_as_it_was_asked_for(db: TestDatabase) {
        let call = queued(&db, NOW).await;
        let again = calls::get(&db.store, &call.id).await.unwrap().unwrap();
        assert_eq!((again.to.as_str(), again.assistant.as_str()), ("+14155551212", "sales"));
        assert_eq!((again.status, again.machine, again.attempts), (CallStatus::Queued, Machine::HangUp, 0));
        assert_eq!(again.overrides["greeting"], "Grüezi");
        assert_eq!((again.call_sid, again.created_at_ms), (None, NOW));
    }

    async fn the_same_request_makes_one_call(db: TestDatabase) {
        let new = NewCall { request_key: Some("k".into()), ..new_call(&db) };
        let first = calls::add(&db.store, &new, NOW).await.unwrap();
        let second = calls::add(&db.store, &new, NOW + 5).await.unwrap();
        assert_eq!(first.id, second.id);
        assert_eq!(calls::list(&db.store, db.account, None, 0, 0, 10).await.unwrap().len(), 1);
    }

    async fn a_request_may_make_another_call_when_twilio_never_had_the_first(db: TestDatabase) {
        let new = NewCall { request_key: Some("k".into()), ..new_call(&db) };
        let first = calls::add(&db.store, &new, NOW).await.unwrap();
        assert!(!calls::free_request(&db.store, &first.id).await.unwrap(), "it waits");
        assert_eq!(next(&db, NOW).await.as_ref(), Some(&first.id));
        assert!(!calls::free_request(&db.store, &first.id).await.unwrap(), "Twilio is being asked");
        calls::fail(&db.store, &first.id, "20003", "refused", NOW).await.unwrap();
        assert!(calls::free_request(&db.store, &first.id).await.unwrap());
        let second = calls::add(&db.store, &new, NOW + 1_000).await.unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(next(&db, NOW + 1_000).await.as_ref(), Some(&second.id));
        calls::placed(&db.store, &second.id, "CA1", NOW + 1_000, 0).await.unwrap();
        calls::progress(&db.store, "CA1", CallStatus::Failed, NOW + 2_000, 0).await.unwrap();
        assert!(!calls::free_request(&db.store, &second.id).await.unwrap(), "Twilio had it");
        assert_eq!(calls::add(&db.store, &new, NOW + 3_000).await.unwrap().id, second.id);
    }

    async fn what_a_call_was_to_say_is_forgotten_when_it_ends(db: TestDatabase) {
        let new = NewCall { message: Some("Dear Ann".into()), ..new_call(&db) };
        let said = async |id: &str| {
            let call = calls::get(&db.store, id).await.unwrap().unwrap();
            (call.overrides, call.message)
        };
        let kept = (new.overrides.clone(), new.message.clone());
        let nothing = (serde_json::json!({}), None);
        let talked = calls::add(&db.store, &new, NOW).await.unwrap().id;
        calls::placed(&db.store, &talked, "CA1", NOW, 0).await.unwrap().unwrap();
        calls::progress(&db.store, "CA1", CallStatus::InProgress, NOW, 0).await.unwrap();
        assert_eq!(said(&talked).await, kept, "a machine may answer yet");
        calls::progress(&db.store, "CA1", CallStatus::Completed, NOW, 0).await.unwrap();
        assert_eq!(said(&talked).await, nothing);
        let refused = calls::add(&db.store, &new, NOW).await.unwrap().id;
        calls::fail(&db.store, &refused, "21211", "no such number", NOW).await.unwrap();
        assert_eq!(said(&refused).await, nothing);
        let canceled = calls::add(&db.store, &new, NOW).await.unwrap().id;
        assert!(calls::cancel(&db.store, db.account, &canceled, NOW).await.unwrap());
        assert_eq!(said(&canceled).await, nothing);
        let waiting = calls::add(&db.store, &new, NOW).await.unwrap().id;
        assert_eq!(said(&waiting).await, kept);
        assert_eq!(calls::expire(&db.store, NOW + 60_000).await.unwrap(), 1);
        assert_eq!(said(&waiting).await, nothing);
    }

    async fn old_calls_go_and_those_that_are_not_over_stay(db: TestDatabase) {
        /// Later than any test is run: ids are made of the time.
        const FAR: i64 = 9_000_000_000_000;
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let theirs = NewCall { account: neighbour, ..new_call(&db) };
        let theirs = calls::add(&db.store, &theirs, NOW).await.unwrap().id;
        let (old, younger, live) = (queued(&db, NOW).await.id, queued(&db, NOW).await.id, queued(&db, NOW).await.id);
        for (id, ended_at_ms) in [(&old, NOW), (&theirs, NOW), (&younger, FAR)] {
            calls::fail(&db.store, id, "21211", "no such number", ended_at_ms).await.unwrap();
        }
        assert_eq!(calls::remove_old(&db.store, NOW, 100).await.unwrap(), 0);
        assert_eq!(calls::remove_old(&db.store, FAR, 1).await.unwrap(), 1, "in batches");
        assert_eq!(calls::remove_old(&db.store, FAR, 100).await.unwrap(), 1, "of all accounts");
        assert_eq!(calls::remove_old(&db.store, FAR, 100).await.unwrap(), 0);
        for gone in [&old, &theirs] {
            assert!(calls::get(&db.store, gone).await.unwrap().is_none());
        }
        for stays in [&younger, &live] {
            assert!(calls::get(&db.store, stays).await.unwrap().is_some());
        }
    }

    async fn calls_are_placed_in_order_one_a_second_and_so_many_at_once(db: TestDatabase) {
        let ids = [queued(&db, NOW).await.id, queued(&db, NOW + 1).await.id, queued(&db, NOW + 2).await.id];
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(calls::position(&db.store, id).await.unwrap(), Some(place as i64 + 1));
        }
        assert_eq!(next(&db, NOW + 10).await.as_ref(), Some(&ids[0]));
        assert_eq!(next(&db, NOW + 1_009).await, None, "one a second");
        assert_eq!(next(&db, NOW + 1_010).await.as_ref(), Some(&ids[1]));
        assert_eq!(next(&db, NOW + 5_000).await, None, "two at once");
        assert_eq!(calls::position(&db.store, &ids[2]).await.unwrap(), Some(1));
        calls::fail(&db.store, &ids[0], "21211", "no such number", NOW + 5_000).await.unwrap();
        assert_eq!(next(&db, NOW + 5_000).await.as_ref(), Some(&ids[2]));
        assert_eq!(calls::position(&db.store, &ids[2]).await.unwrap(), None);
    }

    async fn of_many_who_claim_at_once_one_gets_the_call(db: TestDatabase) {
        let second = db.second_process().await;
        worker(&db.store, 100, NOW).await;
        let call = queued(&db, NOW).await;
        queued(&db, NOW + 1).await;
        let mut claims = JoinSet::new();
        for n in 0..20 {
            let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
            let account = db.account;
            claims.spawn(async move { calls::claim(&store, account, None, PACE, NOW + 1).await.unwrap() });
        }
        let won: Vec<String> = claims.join_all().await.into_iter().filter_map(|claim| match claim {
            Claim::Claimed(call) => Some(call.id),
            Claim::NotNow => None,
        }).collect();
        assert_eq!(won, [call.id], "and the second has to wait for its second");
    }

    async fn a_certain_call_is_claimed_only_when_it_is_the_first(db: TestDatabase) {
        worker(&db.store, 100, NOW).await;
        let first = queued(&db, NOW).await;
        let second = queued(&db, NOW + 1).await;
        let refused = calls::claim(&db.store, db.account, Some(&second.id), PACE, NOW + 1).await.unwrap();
        assert!(matches!(refused, Claim::NotNow));
        let claimed = calls::claim(&db.store, db.account, Some(&first.id), PACE, NOW + 1).await.unwrap();
        assert!(matches!(claimed, Claim::Claimed(call) if call.id == first.id), "and the refusal cost no time");
    }

    async fn one_account_does_not_slow_another_down(db: TestDatabase) {
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        queued(&db, NOW).await;
        let theirs = calls::add(&db.store, &NewCall { account: other, ..new_call(&db) }, NOW).await.unwrap();
        assert!(next(&db, NOW).await.is_some());
        let mut waiting = calls::waiting_accounts(&db.store, NOW).await.unwrap();
        waiting.sort();
        assert_eq!(waiting, [other]);
        let claimed = calls::claim(&db.store, other, None, PACE, NOW).await.unwrap();
        assert!(matches!(claimed, Claim::Claimed(call) if call.id == theirs.id));
        assert!(!calls::cancel(&db.store, db.account, &theirs.id, NOW).await.unwrap());
    }

    async fn without_a_free_agent_nobody_is_called(db: TestDatabase) {
        queued(&db, NOW).await;
        worker(&db.store, 0, NOW).await;
        let claim = calls::claim(&db.store, db.account, None, PACE, NOW).await.unwrap();
        assert!(matches!(claim, Claim::NotNow));
        worker(&db.store, 1, NOW).await;
        let claim = calls::claim(&db.store, db.account, None, PACE, NOW).await.unwrap();
        assert!(matches!(claim, Claim::Claimed(_)));
        assert_eq!(workers::capacity(&db.store, NOW, 2_000).await.unwrap().free, 0, "its place is spoken for");
    }

    async fn a_call_that_is_put_back_waits_and_then_goes_first(db: TestDatabase) {
        let first = queued(&db, NOW).await;
        let second = queued(&db, NOW + 1).await;
        next(&db, NOW + 1).await.unwrap();
        assert!(calls::put_back(&db.store, &first.id, NOW + 2_500).await.unwrap());
        assert!(!calls::put_back(&db.store, &first.id, NOW).await.unwrap());
        assert_eq!(next(&db, NOW + 1_001).await.as_ref(), Some(&second.id));
        assert_eq!(next(&db, NOW + 3_000).await.as_ref(), Some(&first.id));
        assert_eq!(calls::get(&db.store, &first.id).await.unwrap().unwrap().attempts, 2);
    }

    async fn a_call_that_waits_for_too_long_is_given_up(db: TestDatabase) {
        let call = queued(&db, NOW).await;
        assert_eq!(calls::expire(&db.store, NOW + 59_999).await.unwrap(), 0);
        assert_eq!(calls::expire(&db.store, NOW + 60_000).await.unwrap(), 1);
        let call = calls::get(&db.store, &call.id).await.unwrap().unwrap();
        assert_eq!((call.status, call.error_code.as_deref()), (CallStatus::Failed, Some("expired")));
        assert_eq!(next(&db, NOW + 60_000).await, None);
    }

    async fn only_a_queued_call_can_be_taken_out_of_the_queue(db: TestDatabase) {
        let call = queued(&db, NOW).await;
        assert!(calls::cancel(&db.store, db.account, &call.id, NOW).await.unwrap());
        assert_eq!(status(&db, &call.id).await, CallStatus::Canceled);
        assert!(!calls::cancel(&db.store, db.account, &call.id, NOW).await.unwrap());
        let call = placed(&db, NOW, "CA1").await;
        assert!(!calls::cancel(&db.store, db.account, &call.id, NOW).await.unwrap());
    }

    async fn a_status_only_grows_whatever_order_webhooks_come_in(db: TestDatabase) {
        let call = placed(&db, NOW, "CA1").await;
        assert_eq!((call.status, call.placed_at_ms), (CallStatus::Initiated, Some(NOW)));
        let tell = async |status| calls::progress(&db.store, "CA1", status, NOW + 7, NOW + 99).await.unwrap();
        assert!(tell(CallStatus::InProgress).await);
        assert!(!tell(CallStatus::Ringing).await, "late");
        assert!(!tell(CallStatus::InProgress).await, "twice");
        assert!(tell(CallStatus::Completed).await);
        assert!(!tell(CallStatus::Busy).await, "over");
        let call = calls::by_sid(&db.store, "CA1").await.unwrap().unwrap();
        assert_eq!(call.status, CallStatus::Completed);
        assert_eq!((call.answered_at_ms, call.ended_at_ms), (Some(NOW + 7), Some(NOW + 7)));
        assert!(!calls::progress(&db.store, "CAunknown", CallStatus::Completed, NOW, NOW).await.unwrap());
    }

    async fn a_webhook_may_be_faster_than_the_answer_that_made_the_call(db: TestDatabase) {
        let call = queued(&db, NOW).await;
        next(&db, NOW).await.unwrap();
        calls::placed(&db.store, &call.id, "CA1", NOW, 0).await.unwrap().unwrap();
        calls::progress(&db.store, "CA1", CallStatus::Completed, NOW + 1, 0).await.unwrap();
        let late = calls::placed(&db.store, &call.id, "CA1", NOW + 2, 0).await.unwrap().unwrap();
        assert_eq!((late.status, late.placed_at_ms), (CallStatus::Completed, Some(NOW)));
        assert!(calls::placed(&db.store, &call.id, "CA2", NOW, 0).await.unwrap().is_none(), "it has another id");
    }

    async fn one_call_of_twilios_is_one_call_of_ours(db: TestDatabase) {
        placed(&db, NOW, "CA1").await;
        let second = queued(&db, NOW).await;
        next(&db, NOW + 2_000).await.unwrap();
        calls::unknown(&db.store, &second.id, "lost", NOW).await.unwrap();
        assert!(calls::placed(&db.store, &second.id, "CA1", NOW, 0).await.unwrap().is_none());
        assert_eq!(status(&db, &second.id).await, CallStatus::Unknown);
    }

    async fn a_call_whose_placing_died_is_unknown_and_is_looked_for_by_one(db: TestDatabase) {
        let second = db.second_process().await;
        let call = queued(&db, NOW).await;
        next(&db, NOW).await.unwrap();
        assert!(calls::asking(&db.store, &call.id, "+15017122661").await.unwrap());
        assert_eq!(calls::lose_placing(&db.store, NOW, NOW).await.unwrap(), 0, "it was begun just now");
        assert_eq!(calls::lose_placing(&db.store, NOW + 1, NOW + 60_000).await.unwrap(), 1);
        assert_eq!(next(&db, NOW + 60_000).await, None, "nobody places it again");
        let (a, b) = tokio::join!(
            calls::take_checks(&db.store, NOW + 60_000, NOW + 70_000, 10),
            calls::take_checks(&second, NOW + 60_000, NOW + 70_000, 10)
        );
        let taken: Vec<Call> = [a.unwrap(), b.unwrap()].concat();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].from.as_deref(), Some("+15017122661"));
        assert!(calls::take_checks(&db.store, NOW + 69_999, NOW, 10).await.unwrap().is_empty());
        let found = calls::placed(&db.store, &call.id, "CA1", NOW + 60_001, 0).await.unwrap().unwrap();
        assert_eq!(found.status, CallStatus::Initiated);
    }

    async fn who_answered_is_said_once(db: TestDatabase) {
        placed(&db, NOW, "CA1").await;
        assert!(calls::set_answered_by(&db.store, "CA1", "machine_start").await.unwrap());
        assert!(!calls::set_answered_by(&db.store, "CA1", "human").await.unwrap());
    }

    async fn calls_are_listed_the_newest_first_by_account_and_status(db: TestDatabase) {
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let ids = [queued(&db, NOW).await.id, queued(&db, NOW + 1).await.id, queued(&db, NOW + 2).await.id];
        calls::fail(&db.store, &ids[1], "x", "y", NOW).await.unwrap();
        let listed = async |account, status, skip, limit| -> Vec<String> {
            calls::list(&db.store, account, status, NOW, skip, limit).await.unwrap().into_iter().map(|c| c.id).collect()
        };
        assert_eq!(listed(db.account, None, 0, 10).await, [ids[2].clone(), ids[1].clone(), ids[0].clone()]);
        assert_eq!(listed(db.account, None, 1, 1).await, [ids[1].clone()]);
        assert_eq!(listed(db.account, Some(CallStatus::Failed), 0, 10).await, [ids[1].clone()]);
        assert!(listed(other, None, 0, 10).await.is_empty());
    }

    async fn a_number_on_the_list_is_on_it_for_one_account_and_once(db: TestDatabase) {
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let first = do_not_call::add(&db.store, db.account, "+14155551212", "asked us", NOW).await.unwrap();
        let again = do_not_call::add(&db.store, db.account, "+14155551212", "again", NOW + 1).await.unwrap();
        assert_eq!(first, again);
        assert!(do_not_call::contains(&db.store, db.account, "+14155551212").await.unwrap());
        assert!(!do_not_call::contains(&db.store, other, "+14155551212").await.unwrap());
        assert_eq!(do_not_call::list(&db.store, db.account, 0, 10).await.unwrap(), [first]);
        assert!(!do_not_call::remove(&db.store, other, "+14155551212").await.unwrap());
        assert!(do_not_call::remove(&db.store, db.account, "+14155551212").await.unwrap());
        assert!(!do_not_call::contains(&db.store, db.account, "+14155551212").await.unwrap());
    }

    async fn what_an_account_wants_of_its_calls_is_kept(db: TestDatabase) {
        assert_eq!(call_settings::get(&db.store, db.account).await.unwrap(), call_settings::CallSettings::default());
        let hours = serde_json::json!({"from": "08:00"});
        call_settings::set_machine(&db.store, db.account, Machine::LeaveMessage).await.unwrap();
        call_settings::set_calling_hours(&db.store, db.account, Some(&hours)).await.unwrap();
        let kept = call_settings::get(&db.store, db.account).await.unwrap();
        assert_eq!((kept.machine, kept.calling_hours), (Some(Machine::LeaveMessage), Some(hours)));
        call_settings::set_calling_hours(&db.store, db.account, None).await.unwrap();
        assert_eq!(call_settings::get(&db.store, db.account).await.unwrap().calling_hours, None);
    }
}
