use crate::databases::{TestDatabase, on_both};
use casp_store::{
    Store,
    jobs::{self, ClaimedJob, JobFilter, JobState, NewJob},
};
use serde_json::json;
use std::collections::HashSet;

const LEASE_MS: i64 = 1_000;

fn mail(db: &TestDatabase) -> NewJob {
    NewJob {
        kind: "send-mail",
        account: Some(db.account),
        key: None,
        payload: json!({"to": "a@example.org"}),
        run_at_ms: 0,
        max_attempts: 3,
    }
}

async fn enqueue(db: &TestDatabase, job: &NewJob) -> String {
    jobs::enqueue(&db.store, job, 0).await.unwrap().id
}

async fn claim(store: &Store, now_ms: i64) -> Vec<ClaimedJob> {
    jobs::claim(store, "send-mail", "w", LEASE_MS, 10, now_ms)
        .await
        .unwrap()
}

/// The only job that is due.
async fn claim_one(db: &TestDatabase, now_ms: i64) -> ClaimedJob {
    let mut claimed = claim(&db.store, now_ms).await;
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

async fn state(db: &TestDatabase, id: &str) -> JobState {
    jobs::get(&db.store, id).await.unwrap().unwrap().state
}

on_both! {
    async fn a_job_is_taken_as_it_was_asked_for_and_is_done(db: TestDatabase) {
        let id = enqueue(&db, &mail(&db)).await;
        assert_eq!(state(&db, &id).await, JobState::Waiting);
        let job = claim_one(&db, 5).await;
        assert_eq!((&job.lease.job, job.kind.as_str(), job.account), (&id, "send-mail", Some(db.account)));
        assert_eq!((job.payload.clone(), job.attempt, job.max_attempts), (json!({"to": "a@example.org"}), 1, 3));
        assert_eq!(state(&db, &id).await, JobState::Running);
        assert!(claim(&db.store, 5).await.is_empty(), "somebody has it");
        assert!(jobs::complete(&db.store, &job.lease, 6).await.unwrap());
        assert_eq!(state(&db, &id).await, JobState::Done);
        assert!(claim(&db.store, 1_000_000).await.is_empty());
        assert!(!jobs::complete(&db.store, &job.lease, 7).await.unwrap(), "once");
    }

    async fn a_job_is_not_taken_before_its_time_nor_by_another_kinds_handler(db: TestDatabase) {
        enqueue(&db, &NewJob { run_at_ms: 100, ..mail(&db) }).await;
        enqueue(&db, &NewJob { kind: "retention", account: None, ..mail(&db) }).await;
        assert!(claim(&db.store, 99).await.is_empty());
        assert_eq!(claim(&db.store, 100).await.len(), 1);
    }

    async fn the_longest_due_is_taken_first(db: TestDatabase) {
        for run_at_ms in [30, 10, 20] {
            enqueue(&db, &NewJob { run_at_ms, payload: json!(run_at_ms), ..mail(&db) }).await;
        }
        for due in [10, 20, 30] {
            let taken = jobs::claim(&db.store, "send-mail", "w", LEASE_MS, 1, 40).await.unwrap();
            assert_eq!(taken[0].payload, json!(due));
        }
    }

    async fn the_same_key_of_a_kind_is_one_job_also_when_it_is_done(db: TestDatabase) {
        let keyed = NewJob { key: Some("m1".into()), ..mail(&db) };
        let first = jobs::enqueue(&db.store, &keyed, 0).await.unwrap();
        let second = jobs::enqueue(&db.store, &keyed, 0).await.unwrap();
        assert_eq!((first.is_new, second.is_new, &first.id), (true, false, &second.id));
        let job = claim_one(&db, 0).await;
        jobs::complete(&db.store, &job.lease, 0).await.unwrap();
        assert!(!jobs::enqueue(&db.store, &keyed, 0).await.unwrap().is_new);
        let elsewhere = NewJob { kind: "retention", ..keyed };
        assert!(jobs::enqueue(&db.store, &elsewhere, 0).await.unwrap().is_new);
    }

    async fn a_lease_that_ran_out_lets_another_take_the_job_and_the_late_one_changes_nothing(db: TestDatabase) {
        let id = enqueue(&db, &mail(&db)).await;
        let late = claim_one(&db, 0).await;
        assert!(claim(&db.store, LEASE_MS - 1).await.is_empty());
        let next = claim_one(&db, LEASE_MS).await;
        assert_eq!((next.attempt, next.lease.number), (2, 2));
        assert!(!jobs::complete(&db.store, &late.lease, LEASE_MS).await.unwrap());
        assert!(!jobs::extend(&db.store, &late.lease, LEASE_MS, LEASE_MS).await.unwrap());
        assert!(!jobs::fail(&db.store, &late.lease, "late", LEASE_MS).await.unwrap());
        assert!(!jobs::release(&db.store, &late.lease, LEASE_MS).await.unwrap());
        assert!(jobs::retry(&db.store, &late.lease, 0, "late", LEASE_MS).await.unwrap().is_none());
        assert!(jobs::settle(&db.store, &late.lease, LEASE_MS).await.unwrap().is_none());
        assert_eq!(state(&db, &id).await, JobState::Running);
        assert!(jobs::complete(&db.store, &next.lease, LEASE_MS).await.unwrap());
    }

    async fn a_lease_can_be_extended(db: TestDatabase) {
        enqueue(&db, &mail(&db)).await;
        let job = claim_one(&db, 0).await;
        assert!(jobs::extend(&db.store, &job.lease, LEASE_MS, 900).await.unwrap());
        assert!(claim(&db.store, 1_899).await.is_empty());
        assert_eq!(claim(&db.store, 1_900).await.len(), 1);
    }

    async fn a_failure_is_tried_again_at_its_time_and_after_the_last_attempt_the_job_is_dead(db: TestDatabase) {
        let id = enqueue(&db, &mail(&db)).await;
        for (attempt, now_ms, expected) in [(1, 0, JobState::Waiting), (2, 100, JobState::Waiting), (3, 200, JobState::Dead)] {
            let job = claim_one(&db, now_ms).await;
            assert_eq!(job.attempt, attempt);
            let outcome = jobs::retry(&db.store, &job.lease, now_ms + 100, "no answer", now_ms).await.unwrap();
            assert_eq!(outcome, Some(expected));
            assert!(claim(&db.store, now_ms + 99).await.is_empty());
        }
        let dead = jobs::list(&db.store, JobFilter::Dead, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!((dead[0].id.as_str(), dead[0].last_error.as_deref()), (id.as_str(), Some("no answer")));
        assert_eq!(jobs::dead_count(&db.store).await.unwrap(), 1);
        assert!(claim(&db.store, 1_000_000).await.is_empty());
    }

    async fn a_job_that_kills_its_workers_is_dead_after_its_attempts_and_blocks_nobody(db: TestDatabase) {
        let id = enqueue(&db, &NewJob { run_at_ms: -1, ..mail(&db) }).await;
        for attempt in 0..3 {
            assert_eq!(claim_one(&db, attempt * LEASE_MS).await.lease.job, id);
        }
        let other = enqueue(&db, &mail(&db)).await;
        assert_eq!(claim_one(&db, 3 * LEASE_MS).await.lease.job, other);
        assert_eq!(jobs::bury(&db.store, "retention", 3 * LEASE_MS).await.unwrap(), 0);
        assert_eq!(jobs::bury(&db.store, "send-mail", 3 * LEASE_MS).await.unwrap(), 1);
        let dead = jobs::get(&db.store, &id).await.unwrap().unwrap();
        assert_eq!((dead.state, dead.last_error.as_deref()), (JobState::Dead, Some("its worker died")));
    }

    async fn a_payload_that_nobody_can_read_blocks_nobody(db: TestDatabase) {
        let id = enqueue(&db, &mail(&db)).await;
        enqueue(&db, &mail(&db)).await;
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&db.url).await.unwrap();
        sqlx::query("UPDATE jobs SET payload = '{' WHERE id = $1").bind(&id).execute(&mut connection).await.unwrap();
        let claimed = claim(&db.store, 0).await;
        assert_eq!(claimed.len(), 2);
        let poison = claimed.iter().find(|job| job.lease.job == id).unwrap();
        assert!(poison.payload.is_null());
        assert!(jobs::fail(&db.store, &poison.lease, "unreadable \0 payload", 0).await.unwrap());
        assert_eq!(state(&db, &id).await, JobState::Dead);
    }

    async fn what_a_stopping_worker_gives_back_is_due_at_once_and_the_attempt_does_not_count(db: TestDatabase) {
        enqueue(&db, &mail(&db)).await;
        let job = claim_one(&db, 0).await;
        assert!(jobs::release(&db.store, &job.lease, 1).await.unwrap());
        let again = claim_one(&db, 1).await;
        assert_eq!((again.attempt, again.lease.number), (1, 2));
        assert!(!jobs::complete(&db.store, &job.lease, 1).await.unwrap());
    }

    async fn a_cancelled_job_is_not_taken_and_who_has_it_loses_it(db: TestDatabase) {
        let waiting = enqueue(&db, &NewJob { key: Some("k".into()), ..mail(&db) }).await;
        assert!(jobs::cancel_key(&db.store, "send-mail", "k", 0).await.unwrap());
        assert!(claim(&db.store, 0).await.is_empty());
        let running = enqueue(&db, &mail(&db)).await;
        let job = claim_one(&db, 0).await;
        assert!(jobs::cancel(&db.store, &running, 0).await.unwrap());
        assert!(!jobs::extend(&db.store, &job.lease, LEASE_MS, 0).await.unwrap());
        assert!(!jobs::complete(&db.store, &job.lease, 0).await.unwrap());
        assert!(!jobs::cancel(&db.store, &running, 0).await.unwrap());
        assert_eq!(state(&db, &waiting).await, JobState::Cancelled);
    }

    async fn a_dead_job_can_be_tried_again_from_the_beginning(db: TestDatabase) {
        let id = enqueue(&db, &mail(&db)).await;
        let job = claim_one(&db, 0).await;
        jobs::fail(&db.store, &job.lease, "bad", 0).await.unwrap();
        assert!(jobs::requeue(&db.store, &id, 50).await.unwrap());
        assert_eq!(claim_one(&db, 50).await.attempt, 1);
        assert!(!jobs::requeue(&db.store, &id, 50).await.unwrap(), "it is running");
    }

    async fn what_a_job_writes_where_it_is_settled_is_there_with_its_end_or_not_at_all(db: TestDatabase) {
        let id = enqueue(&db, &mail(&db)).await;
        let job = claim_one(&db, 0).await;
        let rename = async |settlement: &mut jobs::Settlement| {
            sqlx::query("UPDATE accounts SET email = 'written@example.org'")
                .execute(settlement.connection()).await.unwrap();
        };
        let is_written = async || {
            casp_store::accounts::by_email(&db.store, "written@example.org").await.unwrap().is_some()
        };
        let mut dropped = jobs::settle(&db.store, &job.lease, 0).await.unwrap().unwrap();
        rename(&mut dropped).await;
        drop(dropped);
        assert!(!is_written().await);
        assert_eq!(state(&db, &id).await, JobState::Running);
        let mut kept = jobs::settle(&db.store, &job.lease, 0).await.unwrap().unwrap();
        rename(&mut kept).await;
        kept.commit().await.unwrap();
        assert!(is_written().await);
        assert_eq!(state(&db, &id).await, JobState::Done);
    }

    async fn workers_of_two_processes_at_once_take_each_job_once(db: TestDatabase) {
        for _ in 0..200 {
            enqueue(&db, &mail(&db)).await;
        }
        let second = db.second_process().await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
            tasks.spawn(async move {
                let mut taken = Vec::new();
                // Two that reach for the same rows leave the slower with none, so each tries until none is due.
                while jobs::next_due(&store, &["send-mail"]).await.unwrap()[0].is_some_and(|due| due <= 0) {
                    let claimed = jobs::claim(&store, "send-mail", "w", LEASE_MS, 7, 0).await.unwrap();
                    taken.extend(claimed.into_iter().map(|job| job.lease.job));
                }
                taken
            });
        }
        let taken: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 200);
        assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 200);
    }

    async fn when_the_next_is_due_is_known_by_kind(db: TestDatabase) {
        enqueue(&db, &NewJob { run_at_ms: 70, ..mail(&db) }).await;
        enqueue(&db, &NewJob { run_at_ms: 50, ..mail(&db) }).await;
        enqueue(&db, &NewJob { kind: "retention", run_at_ms: 9, ..mail(&db) }).await;
        let due = jobs::next_due(&db.store, &["send-mail", "none", "retention"]).await.unwrap();
        assert_eq!(due, [Some(50), None, Some(9)]);
        assert!(jobs::next_due(&db.store, &[]).await.unwrap().is_empty());
    }

    async fn old_jobs_go_and_dead_ones_later(db: TestDatabase) {
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(enqueue(&db, &mail(&db)).await);
        }
        let claimed = claim(&db.store, 0).await;
        jobs::complete(&db.store, &claimed[0].lease, 10).await.unwrap();
        jobs::fail(&db.store, &claimed[1].lease, "bad", 10).await.unwrap();
        jobs::complete(&db.store, &claimed[2].lease, 20).await.unwrap();
        assert_eq!(jobs::prune(&db.store, 11, 5).await.unwrap(), 1, "the done one alone");
        assert_eq!(jobs::prune(&db.store, 11, 11).await.unwrap(), 1, "and now the dead one");
        assert_eq!(jobs::prune(&db.store, 1_000, 1_000).await.unwrap(), 1, "what is open stays");
    }

    async fn claiming_among_100_000_done_jobs_is_as_fast_as_among_none(db: TestDatabase) {
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&db.url).await.unwrap();
        sqlx::query(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
             INSERT INTO jobs (id, kind, payload, state, due_at_ms, lease, attempts, max_attempts, created_at_ms, \
             finished_at_ms) SELECT 'done-' || CAST(i AS TEXT), 'send-mail', '{}', 'done', 0, 1, 1, 3, 0, 1 FROM n",
        ).execute(&mut connection).await.unwrap();
        let mut times = Vec::new();
        for _ in 0..100 {
            let begin = std::time::Instant::now();
            enqueue(&db, &mail(&db)).await;
            let job = claim_one(&db, 0).await;
            assert!(jobs::complete(&db.store, &job.lease, 0).await.unwrap());
            jobs::next_due(&db.store, &["send-mail"]).await.unwrap();
            times.push(begin.elapsed());
        }
        // Looking through the done ones would take some 10 ms for each of four statements, every time; a machine that
        // others use too is slow some of the time.
        times.sort();
        assert!(times[25] < std::time::Duration::from_millis(20), "{times:?}");
        let pruned = jobs::prune(&db.store, 2, 2).await.unwrap();
        assert_eq!(pruned, 100_100);
    }
}
