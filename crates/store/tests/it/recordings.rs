use crate::databases::on_both;
use casp_store::{
    erasures::{self, Round},
    recordings::{self, NewRecording, RecordingStatus, StoredSound},
    sessions,
    transcripts::Subject,
};

on_both! {
    async fn a_recording_keeps_what_the_caller_was_told(db: TestDatabase) {
        let new = NewRecording {
            account: db.account,
            sid: "RE1".into(),
            session_id: Some("phone-CA1".into()),
            call_sid: Some("CA1".into()),
            source: "twilio",
            duration_ms: Some(61_000),
            channels: Some(2),
            consent: serde_json::json!({"announcement": "This call is recorded.", "announced_at": "2026-01-02T03:04:05Z"}),
            started_at_ms: 5_000,
        };
        assert!(recordings::announce(&db.store, &new).await.unwrap());
        assert!(!recordings::announce(&db.store, &new).await.unwrap(), "a webhook that comes twice");
        recordings::failed(&db.store, "RE1", "Twilio failed (500)").await.unwrap();
        let sound = StoredSound { object_key: "1/RE1.wav".into(), content_type: "audio/x-wav".into(), bytes: 7 };
        assert!(recordings::stored(&db.store, "RE1", &sound).await.unwrap());
        assert!(!recordings::stored(&db.store, "REunknown", &sound).await.unwrap());
        let recording = recordings::get(&db.store, "RE1").await.unwrap().unwrap();
        assert_eq!((recording.status, recording.error.as_deref()), (RecordingStatus::Stored, None));
        assert_eq!((recording.object_key.as_deref(), recording.bytes), (Some("1/RE1.wav"), Some(7)));
        assert_eq!(recording.consent["announcement"], "This call is recorded.");
        assert_eq!(recordings::page(&db.store, db.account, 0, 10).await.unwrap().len(), 1);
        assert_eq!(recordings::of_session(&db.store, "phone-CA1").await.unwrap().len(), 1);
        assert!(recordings::older(&db.store, 5_000, 10).await.unwrap().is_empty());
        assert_eq!(recordings::older(&db.store, 5_001, 10).await.unwrap().len(), 1);
        recordings::remove(&db.store, recording.id).await.unwrap();
        assert!(recordings::get(&db.store, "RE1").await.unwrap().is_none());
    }

    async fn a_recording_of_a_room_begins_after_its_announcement_and_is_given_up_when_its_process_is_gone(db: TestDatabase) {
        let session = db.announced("CA1").await.id;
        let new = |sid: &str| NewRecording {
            account: db.account,
            sid: sid.into(),
            session_id: Some(session.clone()),
            call_sid: None,
            source: "room",
            duration_ms: None,
            channels: Some(1),
            consent: serde_json::json!({}),
            started_at_ms: 5,
        };
        for sid in ["RE1", "RE2"] {
            recordings::announce(&db.store, &new(sid)).await.unwrap();
        }
        let consent = serde_json::json!({"announcement": "You are recorded."});
        recordings::begin(&db.store, "RE1", &consent, 7).await.unwrap();
        recordings::lasted(&db.store, "RE1", 2_500).await.unwrap();
        let sound = StoredSound { object_key: "1/RE1.ogg".into(), content_type: "audio/ogg".into(), bytes: 7 };
        recordings::stored(&db.store, "RE1", &sound).await.unwrap();
        let get = async |sid| recordings::get(&db.store, sid).await.unwrap().unwrap();
        let first = get("RE1").await;
        assert_eq!((first.started_at_ms, first.duration_ms, first.consent), (7, Some(2_500), consent));
        assert_eq!(recordings::give_up_lost(&db.store, 900).await.unwrap(), 0, "the session lives");
        sessions::end(&db.store, &session, "completed", 1_000).await.unwrap();
        assert_eq!(recordings::give_up_lost(&db.store, 1_000).await.unwrap(), 0, "it may be stored in a moment");
        assert_eq!(recordings::give_up_lost(&db.store, 1_001).await.unwrap(), 1);
        assert_eq!((get("RE1").await.status, get("RE2").await.status), (RecordingStatus::Stored, RecordingStatus::Failed));
    }

    async fn an_erasure_forgets_whom_it_was_about(db: TestDatabase) {
        let ann = Subject::Number("+15550001111".into());
        let begun = erasures::begin(&db.store, db.account, &ann, 1).await.unwrap();
        assert_eq!((begun.subject.as_ref(), begun.is_completed), (Some(&ann), false));
        let again = erasures::begin(&db.store, db.account, &ann, 2).await.unwrap();
        assert_eq!(again.id, begun.id, "one at a time");
        assert_eq!(erasures::running(&db.store, 10).await.unwrap().len(), 1);
        let round = Round { transcripts: 2, recordings: 1, messages: 0, is_last: false };
        erasures::advance(&db.store, &begun.id, round, 3).await.unwrap();
        let last = Round { transcripts: 1, is_last: true, ..Round::default() };
        let done = erasures::advance(&db.store, &begun.id, last, 4).await.unwrap().unwrap();
        assert_eq!((done.transcripts, done.recordings, done.is_completed, done.completed_at_ms), (3, 1, true, Some(4)));
        assert_eq!(done.subject, None);
        assert!(erasures::running(&db.store, 10).await.unwrap().is_empty());
        let late = erasures::advance(&db.store, &begun.id, last, 5).await.unwrap().unwrap();
        assert_eq!(late.transcripts, 3, "what is done is done");
        assert_ne!(erasures::begin(&db.store, db.account, &ann, 6).await.unwrap().id, begun.id);
    }
}
