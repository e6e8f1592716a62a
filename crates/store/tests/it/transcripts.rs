use crate::databases::{TestDatabase, on_both};
use casp_store::{
    AccountId, accounts,
    sessions::{self, NewSession},
    transcripts::{self, Filter, Subject, Transcript},
    turns::{self, Turn},
    twilio_transcripts::{self, Sentence, Sentences, Wanted},
};

const DAY_MS: i64 = 86_400_000;

fn said(role: &str, text: &str, at_ms: i64) -> Turn {
    Turn {
        position: 0,
        role: role.into(),
        text: text.into(),
        was_interrupted: false,
        timings: serde_json::json!({}),
        at_ms,
    }
}

/// A session with an agent in it: its id and epoch.
async fn call(db: &TestDatabase, new: &NewSession, now_ms: i64) -> (String, i64) {
    sessions::announce(&db.store, new, now_ms).await.unwrap();
    let epoch = sessions::claim_agent(&db.store, &new.id, "w1", now_ms, 2_000)
        .await
        .unwrap()
        .unwrap();
    (new.id.clone(), epoch)
}

/// A call in which this was said.
async fn call_about(db: &TestDatabase, call_sid: &str, now_ms: i64, words: &str) {
    let (id, epoch) = call(db, &db.phone(call_sid), now_ms).await;
    let turn = said("user", words, now_ms);
    turns::append(&db.store, &id, epoch, &turn)
        .await
        .unwrap()
        .unwrap();
}

async fn all(db: &TestDatabase, filter: &Filter) -> Vec<Transcript> {
    transcripts::page(&db.store, db.account, filter, 0, 100)
        .await
        .unwrap()
}

async fn found(db: &TestDatabase, account: AccountId, words: &str) -> Vec<String> {
    let filter = Filter {
        words: Some(words.into()),
        ..Filter::default()
    };
    let page = transcripts::page(&db.store, account, &filter, 0, 100)
        .await
        .unwrap();
    page.into_iter()
        .map(|transcript| transcript.session_id)
        .collect()
}

async fn texts(db: &TestDatabase, id: &str) -> Vec<String> {
    let turns = turns::list(&db.store, id).await.unwrap();
    turns.into_iter().map(|turn| turn.text).collect()
}

/// Erases what it can: how many that were, and how many go on.
async fn erased(db: &TestDatabase, whom: &Subject) -> (usize, i64) {
    let found = transcripts::about(&db.store, db.account, whom, 100)
        .await
        .unwrap();
    for (id, _) in &found.over {
        assert!(
            transcripts::erase(&db.store, db.account, *id)
                .await
                .unwrap()
        );
    }
    (found.over.len(), found.still_live)
}

