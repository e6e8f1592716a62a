use crate::databases::on_both;
use casp_store::mailed_tokens::{self, Purpose};

on_both! {
    async fn a_link_works_once_and_for_its_purpose(db: TestDatabase) {
        let token = mailed_tokens::issue(&db.store, Purpose::ResetPassword, "a@example.org", 0, 1_000).await.unwrap();
        let redeem = async |purpose, now| mailed_tokens::redeem(&db.store, purpose, &token, now).await.unwrap();
        assert_eq!(redeem(Purpose::VerifyEmail, 1).await, None);
        assert_eq!(redeem(Purpose::ResetPassword, 1_000).await, None, "its time is over");
        assert_eq!(
            mailed_tokens::email_of(&db.store, Purpose::ResetPassword, &token, 1).await.unwrap().as_deref(),
            Some("a@example.org")
        );
        assert_eq!(redeem(Purpose::ResetPassword, 1).await.as_deref(), Some("a@example.org"));
        assert_eq!(redeem(Purpose::ResetPassword, 2).await, None);
        assert_eq!(mailed_tokens::email_of(&db.store, Purpose::ResetPassword, &token, 2).await.unwrap(), None);
    }

    async fn using_one_link_uses_up_the_others(db: TestDatabase) {
        let issue = async |email| {
            mailed_tokens::issue(&db.store, Purpose::ResetPassword, email, 0, 1_000).await.unwrap()
        };
        let (first, second, anothers) = (issue("a@example.org").await, issue("a@example.org").await, issue("b@example.org").await);
        let redeem = async |token: &str| mailed_tokens::redeem(&db.store, Purpose::ResetPassword, token, 1).await.unwrap();
        assert!(redeem(&second).await.is_some());
        assert!(redeem(&first).await.is_none());
        assert!(redeem(&anothers).await.is_some());
    }

    async fn of_two_that_click_at_once_one_gets_in(db: TestDatabase) {
        let second = db.second_process().await;
        for _ in 0..20 {
            let token = mailed_tokens::issue(&db.store, Purpose::Invitation, "a@example.org", 0, 1_000).await.unwrap();
            let (a, b) = tokio::join!(
                mailed_tokens::redeem(&db.store, Purpose::Invitation, &token, 1),
                mailed_tokens::redeem(&second, Purpose::Invitation, &token, 1)
            );
            assert!(a.unwrap().is_some() ^ b.unwrap().is_some());
        }
    }

    async fn mails_of_late_are_counted_and_old_links_taken_away(db: TestDatabase) {
        for _ in 0..3 {
            mailed_tokens::issue(&db.store, Purpose::VerifyEmail, "a@example.org", 0, 1_000).await.unwrap();
        }
        let recent = async |now| mailed_tokens::recent(&db.store, Purpose::VerifyEmail, "a@example.org", now).await.unwrap();
        assert_eq!((recent(999).await, recent(1_000).await), (3, 0));
        assert_eq!(mailed_tokens::purge(&db.store, 1_001).await.unwrap(), 3);
    }
}
