use crate::databases::on_both;
use casp_store::{
    AccountId, Store, accounts,
    ceilings::{
        self, AccountLimits, Ceiling, CeilingReached, DailyCeilings, Resource, SpendingRefused,
        SpendingRules, TalkingRefused,
    },
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Calls a day: for each account, and for all together.
fn calls(each: u32, total: Ceiling) -> SpendingRules {
    SpendingRules {
        per_account: DailyCeilings {
            calls: Ceiling::AtMost(each),
            ..DailyCeilings::UNLIMITED
        },
        total: DailyCeilings {
            calls: total,
            ..DailyCeilings::UNLIMITED
        },
        ..SpendingRules::default()
    }
}

async fn call(store: &Store, account: AccountId, now_ms: i64) -> Result<(), CeilingReached> {
    ceilings::take(store, account, Resource::Calls, 1, now_ms)
        .await
        .unwrap()
}

on_both! {
    async fn so_many_a_day_and_no_more(db: TestDatabase) {
        let store = db.store.clone().with_spending_rules(calls(2, Ceiling::Unlimited));
        assert_eq!(call(&store, db.account, 5).await, Ok(()));
        assert_eq!(call(&store, db.account, 6).await, Ok(()));
        let reached = call(&store, db.account, 7).await.unwrap_err();
        assert_eq!(reached, CeilingReached {
            resource: Resource::Calls, limit: 2, is_total: false, resets_at_ms: DAY_MS,
        });
        assert_eq!(reached.to_string(), "today's ceiling of 2 calls is reached");
        assert_eq!(ceilings::used_today(&store, db.account, Resource::Calls, 7).await.unwrap(), 2);
        assert_eq!(call(&store, db.account, DAY_MS).await, Ok(()), "the next day");
    }

    async fn all_of_it_or_nothing(db: TestDatabase) {
        let store = db.store.clone().with_spending_rules(calls(10, Ceiling::Unlimited));
        let take = async |amount| ceilings::take(&store, db.account, Resource::Calls, amount, 0).await.unwrap();
        assert!(take(11).await.is_err(), "the first one too");
        assert!(take(7).await.is_ok());
        assert!(take(4).await.is_err());
        assert!(take(u32::MAX).await.is_err());
        assert!(take(3).await.is_ok());
        assert!(take(0).await.is_ok());
    }

    async fn requests_that_race_take_no_more_than_there_is(db: TestDatabase) {
        let rules = calls(20, Ceiling::Unlimited);
        let ours = db.store.clone().with_spending_rules(rules.clone());
        let theirs = db.second_process().await.with_spending_rules(rules);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..60 {
            let (store, account) = (if n % 2 == 0 { ours.clone() } else { theirs.clone() }, db.account);
            tasks.spawn(async move { call(&store, account, 0).await.is_ok() });
        }
        let admitted = tasks.join_all().await.into_iter().filter(|is_in| *is_in).count();
        assert_eq!(admitted, 20);
        assert_eq!(ceilings::used_today(&ours, db.account, Resource::Calls, 0).await.unwrap(), 20);
    }

    async fn many_accounts_share_one_ceiling_of_all(db: TestDatabase) {
        let store = db.store.clone().with_spending_rules(calls(5, Ceiling::AtMost(8)));
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..6 {
            let account = accounts::ensure(&store, &format!("n{n}@example.org"), None, false).await.unwrap().id;
            for _ in 0..5 {
                let store = store.clone();
                tasks.spawn(async move { call(&store, account, 0).await.is_ok() });
            }
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|is_in| *is_in).count(), 8);
        let refused = call(&store, db.account, 0).await.unwrap_err();
        assert!(refused.is_total);
        assert_eq!(
            ceilings::used_today(&store, db.account, Resource::Calls, 0).await.unwrap(), 0,
            "what all together may not have is not counted against the account"
        );
    }

    async fn what_was_spent_already_counts_beyond_the_ceiling(db: TestDatabase) {
        let rules = SpendingRules {
            per_account: DailyCeilings { tokens: Ceiling::AtMost(100), ..DailyCeilings::UNLIMITED },
            ..SpendingRules::default()
        };
        let store = db.store.clone().with_spending_rules(rules);
        ceilings::record(&store, db.account, Resource::Tokens, 150, 0).await.unwrap();
        assert!(ceilings::take(&store, db.account, Resource::Tokens, 1, 0).await.unwrap().is_err());
        assert!(ceilings::take(&store, db.account, Resource::Calls, 1, 0).await.unwrap().is_ok());
    }

    async fn an_administrator_sets_an_accounts_own_limits(db: TestDatabase) {
        let store = db.store.clone().with_spending_rules(calls(1, Ceiling::Unlimited));
        let limits = AccountLimits {
            calls: Some(Ceiling::AtMost(3)),
            minutes: Some(Ceiling::AtMost(0)),
            tokens: Some(Ceiling::Unlimited),
            destinations: Some("+49".parse().unwrap()),
            ..AccountLimits::default()
        };
        ceilings::set_limits(&store, db.account, &limits).await.unwrap();
        assert_eq!(ceilings::limits(&store, db.account).await.unwrap(), limits);
        for _ in 0..3 {
            call(&store, db.account, 0).await.unwrap();
        }
        assert_eq!(call(&store, db.account, 0).await.unwrap_err().limit, 3);
        assert!(ceilings::take(&store, db.account, Resource::Minutes, 1, 0).await.unwrap().is_err());
        let may = async |to| ceilings::may_spend(&store, db.account, Some(to)).await.unwrap();
        assert_eq!(may("+4930123456").await, Ok(()));
        assert_eq!(may("+15551230001").await, Err(SpendingRefused::Destination));
        ceilings::set_limits(&store, db.account, &AccountLimits::default()).await.unwrap();
        assert_eq!(may("+15551230001").await, Ok(()));
        assert!(call(&store, db.account, 0).await.is_err());
    }

    async fn nobody_spends_before_the_email_is_verified(db: TestDatabase) {
        let stranger = accounts::register(&db.store, "stranger@example.org", "$hash", false, 1).await.unwrap().unwrap();
        let may = async |store: &Store| ceilings::may_spend(store, stranger.id, Some("+15551230001")).await.unwrap();
        assert_eq!(may(&db.store).await, Err(SpendingRefused::Unverified));
        let dev = db.store.clone().with_spending_rules(SpendingRules::unbounded());
        assert_eq!(may(&dev).await, Ok(()));
        accounts::verify_email(&db.store, stranger.id, 2).await.unwrap();
        assert_eq!(may(&db.store).await, Ok(()));
        assert_eq!(ceilings::may_spend(&db.store, stranger.id, None).await.unwrap(), Ok(()));
        accounts::set_active(&db.store, stranger.id, false).await.unwrap();
        assert!(may(&db.store).await.is_err());
        assert_eq!(ceilings::may_spend(&db.store, AccountId(999), None).await.unwrap(), Err(SpendingRefused::Unverified));
    }

    async fn nobody_talks_without_minutes_and_tokens(db: TestDatabase) {
        let rules = SpendingRules {
            per_account: DailyCeilings {
                minutes: Ceiling::AtMost(2),
                tokens: Ceiling::AtMost(100),
                ..DailyCeilings::UNLIMITED
            },
            ..SpendingRules::default()
        };
        let store = db.store.clone().with_spending_rules(rules);
        let may = async |account, now| ceilings::may_talk(&store, account, now).await.unwrap();
        let refused = async |now| match may(db.account, now).await {
            Err(TalkingRefused::Ceiling(reached)) => Some(reached.resource),
            _ => None,
        };
        ceilings::record(&store, db.account, Resource::Tokens, 99, 0).await.unwrap();
        assert_eq!(may(db.account, 0).await, Ok(()));
        ceilings::record(&store, db.account, Resource::Tokens, 1, 0).await.unwrap();
        assert_eq!(refused(0).await, Some(Resource::Tokens));
        assert_eq!(may(db.account, DAY_MS).await, Ok(()), "the next day");
        ceilings::take(&store, db.account, Resource::Minutes, 2, DAY_MS).await.unwrap().unwrap();
        assert_eq!(refused(DAY_MS).await, Some(Resource::Minutes));
        let stranger = accounts::register(&store, "stranger@example.org", "$hash", false, 1).await.unwrap().unwrap();
        assert_eq!(may(stranger.id, 0).await, Err(TalkingRefused::Rule(SpendingRefused::Unverified)));
    }

    async fn what_is_left_is_the_least_of_all_ceilings(db: TestDatabase) {
        let store = db.store.clone().with_spending_rules(calls(5, Ceiling::AtMost(8)));
        let left = async || ceilings::left(&store, db.account, Resource::Calls, 1).await.unwrap();
        assert_eq!(left().await, Some(5));
        call(&store, db.account, 1).await.unwrap();
        assert_eq!(left().await, Some(4));
        ceilings::record(&store, db.account, Resource::Calls, 9, 1).await.unwrap();
        assert_eq!(left().await, Some(0));
        let unlimited = AccountLimits { calls: Some(Ceiling::Unlimited), ..AccountLimits::default() };
        ceilings::set_limits(&store, db.account, &unlimited).await.unwrap();
        assert_eq!(left().await, None);
    }

    async fn days_long_gone_are_taken_away(db: TestDatabase) {
        let store = db.store.clone().with_spending_rules(calls(9, Ceiling::Unlimited));
        call(&store, db.account, 0).await.unwrap();
        call(&store, db.account, DAY_MS).await.unwrap();
        assert_eq!(ceilings::purge(&db.store, DAY_MS).await.unwrap(), 1);
        assert_eq!(ceilings::used_today(&db.store, db.account, Resource::Calls, DAY_MS).await.unwrap(), 1);
    }
}