on_both! {
    async fn a_conversation_is_a_transcript_while_it_goes_on_and_when_it_is_over(db: TestDatabase) {
        let (id, epoch) = call(&db, &db.phone("CA1"), 1_000).await;
        assert!(all(&db, &Filter::default()).await.is_empty(), "nothing was said yet");
        turns::append(&db.store, &id, epoch, &said("assistant", "Hello, this is Mike.", 1_500)).await.unwrap();
        turns::append(&db.store, &id, epoch, &said("user", "Hi there", 2_500)).await.unwrap();
        turns::append(&db.store, &id, epoch, &said("tool", "{}", 2_600)).await.unwrap();
        let live = all(&db, &Filter::default()).await.remove(0);
        assert!(live.sid.starts_with("GT") && live.sid.len() == 34, "{}", live.sid);
        assert_eq!((live.session_id.as_str(), live.channel.as_str(), live.call_direction.as_str()), (id.as_str(), "phone", "inbound"));
        assert_eq!((live.user_turns, live.agent_turns, live.user_words, live.agent_words), (1, 1, 2, 4));
        assert_eq!((live.started_at_ms, live.ended_at_ms), (1_000, None));
        sessions::end(&db.store, &id, "completed", 4_000).await.unwrap();
        turns::append(&db.store, &id, epoch, &said("user", "bye", 4_100)).await.unwrap();
        let last = transcripts::get(&db.store, db.account, &live.sid).await.unwrap().unwrap();
        assert_eq!((last.id, last.ended_at_ms, last.end_reason.as_deref(), last.user_turns), (live.id, Some(4_000), Some("completed"), 2));
        let words: Vec<_> = transcripts::turns(&db.store, &last).await.unwrap().into_iter().map(|t| t.role).collect();
        assert_eq!(words, ["assistant", "user", "tool", "user"]);
    }

    async fn each_life_of_a_web_room_has_its_own(db: TestDatabase) {
        for (now, words) in [(1_000, "first words"), (5_000, "second words")] {
            let (id, epoch) = call(&db, &db.web("kitchen"), now).await;
            turns::append(&db.store, &id, epoch, &said("user", words, now)).await.unwrap().unwrap();
            sessions::end(&db.store, &id, "empty", now + 1_000).await.unwrap();
        }
        let both = all(&db, &Filter::default()).await;
        assert_eq!(both.iter().map(|t| t.started_at_ms).collect::<Vec<_>>(), [5_000, 1_000]);
        assert_eq!(both.iter().map(|t| t.ended_at_ms).collect::<Vec<_>>(), [Some(6_000), Some(2_000)]);
        assert_eq!(transcripts::turns(&db.store, &both[1]).await.unwrap()[0].text, "first words");
    }

    async fn pages_are_filtered_newest_first(db: TestDatabase) {
        for n in 0..4 {
            call_about(&db, &format!("CA{n}"), n * DAY_MS, "hello").await;
        }
        let other = NewSession { assistant: "sales".into(), from: "+15557770000".into(), ..db.phone("CA9") };
        let (id, epoch) = call(&db, &other, 9 * DAY_MS).await;
        turns::append(&db.store, &id, epoch, &said("user", "hello", 9 * DAY_MS)).await.unwrap().unwrap();
        transcripts::set_outbound(&db.store, &id).await.unwrap();
        let ids = async |filter: Filter| -> Vec<String> {
            all(&db, &filter).await.into_iter().map(|t| t.session_id).collect()
        };
        assert_eq!(ids(Filter::default()).await, ["phone-CA9", "phone-CA3", "phone-CA2", "phone-CA1", "phone-CA0"]);
        assert_eq!(ids(Filter { scenario_name: Some("sales".into()), ..Filter::default() }).await, ["phone-CA9"]);
        assert_eq!(ids(Filter { call_direction: Some("outbound".into()), ..Filter::default() }).await, ["phone-CA9"]);
        assert_eq!(ids(Filter { number: Some("+15557770000".into()), ..Filter::default() }).await, ["phone-CA9"]);
        assert_eq!(ids(Filter { number: Some("+15551230002".into()), ..Filter::default() }).await.len(), 5, "the called one counts");
        assert_eq!(
            ids(Filter { from_ms: Some(DAY_MS), to_ms: Some(3 * DAY_MS), ..Filter::default() }).await,
            ["phone-CA2", "phone-CA1"]
        );
        let page = transcripts::page(&db.store, db.account, &Filter::default(), 1, 2).await.unwrap();
        assert_eq!(page.iter().map(|t| t.session_id.as_str()).collect::<Vec<_>>(), ["phone-CA3", "phone-CA2"]);
    }

    async fn a_number_is_looked_for_on_both_sides_with_all_else_that_is_asked(db: TestDatabase) {
        const ANN: &str = "+15557770000";
        let between = [(ANN, "+15551230002", "a refund"), ("+15551230002", ANN, "an order"), (ANN, ANN, "a refund of mine"),
            ("+15558880000", "+15551230002", "a refund too")];
        for (n, (from, to, words)) in between.iter().enumerate() {
            let new = NewSession { from: (*from).into(), to: (*to).into(), ..db.phone(&format!("CA{n}")) };
            let (id, epoch) = call(&db, &new, n as i64 * DAY_MS).await;
            turns::append(&db.store, &id, epoch, &said("user", words, n as i64 * DAY_MS)).await.unwrap().unwrap();
        }
        let ids = async |filter: Filter, skip, limit| -> Vec<String> {
            let filter = Filter { number: Some(ANN.into()), ..filter };
            let page = transcripts::page(&db.store, db.account, &filter, skip, limit).await.unwrap();
            page.into_iter().map(|t| t.session_id).collect()
        };
        let refund = Filter { words: Some("refund".into()), ..Filter::default() };
        let later = Filter { from_ms: Some(DAY_MS), ..Filter::default() };
        assert_eq!(ids(Filter::default(), 0, 10).await, ["phone-CA2", "phone-CA1", "phone-CA0"]);
        assert_eq!(ids(Filter::default(), 1, 1).await, ["phone-CA1"]);
        assert_eq!(ids(Filter::default(), 2, 2).await, ["phone-CA0"]);
        assert_eq!(ids(refund, 0, 10).await, ["phone-CA2", "phone-CA0"]);
        assert_eq!(ids(later, 0, 10).await, ["phone-CA2", "phone-CA1"]);
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let theirs = Filter { number: Some(ANN.into()), ..Filter::default() };
        assert!(transcripts::page(&db.store, neighbour, &theirs, 0, 10).await.unwrap().is_empty());
    }

    async fn search_finds_what_holds_all_words_of_this_account_alone(db: TestDatabase) {
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        let (id, epoch) = call(&db, &db.phone("CA1"), 1).await;
        for text in ["I want a refund", "für mein Café", "今日は天気"] {
            turns::append(&db.store, &id, epoch, &said("user", text, 1)).await.unwrap().unwrap();
        }
        turns::append(&db.store, &id, epoch, &said("tool", "secretresult", 1)).await.unwrap().unwrap();
        call_about(&db, "CA2", 2, "Refunds? No: a REFUND!").await;
        let (id, epoch) = call(&db, &NewSession { account: neighbour, ..db.phone("CA3") }, 3).await;
        turns::append(&db.store, &id, epoch, &said("user", "a refund for the neighbour", 3)).await.unwrap().unwrap();
        assert_eq!(found(&db, db.account, "refund").await, ["phone-CA2", "phone-CA1"]);
        assert_eq!(found(&db, db.account, "CAFE refund").await, ["phone-CA1"], "words of different turns");
        assert_eq!(found(&db, db.account, "天気").await, ["phone-CA1"]);
        assert_eq!(found(&db, neighbour, "refund").await, ["phone-CA3"]);
        for nothing in ["refund unicorn", "neighbour", "secretresult", "?!", "", "NOT", "a* OR b", "'; DROP TABLE transcripts"] {
            assert!(found(&db, db.account, nothing).await.is_empty(), "{nothing}");
        }
        let filter = Filter { words: Some("refund".into()), to_ms: Some(2), ..Filter::default() };
        assert_eq!(all(&db, &filter).await.len(), 1);
    }

    async fn a_card_number_is_never_written_also_when_told_in_pieces(db: TestDatabase) {
        let (id, epoch) = call(&db, &db.phone("CA1"), 1).await;
        for (role, text) in [
            ("user", "My card is 4111 1111 1111 1111."),
            ("assistant", "Thank you, four triple one, then all ones: 4111111111111111?"),
            ("user", "The other one: five five five five"),
            ("assistant", "Go on."),
            ("user", "5555 5555"),
            ("user", "4444 okay"),
            ("tool", r#"{"card":"5555555555554444","total":12}"#),
        ] {
            turns::append(&db.store, &id, epoch, &said(role, text, 10)).await.unwrap().unwrap();
        }
        assert_eq!(texts(&db, &id).await, [
            "My card is [card number].",
            "Thank you, four triple one, then all ones: [card number]?",
            "The other [card number]",
            "Go on.",
            "[card number]",
            "[card number] okay",
            r#"{"card":"[card number]","total":12}"#,
        ]);
        for digits in ["4111", "1111", "5555", "4444", "five"] {
            assert!(found(&db, db.account, digits).await.is_empty(), "{digits} can be searched for");
        }
        assert_eq!(found(&db, db.account, "okay").await.len(), 1);
    }

    async fn notes_and_deletion_are_the_owners(db: TestDatabase) {
        let neighbour = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        call_about(&db, "CA1", 1, "unique").await;
        let transcript = all(&db, &Filter::default()).await.remove(0);
        assert!(!transcripts::set_notes(&db.store, neighbour, transcript.id, Some("x")).await.unwrap());
        assert!(transcripts::get(&db.store, neighbour, &transcript.sid).await.unwrap().is_none());
        assert!(transcripts::set_notes(&db.store, db.account, transcript.id, Some("call back")).await.unwrap());
        let noted = transcripts::get(&db.store, db.account, &transcript.sid).await.unwrap().unwrap();
        assert_eq!(noted.notes.as_deref(), Some("call back"));
        assert!(!transcripts::remove(&db.store, db.account, transcript.id).await.unwrap(), "it goes on");
        sessions::end(&db.store, "phone-CA1", "completed", 5).await.unwrap();
        assert!(!transcripts::remove(&db.store, neighbour, transcript.id).await.unwrap());
        let is_deleted = async |account| transcripts::is_deleted(&db.store, account, "phone-CA1").await.unwrap();
        assert!(!is_deleted(db.account).await);
        assert!(transcripts::remove(&db.store, db.account, transcript.id).await.unwrap());
        assert!(!transcripts::remove(&db.store, db.account, transcript.id).await.unwrap());
        assert!(is_deleted(db.account).await);
        assert!(!is_deleted(neighbour).await);
        assert!(transcripts::get(&db.store, db.account, &transcript.sid).await.unwrap().is_none());
        assert!(found(&db, db.account, "unique").await.is_empty());
        assert!(turns::list(&db.store, "phone-CA1").await.unwrap().is_empty());
    }

    async fn whoever_wants_to_be_forgotten_is_and_nobody_else(db: TestDatabase) {
        for (n, from) in ["+15550001111", "+15550001111", "+15550002222"].iter().enumerate() {
            let new = NewSession { from: (*from).into(), ..db.phone(&format!("CA{n}")) };
            let (id, epoch) = call(&db, &new, n as i64).await;
            turns::append(&db.store, &id, epoch, &said("user", "hello", 1)).await.unwrap().unwrap();
            sessions::end(&db.store, &id, "completed", 10).await.unwrap();
        }
        let live = NewSession { from: "+15550001111".into(), ..db.phone("CAlive") };
        let (live, epoch) = call(&db, &live, 5).await;
        turns::append(&db.store, &live, epoch, &said("user", "hello", 1)).await.unwrap().unwrap();
        let whom = Subject::Number("+15550001111".into());
        let first = transcripts::about(&db.store, db.account, &whom, 1).await.unwrap();
        assert_eq!((first.over.len(), first.still_live), (1, 0), "in batches");
        assert_eq!(erased(&db, &whom).await, (2, 1));
        sessions::end(&db.store, &live, "completed", 20).await.unwrap();
        assert_eq!(erased(&db, &whom).await, (1, 0));
        assert_eq!(erased(&db, &whom).await, (0, 0), "idempotent");
        assert!(!transcripts::erase(&db.store, db.account, first.over[0].0).await.unwrap());
        let left = all(&db, &Filter::default()).await;
        assert_eq!(left.iter().map(|t| t.from.as_str()).collect::<Vec<_>>(), ["+15550002222"]);
        assert_eq!(sessions::get(&db.store, "phone-CA0").await.unwrap().unwrap().from, "");
        assert!(transcripts::is_deleted(&db.store, db.account, "phone-CA0").await.unwrap());
        assert!(!transcripts::is_deleted(&db.store, db.account, "phone-CA2").await.unwrap());
    }

    async fn a_number_is_the_same_by_whatsapp(db: TestDatabase) {
        for (n, from) in ["whatsapp:+15550001111", "whatsapp:+155500011112"].iter().enumerate() {
            let new = NewSession { from: (*from).into(), ..db.phone(&format!("CA{n}")) };
            let (id, _) = call(&db, &new, n as i64).await;
            sessions::end(&db.store, &id, "completed", 10).await.unwrap();
        }
        assert_eq!(erased(&db, &Subject::Number("+15550001111".into())).await, (1, 0));
        assert_eq!(sessions::get(&db.store, "phone-CA0").await.unwrap().unwrap().from, "");
        assert_eq!(sessions::get(&db.store, "phone-CA1").await.unwrap().unwrap().from, "whatsapp:+155500011112");
    }

    async fn an_end_user_is_forgotten_by_name(db: TestDatabase) {
        let new = NewSession { overrides: serde_json::json!({"resource": "ann@example.org"}), ..db.phone("CA1") };
        let (id, epoch) = call(&db, &new, 1).await;
        turns::append(&db.store, &id, epoch, &said("user", "hello", 1)).await.unwrap().unwrap();
        sessions::end(&db.store, &id, "completed", 2).await.unwrap();
        let nobody = Subject::Resource("bob@example.org".into());
        assert_eq!(erased(&db, &nobody).await, (0, 0));
        // As somebody might write it.
        let ann = Subject::Resource("Ann@Example.org".into());
        assert_eq!(erased(&db, &ann).await, (1, 0));
        assert!(all(&db, &Filter::default()).await.is_empty());
    }

    async fn what_is_old_goes_and_what_is_new_or_live_stays(db: TestDatabase) {
        for (name, begins, ends) in [("CAold", 1_000, Some(2_000)), ("CAnew", 50_000, Some(60_000)), ("CAlive", 1_500, None)] {
            call_about(&db, name, begins, "hello").await;
            if let Some(ends) = ends {
                sessions::end(&db.store, &format!("phone-{name}"), "completed", ends).await.unwrap();
            }
        }
        assert_eq!(transcripts::remove_old(&db.store, 10_000, 100).await.unwrap(), 1);
        assert_eq!(transcripts::remove_old(&db.store, 10_000, 100).await.unwrap(), 0);
        let left: Vec<_> = all(&db, &Filter::default()).await.into_iter().map(|t| t.session_id).collect();
        assert_eq!(left, ["phone-CAnew", "phone-CAlive"]);
        assert!(sessions::get(&db.store, "phone-CAold").await.unwrap().is_none());
        assert_eq!(found(&db, db.account, "hello").await.len(), 2);
    }

    async fn days_are_counted_by_outcome_and_answers_by_time(db: TestDatabase) {
        let (id, epoch) = call(&db, &db.phone("CA1"), DAY_MS + 1).await;
        for ms in [400, 420, 2_000] {
            let turn = Turn { timings: serde_json::json!({"total_ms": ms}), ..said("assistant", "yes", DAY_MS + 5) };
            turns::append(&db.store, &id, epoch, &turn).await.unwrap().unwrap();
        }
        sessions::end(&db.store, &id, "completed", DAY_MS + 60_001).await.unwrap();
        sessions::announce(&db.store, &db.phone("CAbusy"), DAY_MS + 2).await.unwrap();
        sessions::end(&db.store, "phone-CAbusy", "busy", DAY_MS + 2).await.unwrap();
        call_about(&db, "CA3", 3 * DAY_MS, "hello").await;
        let days = transcripts::analytics::days(&db.store, db.account, 0, 10 * DAY_MS).await.unwrap();
        assert_eq!(days.iter().map(|day| day.begins_at_ms).collect::<Vec<_>>(), [DAY_MS, 3 * DAY_MS]);
        let day = &days[0];
        assert_eq!((day.channels["phone"], day.outcomes["completed"], day.outcomes["busy"]), (2, 1, 1));
        assert_eq!((day.duration_ms, day.answers), (60_000, 3));
        assert!((380..=460).contains(&day.median_answer_ms.unwrap()), "{day:?}");
        assert!(day.p95_answer_ms.unwrap() > 1_700, "{day:?}");
        assert_eq!(days[1].outcomes["in progress"], 1);
        let nobody = AccountId(999);
        assert!(transcripts::analytics::days(&db.store, nobody, 0, 10 * DAY_MS).await.unwrap().is_empty());
    }

    async fn what_voice_intelligence_heard_is_kept_once_and_merged(db: TestDatabase) {
        call_about(&db, "CA1", 1, "hello").await;
        let wanted = Wanted {
            account: db.account,
            customer_key: "key-1".into(),
            recording_sid: Some("RE1".into()),
            call_sid: Some("CA1".into()),
            scenario_name: None,
        };
        assert!(twilio_transcripts::want(&db.store, &wanted, 5).await.unwrap());
        assert!(!twilio_transcripts::want(&db.store, &wanted, 5).await.unwrap());
        twilio_transcripts::named(&db.store, "key-1", "GT1").await.unwrap();
        let sentence = |speaker, text: &str| Sentence {
            text: text.into(), speaker, start_time: 0.5, end_time: 4.2, confidence: 0.95,
        };
        let content = Sentences {
            date_created: "2024-01-15T10:30:00Z".into(),
            date_updated: "2024-01-15T10:35:00Z".into(),
            duration: 120,
            language_code: "en-US".into(),
            sentences: vec![
                sentence(1, "Your card?"),
                sentence(0, "Unicorns, 4111 1111"),
                sentence(1, "Yes"),
                sentence(0, "1111 1111"),
            ],
        };
        for _ in 0..2 {
            assert!(twilio_transcripts::keep(&db.store, db.account, "GT1", &content, 9).await.unwrap());
        }
        assert!(!twilio_transcripts::keep(&db.store, AccountId(999), "GT1", &content, 9).await.unwrap());
        let kept = twilio_transcripts::get(&db.store, db.account, "GT1").await.unwrap().unwrap();
        let stored = kept.stored.unwrap();
        assert_eq!(stored.full_text(), "Your card? Unicorns, [card number] Yes [card number]");
        assert_eq!((stored.duration, stored.language_code.as_str()), (120, "en-US"));
        let merged = transcripts::get(&db.store, db.account, "GT1").await.unwrap().unwrap();
        assert_eq!((merged.session_id.as_str(), merged.user_turns), ("phone-CA1", 1), "what the agent wrote counts");
        assert_eq!(found(&db, db.account, "hello unicorns").await, ["phone-CA1"]);
    }
}
