use crate::databases::{TestDatabase, on_both};
use casp_store::{AccountId, accounts, numbers, recording_consents};

const NUMBER: &str = "+15551230002";

async fn neighbour(db: &TestDatabase) -> AccountId {
    accounts::ensure(&db.store, "next@example.org", None, false)
        .await
        .unwrap()
        .id
}

on_both! {
    async fn a_number_has_one_owner_and_only_an_operator_moves_it(db: TestDatabase) {
        let neighbour = neighbour(&db).await;
        let ours = numbers::claim(&db.store, db.account, NUMBER, "sales", 5).await.unwrap().unwrap();
        assert_eq!((ours.account, ours.assistant.as_str(), ours.created_at_ms), (db.account, "sales", 5));
        assert_eq!(numbers::claim(&db.store, neighbour, NUMBER, "support", 6).await.unwrap(), None);
        assert_eq!(numbers::owner(&db.store, NUMBER).await.unwrap(), Some(ours), "nothing changed");
        let moved = numbers::assign(&db.store, neighbour, NUMBER, "support", 7).await.unwrap();
        assert_eq!((moved.account, moved.created_at_ms), (neighbour, 7));
        assert!(!numbers::release(&db.store, db.account, NUMBER).await.unwrap(), "it is not ours any more");
    }

    async fn its_owner_says_who_answers(db: TestDatabase) {
        let neighbour = neighbour(&db).await;
        numbers::assign(&db.store, db.account, NUMBER, "sales", 5).await.unwrap();
        let set = numbers::set_assistant(&db.store, db.account, NUMBER, "support", 6).await.unwrap().unwrap();
        assert_eq!((set.assistant.as_str(), set.created_at_ms), ("support", 5));
        assert_eq!(numbers::set_assistant(&db.store, neighbour, NUMBER, "sales", 7).await.unwrap(), None);
        assert_eq!(numbers::set_assistant(&db.store, db.account, "+15550000000", "sales", 7).await.unwrap(), None);
        assert_eq!(numbers::owner(&db.store, NUMBER).await.unwrap().unwrap().assistant, "support");
    }

    async fn of_two_accounts_that_claim_a_number_at_once_one_gets_it(db: TestDatabase) {
        let second = db.second_process().await;
        let neighbour = neighbour(&db).await;
        for n in 0..10 {
            let number = format!("+1555123{n:04}");
            let (a, b) = tokio::join!(
                numbers::claim(&db.store, db.account, &number, "sales", n),
                numbers::claim(&second, neighbour, &number, "sales", n)
            );
            assert!(a.unwrap().is_some() ^ b.unwrap().is_some());
        }
    }

    async fn an_account_sees_its_own_numbers(db: TestDatabase) {
        let neighbour = neighbour(&db).await;
        for (account, number) in [(db.account, "+15550000002"), (neighbour, "+15550000003"), (db.account, "+15550000001")] {
            numbers::assign(&db.store, account, number, "default", 1).await.unwrap();
        }
        let ours = numbers::list(&db.store, Some(db.account)).await.unwrap();
        assert_eq!(ours.iter().map(|n| n.number.as_str()).collect::<Vec<_>>(), ["+15550000001", "+15550000002"]);
        assert_eq!(numbers::list(&db.store, None).await.unwrap().len(), 3);
        assert!(numbers::release(&db.store, db.account, "+15550000001").await.unwrap());
        assert_eq!(numbers::list(&db.store, Some(db.account)).await.unwrap().len(), 1);
        assert_eq!(numbers::owner(&db.store, "+15550000001").await.unwrap(), None);
    }

    async fn callers_and_callees_may_be_anything(db: TestDatabase) {
        numbers::assign(&db.store, db.account, NUMBER, "default", 1).await.unwrap();
        let whatsapp = numbers::owner(&db.store, "whatsapp:+15551230002").await.unwrap();
        assert_eq!(whatsapp.unwrap().account, db.account);
        let long = format!("+{}", "9".repeat(10_000));
        for address in ["", "+", "anonymous", "sip:a@b", "client:ann", "15551230002", "+1\u{0}5", "whatsapp:", &long] {
            assert_eq!(numbers::owner(&db.store, address).await.unwrap(), None, "{address:?}");
        }
    }

    async fn what_a_caller_heard_last_before_the_recording_is_kept(db: TestDatabase) {
        let id = db.announced("CA1").await.id;
        assert_eq!(recording_consents::get(&db.store, &id).await.unwrap(), None);
        for (words, now_ms, kept_ms) in [("Recorded.", 5, 5), ("Recorded.", 7, 5), ("Sales records.", 9, 9)] {
            recording_consents::note(&db.store, &id, words, now_ms).await.unwrap();
            let consent = recording_consents::get(&db.store, &id).await.unwrap().unwrap();
            assert_eq!((consent.announcement.as_str(), consent.announced_at_ms), (words, kept_ms));
        }
    }
}
