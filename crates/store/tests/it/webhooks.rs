use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts, jobs, sessions,
    webhooks::{self, DELIVERY_JOB, Delivery, DeliveryState, Event, SealedSecret},
};

const URL: &str = "https://backend.example.com/webhooks/oauth/refresh";

fn sealed() -> SealedSecret {
    SealedSecret {
        key_id: "k1".into(),
        sealed: "c2VhbGVk".into(),
    }
}

async fn emit(db: &TestDatabase, key: &str) -> bool {
    let event = Event {
        event_type: "call.ended",
        key,
        body: format!(r#"{{"key":"{key}"}}"#),
    };
    webhooks::emit(&db.store, db.account, &event, 100)
        .await
        .unwrap()
}

async fn deliveries(db: &TestDatabase, only: Option<DeliveryState>) -> Vec<Delivery> {
    webhooks::list(&db.store, db.account, only, 0, 10)
        .await
        .unwrap()
}

async fn claim_one(db: &TestDatabase, now_ms: i64) -> jobs::ClaimedJob {
    let mut claimed = jobs::claim(&db.store, DELIVERY_JOB, "w", 1_000, 10, now_ms)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

on_both! {
    async fn an_endpoint_is_set_changed_and_removed(db: TestDatabase) {
        assert!(webhooks::endpoint(&db.store, db.account).await.unwrap().is_none());
        webhooks::set_endpoint(&db.store, db.account, "https://a.example.com/", &sealed(), 1).await.unwrap();
        webhooks::set_endpoint(&db.store, db.account, URL, &sealed(), 2).await.unwrap();
        let endpoint = webhooks::endpoint(&db.store, db.account).await.unwrap().unwrap();
        assert_eq!((endpoint.url.as_str(), endpoint.secret), (URL, sealed()));
        assert_eq!((endpoint.created_at_ms, endpoint.updated_at_ms), (1, 2));
        assert!(webhooks::remove_endpoint(&db.store, db.account).await.unwrap());
        assert!(!webhooks::remove_endpoint(&db.store, db.account).await.unwrap());
    }

    async fn an_event_is_written_down_once_and_only_for_an_endpoint(db: TestDatabase) {
        assert!(!emit(&db, "CA1").await, "nobody listens");
        webhooks::set_endpoint(&db.store, db.account, URL, &sealed(), 0).await.unwrap();
        assert!(emit(&db, "CA1").await);
        assert!(!emit(&db, "CA1").await, "the same event");
        assert!(emit(&db, "CA2").await);
        let pending = deliveries(&db, Some(DeliveryState::Pending)).await;
        assert_eq!(pending.len(), 2);
        let one = pending.iter().find(|delivery| delivery.body.contains("CA1")).unwrap();
        assert!(one.id.starts_with("msg_"));
        assert_eq!((one.event_type.as_str(), one.attempts, one.next_attempt_at_ms), ("call.ended", 0, Some(100)));
        let claimed = jobs::claim(&db.store, DELIVERY_JOB, "w", 1_000, 10, 100).await.unwrap();
        assert_eq!(claimed.len(), 2, "each has its job");
    }

    async fn a_delivery_that_is_taken_ends_its_job(db: TestDatabase) {
        webhooks::set_endpoint(&db.store, db.account, URL, &sealed(), 0).await.unwrap();
        emit(&db, "CA1").await;
        let job = claim_one(&db, 100).await;
        let id = job.payload["delivery"].as_str().unwrap();
        let to_send = webhooks::to_send(&db.store, id).await.unwrap().unwrap();
        assert_eq!((to_send.account, to_send.body.as_str(), to_send.is_delivered), (db.account, r#"{"key":"CA1"}"#, false));
        assert!(webhooks::delivered(&db.store, &job.lease, id, 204, 150).await.unwrap());
        assert!(!webhooks::delivered(&db.store, &job.lease, id, 204, 150).await.unwrap());
        let done = &deliveries(&db, Some(DeliveryState::Delivered)).await[0];
        assert_eq!((done.last_status, done.delivered_at_ms, done.attempts), (Some(204), Some(150), 1));
        assert!(webhooks::to_send(&db.store, id).await.unwrap().unwrap().is_delivered);
    }

    async fn a_delivery_is_dead_when_its_job_is_and_can_be_sent_again(db: TestDatabase) {
        webhooks::set_endpoint(&db.store, db.account, URL, &sealed(), 0).await.unwrap();
        emit(&db, "CA1").await;
        let job = claim_one(&db, 100).await;
        let id = job.payload["delivery"].as_str().unwrap();
        webhooks::note_failure(&db.store, id, Some(500), "it answered 500").await.unwrap();
        jobs::retry(&db.store, &job.lease, 200, "it answered 500", 100).await.unwrap();
        let pending = &deliveries(&db, None).await[0];
        assert_eq!((pending.state, pending.next_attempt_at_ms), (DeliveryState::Pending, Some(200)));
        assert!(!webhooks::resend(&db.store, db.account, id, 150).await.unwrap(), "it is on its way");
        let job = claim_one(&db, 200).await;
        jobs::fail(&db.store, &job.lease, "gone", 200).await.unwrap();
        let dead = &deliveries(&db, Some(DeliveryState::Dead)).await[0];
        assert_eq!((dead.last_status, dead.last_error.as_deref()), (Some(500), Some("it answered 500")));
        let next = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        assert!(!webhooks::resend(&db.store, next, id, 300).await.unwrap(), "not theirs");
        assert!(webhooks::delivery(&db.store, next, id).await.unwrap().is_none());
        assert!(webhooks::resend(&db.store, db.account, id, 300).await.unwrap());
        let again = claim_one(&db, 300).await;
        assert_eq!((again.payload["delivery"].as_str(), again.attempt), (Some(id), 1));
    }

    async fn a_call_that_ends_is_told_once_and_only_with_an_endpoint(db: TestDatabase) {
        for call in ["CA1", "CA2"] {
            db.announced(call).await;
        }
        sessions::announce(&db.store, &db.web("kitchen"), 0).await.unwrap();
        sessions::end(&db.store, "phone-CA1", "completed", 10).await.unwrap();
        webhooks::set_endpoint(&db.store, db.account, URL, &sealed(), 0).await.unwrap();
        for id in ["phone-CA1", "phone-CA2", "phone-CA2", "web-kitchen"] {
            sessions::end(&db.store, id, "completed", 3_000).await.unwrap();
        }
        let told = deliveries(&db, None).await;
        assert_eq!(told.len(), 1, "the one that ended while somebody listened; a room is no call");
        let message: serde_json::Value = serde_json::from_str(&told[0].body).unwrap();
        assert_eq!((&message["type"], &message["timestamp"]), (&"call.ended".into(), &"1970-01-01T00:00:03Z".into()));
        let data = &message["data"];
        assert_eq!((&data["call_sid"], &data["session_id"]), (&"CA2".into(), &"phone-CA2".into()));
        assert_eq!((&data["reason"], &data["duration_ms"]), (&"completed".into(), &3_000.into()));
        assert_eq!(claim_one(&db, 3_000).await.payload["delivery"], told[0].id.as_str());
    }

    async fn old_deliveries_go_but_for_those_on_their_way(db: TestDatabase) {
        webhooks::set_endpoint(&db.store, db.account, URL, &sealed(), 0).await.unwrap();
        emit(&db, "CA1").await;
        assert_eq!(webhooks::purge(&db.store, 101).await.unwrap(), 0);
        let job = claim_one(&db, 100).await;
        jobs::fail(&db.store, &job.lease, "gone", 100).await.unwrap();
        assert_eq!(webhooks::purge(&db.store, 100).await.unwrap(), 0);
        assert_eq!(webhooks::purge(&db.store, 101).await.unwrap(), 1);
    }
}
