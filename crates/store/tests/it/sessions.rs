use crate::databases::on_both;
use casp_store::{
    StoreError, accounts,
    sessions::{self, NewSession, SessionKind, SessionState},
    turns, workers,
};

const STALE_MS: i64 = 2_000;

/// How many of the two won.
fn winners(results: [Option<i64>; 2]) -> usize {
    results.iter().flatten().count()
}

async fn beat(store: &casp_store::Store, worker_id: &str, now_ms: i64) {
    let beat = workers::Heartbeat {
        worker_id: worker_id.into(),
        jobs: 0,
        max_jobs: 10,
        is_draining: false,
    };
    workers::heartbeat(store, &beat, now_ms).await.unwrap();
}

on_both! {
    async fn a_session_comes_back_as_it_was_announced(db: TestDatabase) {
        let new = NewSession { overrides: serde_json::json!({"greeting": "Grüezi"}), ..db.phone("CA1") };
        sessions::announce(&db.store, &new, 42).await.unwrap();
        let session = sessions::get(&db.store, "phone-CA1").await.unwrap().unwrap();
        assert_eq!(session.account, db.account);
        assert_eq!(session.kind, SessionKind::Phone);
        assert_eq!(session.room_name, "twilio-CA1");
        assert_eq!((session.from.as_str(), session.to.as_str()), ("+15551230001", "+15551230002"));
        assert_eq!(session.overrides["greeting"], "Grüezi");
        assert_eq!(session.state, SessionState::Announced);
        assert_eq!((session.agent_epoch, session.worker_id, session.wants_agent), (0, None, true));
        assert_eq!((session.started_at_ms, session.ended_at_ms, session.end_reason), (42, None, None));
    }

    async fn a_webhook_that_comes_twice_announces_once(db: TestDatabase) {
        db.announced("CA1").await;
        assert!(sessions::activate(&db.store, "phone-CA1").await.unwrap());
        let again = sessions::announce(&db.store, &db.phone("CA1"), 99).await.unwrap();
        assert_eq!((again.state, again.started_at_ms), (SessionState::Active, 0));
    }

    async fn announced_at_once_from_two_processes_it_is_one_session(db: TestDatabase) {
        let second = db.second_process().await;
        for n in 0..10 {
            let new = db.phone(&format!("CA{n}"));
            let (a, b) = tokio::join!(
                sessions::announce(&db.store, &new, 1),
                sessions::announce(&second, &new, 2)
            );
            assert_eq!(a.unwrap().started_at_ms, b.unwrap().started_at_ms);
        }
    }

    async fn an_ended_call_is_never_revived(db: TestDatabase) {
        db.announced("CA1").await;
        assert!(sessions::end(&db.store, "phone-CA1", "completed", 7).await.unwrap());
        let again = sessions::announce(&db.store, &db.phone("CA1"), 9).await;
        assert!(matches!(again, Err(StoreError::SessionEnded)), "{again:?}");
        assert!(!sessions::activate(&db.store, "phone-CA1").await.unwrap());
        assert!(!sessions::set_wants_agent(&db.store, "phone-CA1", true).await.unwrap());
        assert_eq!(sessions::claim_agent(&db.store, "phone-CA1", "w", 9, STALE_MS).await.unwrap(), None);
        let session = sessions::get(&db.store, "phone-CA1").await.unwrap().unwrap();
        assert_eq!(session.state, SessionState::Ended);
        assert_eq!((session.ended_at_ms, session.end_reason.as_deref()), (Some(7), Some("completed")));
    }

    async fn the_end_is_won_once(db: TestDatabase) {
        let second = db.second_process().await;
        for n in 0..10 {
            let id = db.announced(&format!("CA{n}")).await.id;
            let (a, b) = tokio::join!(
                sessions::end(&db.store, &id, "completed", 1),
                sessions::end(&second, &id, "caller dropped", 1)
            );
            assert!(a.unwrap() ^ b.unwrap());
        }
        assert!(!sessions::end(&db.store, "phone-CAunknown", "completed", 1).await.unwrap());
    }

    async fn a_web_room_may_begin_anew_and_forgets_what_was_said(db: TestDatabase) {
        let first = sessions::announce(&db.store, &db.web("kitchen"), 1).await.unwrap();
        let epoch = sessions::claim_agent(&db.store, &first.id, "w1", 2, STALE_MS).await.unwrap().unwrap();
        let turn = turns::Turn {
            position: 0, role: "user".into(), text: "hello".into(), was_interrupted: false,
            timings: serde_json::json!({}), at_ms: 3,
        };
        turns::append(&db.store, &first.id, epoch, &turn).await.unwrap().unwrap();
        sessions::end(&db.store, &first.id, "empty", 4).await.unwrap();
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap();
        let anew = NewSession { account: other.id, ..db.web("kitchen") };
        let second = sessions::announce(&db.store, &anew, 5).await.unwrap();
        assert_eq!((second.account, second.state, second.started_at_ms), (other.id, SessionState::Announced, 5));
        assert_eq!((second.worker_id.as_deref(), second.end_reason.as_deref()), (None, None));
        assert!(turns::list(&db.store, &first.id).await.unwrap().is_empty());
        assert!(!sessions::holds(&db.store, &first.id, epoch).await.unwrap());
        assert_eq!(turns::append(&db.store, &first.id, epoch, &turn).await.unwrap(), None);
    }

    async fn a_live_room_carries_one_session(db: TestDatabase) {
        db.announced("CA1").await;
        let intruder = NewSession { room_name: "twilio-CA1".into(), ..db.web("x") };
        let refused = sessions::announce(&db.store, &intruder, 1).await;
        assert!(matches!(refused, Err(StoreError::RoomTaken)), "{refused:?}");
        assert_eq!(sessions::live_by_room(&db.store, "twilio-CA1").await.unwrap().unwrap().id, "phone-CA1");
        sessions::end(&db.store, "phone-CA1", "completed", 1).await.unwrap();
        assert!(sessions::live_by_room(&db.store, "twilio-CA1").await.unwrap().is_none());
    }

    async fn live_sessions_are_listed_by_account_newest_first(db: TestDatabase) {
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap();
        for (n, new) in [db.phone("CA1"), db.web("a"), db.web("b"), db.phone("CA2")].iter().enumerate() {
            sessions::announce(&db.store, new, n as i64).await.unwrap();
        }
        sessions::announce(&db.store, &NewSession { account: other.id, ..db.phone("CA3") }, 9).await.unwrap();
        sessions::end(&db.store, "phone-CA1", "completed", 9).await.unwrap();
        let ids = async |account| -> Vec<String> {
            sessions::list_live(&db.store, account).await.unwrap().into_iter().map(|s| s.id).collect()
        };
        assert_eq!(ids(Some(db.account)).await, ["phone-CA2", "web-b", "web-a"]);
        assert_eq!(ids(Some(other.id)).await, ["phone-CA3"]);
        assert_eq!(ids(None).await.len(), 4);
        let mut counts = sessions::count_live(&db.store, Some(db.account)).await.unwrap();
        counts.sort_by_key(|(kind, _)| kind.name());
        assert_eq!(counts, [(SessionKind::Phone, 1), (SessionKind::Web, 2)]);
    }

    async fn of_two_agents_one_gets_the_session(db: TestDatabase) {
        let second = db.second_process().await;
        for n in 0..20 {
            let id = db.announced(&format!("CA{n}")).await.id;
            let (a, b) = tokio::join!(
                sessions::claim_agent(&db.store, &id, "w1", 10, STALE_MS),
                sessions::claim_agent(&second, &id, "w2", 10, STALE_MS)
            );
            assert_eq!(winners([a.unwrap(), b.unwrap()]), 1);
        }
    }

    async fn of_two_successors_of_a_dead_worker_one_gets_the_session(db: TestDatabase) {
        let second = db.second_process().await;
        for n in 0..20 {
            let id = db.announced(&format!("CA{n}")).await.id;
            let dead = sessions::claim_agent(&db.store, &id, "dead", 0, STALE_MS).await.unwrap().unwrap();
            let (a, b) = tokio::join!(
                sessions::claim_agent(&db.store, &id, "w1", 5_000, STALE_MS),
                sessions::claim_agent(&second, &id, "w2", 5_000, STALE_MS)
            );
            assert_eq!(winners([a.unwrap(), b.unwrap()]), 1);
            assert!(!sessions::holds(&db.store, &id, dead).await.unwrap());
            assert!(sessions::holds(&db.store, &id, dead + 1).await.unwrap());
        }
    }

    async fn a_repeated_dispatch_gives_no_second_voice(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        beat(&db.store, "w1", 0).await;
        let epoch = sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap();
        assert_eq!(epoch, Some(1));
        assert_eq!(sessions::claim_agent(&db.store, &id, "w1", 1, STALE_MS).await.unwrap(), None);
        beat(&db.store, "w1", 10_000).await;
        assert_eq!(sessions::claim_agent(&db.store, &id, "w2", 10_001, STALE_MS).await.unwrap(), None);
        assert!(sessions::holds(&db.store, &id, 1).await.unwrap());
    }

    async fn a_session_is_orphaned_when_its_worker_stops_beating(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let orphans = async |now_ms| sessions::orphaned(&db.store, now_ms, STALE_MS, 10).await.unwrap().len();
        assert_eq!(orphans(99_999).await, 0, "nobody held it yet");
        beat(&db.store, "w1", 1_000).await;
        sessions::claim_agent(&db.store, &id, "w1", 1_000, STALE_MS).await.unwrap().unwrap();
        beat(&db.store, "w1", 1_500).await;
        assert_eq!(orphans(3_500).await, 0);
        assert_eq!(orphans(3_501).await, 1);
        sessions::set_wants_agent(&db.store, &id, false).await.unwrap();
        assert_eq!(orphans(3_501).await, 0);
    }

    async fn an_agent_lets_go_once_and_only_of_its_own_epoch(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        let epoch = sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap().unwrap();
        assert!(!sessions::release_agent(&db.store, &id, epoch - 1).await.unwrap());
        assert!(sessions::release_agent(&db.store, &id, epoch).await.unwrap());
        assert!(!sessions::release_agent(&db.store, &id, epoch).await.unwrap());
        assert!(!sessions::holds(&db.store, &id, epoch).await.unwrap());
        let next = sessions::claim_agent(&db.store, &id, "w2", 0, STALE_MS).await.unwrap();
        assert_eq!(next, Some(epoch + 1));
    }

    async fn a_session_that_wants_no_agent_gives_itself_to_none(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        assert!(sessions::set_wants_agent(&db.store, &id, false).await.unwrap());
        assert_eq!(sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap(), None);
        assert!(!sessions::lease_dispatch(&db.store, &id, 0, 1_000).await.unwrap());
        assert!(sessions::set_wants_agent(&db.store, &id, true).await.unwrap());
        assert!(sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap().is_some());
    }

    async fn of_two_watchers_one_may_dispatch_until_its_lease_is_over(db: TestDatabase) {
        let second = db.second_process().await;
        let id = db.announced("CA1").await.id;
        for round in 0..10 {
            let now_ms = 1_000 * round;
            let (a, b) = tokio::join!(
                sessions::lease_dispatch(&db.store, &id, now_ms, 1_000),
                sessions::lease_dispatch(&second, &id, now_ms, 1_000)
            );
            assert!(a.unwrap() ^ b.unwrap());
            assert!(!sessions::lease_dispatch(&db.store, &id, now_ms + 999, 1_000).await.unwrap());
        }
    }

    async fn unattended_is_a_live_room_for_people_that_nobody_took(db: TestDatabase) {
        db.announced("CA1").await;
        for room in ["a", "b", "c", "d"] {
            sessions::announce(&db.store, &db.web(room), 0).await.unwrap();
        }
        sessions::claim_agent(&db.store, "web-b", "w1", 0, STALE_MS).await.unwrap().unwrap();
        sessions::set_wants_agent(&db.store, "web-c", false).await.unwrap();
        sessions::end(&db.store, "web-d", "empty", 1).await.unwrap();
        let waiting = sessions::unattended(&db.store, 1, 10).await.unwrap();
        assert_eq!(waiting.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["web-a"]);
        assert!(sessions::unattended(&db.store, 0, 10).await.unwrap().is_empty());
    }

    async fn an_agent_that_is_sent_away_may_finish_its_turn_and_its_successor_comes_at_once(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        beat(&db.store, "w1", 0).await;
        let epoch = sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap().unwrap();
        sessions::set_wants_agent(&db.store, &id, false).await.unwrap();
        assert!(!sessions::holds(&db.store, &id, epoch).await.unwrap());
        let turn = turns::Turn {
            position: 0, role: "assistant".into(), text: "Well".into(), was_interrupted: true,
            timings: serde_json::json!({}), at_ms: 0,
        };
        assert_eq!(turns::append(&db.store, &id, epoch, &turn).await.unwrap(), Some(0));
        sessions::set_wants_agent(&db.store, &id, true).await.unwrap();
        let next = sessions::claim_agent(&db.store, &id, "w2", 1, STALE_MS).await.unwrap();
        assert_eq!(next, Some(epoch + 1));
    }

    async fn all_live_sessions_can_be_walked_page_by_page(db: TestDatabase) {
        for n in 0..5 {
            db.announced(&format!("CA{n}")).await;
        }
        sessions::end(&db.store, "phone-CA2", "completed", 1).await.unwrap();
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = sessions::page_live(&db.store, 1, &after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            seen.extend(page.into_iter().map(|s| s.id));
        }
        assert_eq!(seen, ["phone-CA0", "phone-CA1", "phone-CA3", "phone-CA4"]);
        assert!(sessions::page_live(&db.store, 0, "", 9).await.unwrap().is_empty());
    }

    async fn who_answers_may_change_until_somebody_does(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        assert!(sessions::choose_assistant(&db.store, &id, "sales").await.unwrap());
        sessions::claim_agent(&db.store, &id, "w1", 0, STALE_MS).await.unwrap().unwrap();
        assert!(!sessions::choose_assistant(&db.store, &id, "support").await.unwrap());
        assert_eq!(sessions::get(&db.store, &id).await.unwrap().unwrap().assistant, "sales");
        let over = db.announced("CA2").await.id;
        sessions::end(&db.store, &over, "completed", 1).await.unwrap();
        assert!(!sessions::choose_assistant(&db.store, &over, "sales").await.unwrap());
    }

    async fn an_exchange_by_webhook_is_taken_once(db: TestDatabase) {
        let second = db.second_process().await;
        let id = db.announced("CA1").await.id;
        assert!(!sessions::claim_exchange(&db.store, &id, 0).await.unwrap(), "an agent is to come");
        sessions::set_wants_agent(&db.store, &id, false).await.unwrap();
        for exchange in 0..10 {
            let (a, b) = tokio::join!(
                sessions::claim_exchange(&db.store, &id, exchange),
                sessions::claim_exchange(&second, &id, exchange)
            );
            assert!(a.unwrap() ^ b.unwrap());
        }
        assert!(!sessions::claim_exchange(&db.store, &id, 11).await.unwrap(), "not yet");
        sessions::end(&db.store, &id, "completed", 1).await.unwrap();
        assert!(!sessions::claim_exchange(&db.store, &id, 10).await.unwrap());
    }
}
