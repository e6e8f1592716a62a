use crate::databases::{TestDatabase, on_both};
use casp_store::{
    accounts,
    refresh_tokens::{self, Rotation},
};

/// A sign-in whose first refresh token is `one`, good until 1000.
async fn family(db: &TestDatabase) -> String {
    let family = refresh_tokens::new_family();
    refresh_tokens::begin(&db.store, db.account, &family, "one", 0, 1_000)
        .await
        .unwrap();
    family
}

async fn is_alive(db: &TestDatabase, family: &str) -> bool {
    refresh_tokens::account_of(&db.store, family, db.account)
        .await
        .unwrap()
        .is_some()
}

on_both! {
    async fn a_refresh_token_is_spent_for_the_next(db: TestDatabase) {
        let family = family(&db).await;
        let rotate = async |old, new, now| refresh_tokens::rotate(&db.store, &family, old, new, now, 1_000).await.unwrap();
        let Rotation::Rotated(account) = rotate("one", "two", 10).await else { panic!("it was good") };
        assert_eq!(account.id, db.account);
        assert!(matches!(rotate("two", "three", 20).await, Rotation::Rotated(_)));
        assert!(is_alive(&db, &family).await);
    }

    async fn one_that_comes_again_ends_its_family(db: TestDatabase) {
        let family = family(&db).await;
        let rotate = async |old, new| refresh_tokens::rotate(&db.store, &family, old, new, 10, 1_000).await.unwrap();
        rotate("one", "two").await;
        assert!(matches!(rotate("one", "stolen").await, Rotation::Replayed(account) if account == db.account));
        assert!(matches!(rotate("two", "three").await, Rotation::Refused), "the newest one too");
        assert!(matches!(rotate("stolen", "four").await, Rotation::Refused), "it never was one");
        assert!(!is_alive(&db, &family).await);
    }

    async fn of_two_at_once_one_wins(db: TestDatabase) {
        let second = db.second_process().await;
        for _ in 0..20 {
            let family = refresh_tokens::new_family();
            let (first, a, b) = (format!("{family}1"), format!("{family}a"), format!("{family}b"));
            refresh_tokens::begin(&db.store, db.account, &family, &first, 0, 1_000).await.unwrap();
            let (one, other) = tokio::join!(
                refresh_tokens::rotate(&db.store, &family, &first, &a, 1, 1_000),
                refresh_tokens::rotate(&second, &family, &first, &b, 1, 1_000),
            );
            let won = [one.unwrap(), other.unwrap()].iter().filter(|r| matches!(r, Rotation::Rotated(_))).count();
            assert_eq!(won, 1);
        }
    }

    async fn what_is_expired_unknown_or_anothers_is_refused(db: TestDatabase) {
        let ours = family(&db).await;
        let theirs = refresh_tokens::new_family();
        refresh_tokens::begin(&db.store, db.account, &theirs, "theirs", 0, 1_000).await.unwrap();
        for (family, old, now) in [(&ours, "one", 1_000), (&ours, "unknown", 1), (&ours, "theirs", 1)] {
            let rotation = refresh_tokens::rotate(&db.store, family, old, "new", now, 1_000).await.unwrap();
            assert!(matches!(rotation, Rotation::Refused), "{old}: {rotation:?}");
        }
        assert!(is_alive(&db, &ours).await && is_alive(&db, &theirs).await);
    }

    async fn signing_out_ends_one_family_and_a_new_password_all(db: TestDatabase) {
        let (one, other) = (family(&db).await, refresh_tokens::new_family());
        refresh_tokens::begin(&db.store, db.account, &other, "other", 0, 1_000).await.unwrap();
        refresh_tokens::revoke(&db.store, &one, 1).await.unwrap();
        assert!(!is_alive(&db, &one).await && is_alive(&db, &other).await);
        assert_eq!(refresh_tokens::revoke_all(&db.store, db.account, 2).await.unwrap(), 1);
        assert!(!is_alive(&db, &other).await);
    }

    async fn a_family_is_one_accounts_and_ends_when_that_is_closed(db: TestDatabase) {
        let family = family(&db).await;
        let other = accounts::ensure(&db.store, "b@example.org", None, false).await.unwrap().id;
        assert!(refresh_tokens::account_of(&db.store, &family, other).await.unwrap().is_none());
        accounts::set_active(&db.store, db.account, false).await.unwrap();
        assert!(!is_alive(&db, &family).await);
        let rotation = refresh_tokens::rotate(&db.store, &family, "one", "two", 1, 1_000).await.unwrap();
        assert!(matches!(rotation, Rotation::Refused));
    }

    async fn old_ones_are_taken_away_with_their_family(db: TestDatabase) {
        let family = family(&db).await;
        refresh_tokens::rotate(&db.store, &family, "one", "two", 500, 1_000).await.unwrap();
        assert_eq!(refresh_tokens::purge(&db.store, 1_500).await.unwrap(), 0);
        assert_eq!(refresh_tokens::purge(&db.store, 1_501).await.unwrap(), 1);
        assert!(!is_alive(&db, &family).await);
    }
}
