use crate::databases::on_both;
use casp_store::{
    StoreError, accounts,
    identities::{self, Channel},
    pins,
};

const NUMBER: &str = "+15551230001";
const MINUTE: i64 = 60_000;

on_both! {
    async fn a_link_counts_once_its_code_came_back(db: TestDatabase) {
        let store = &db.store;
        let whose = async || identities::resource_of(store, db.account, Channel::Phone, NUMBER).await.unwrap();
        let link = identities::add(store, db.account, Channel::Phone, NUMBER, "ann@example.org", 1).await.unwrap();
        assert!(link.id.starts_with("idn_") && link.verified_at_ms.is_none());
        assert_eq!(whose().await, None);
        assert!(identities::set_code(store, &link.id, "hash", 10 * MINUTE, 5).await.unwrap());
        let attempt = identities::take_attempt(store, db.account, &link.id, 2).await.unwrap().unwrap();
        assert_eq!((attempt.code_hash.as_str(), attempt.attempts_left), ("hash", 4));
        assert!(!identities::confirm(store, db.account, &link.id, "another", 3).await.unwrap());
        assert!(identities::confirm(store, db.account, &link.id, "hash", 3).await.unwrap());
        assert_eq!(whose().await.as_deref(), Some("ann@example.org"));
        assert_eq!(identities::resource_of(store, db.account, Channel::Sms, NUMBER).await.unwrap(), None);
        let found = identities::get(store, db.account, &link.id).await.unwrap().unwrap();
        assert_eq!(found.verified_at_ms, Some(3));
        assert!(!identities::set_code(store, &link.id, "hash", 10 * MINUTE, 5).await.unwrap());
        assert_eq!(identities::take_attempt(store, db.account, &link.id, 4).await.unwrap(), None);
        assert!(identities::delete(store, db.account, &link.id).await.unwrap());
        assert_eq!(whose().await, None);
    }

    async fn a_code_is_good_for_its_time_and_five_attempts(db: TestDatabase) {
        let store = &db.store;
        let link = identities::add(store, db.account, Channel::Sms, NUMBER, "ann", 0).await.unwrap();
        let attempt = async |now| identities::take_attempt(store, db.account, &link.id, now).await.unwrap();
        assert_eq!(attempt(1).await, None, "no code was sent");
        identities::set_code(store, &link.id, "hash", 10 * MINUTE, 5).await.unwrap();
        assert_eq!(attempt(10 * MINUTE).await, None, "its time is over");
        let second = db.second_process().await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..20 {
            let store = if n % 2 == 0 { db.store.clone() } else { second.clone() };
            let (account, id) = (db.account, link.id.clone());
            tasks.spawn(async move { identities::take_attempt(&store, account, &id, 1).await.unwrap() });
        }
        let granted = tasks.join_all().await.into_iter().flatten().count();
        assert_eq!(granted, 5);
        identities::set_code(store, &link.id, "hash", 10 * MINUTE, 5).await.unwrap();
        assert!(attempt(1).await.is_some(), "a new code, new attempts");
    }

    async fn another_resource_needs_another_code(db: TestDatabase) {
        let store = &db.store;
        let add = async |resource| identities::add(store, db.account, Channel::Phone, NUMBER, resource, 0).await;
        let link = add("ann").await.unwrap();
        identities::set_code(store, &link.id, "hash", MINUTE, 5).await.unwrap();
        assert_eq!(add("ann").await.unwrap(), link);
        assert!(identities::take_attempt(store, db.account, &link.id, 1).await.unwrap().is_some());
        let moved = add("bob").await.unwrap();
        assert_eq!((moved.id, moved.resource.as_str()), (link.id.clone(), "bob"));
        assert_eq!(identities::take_attempt(store, db.account, &link.id, 1).await.unwrap(), None);
        assert!(!identities::confirm(store, db.account, &link.id, "hash", 1).await.unwrap());
        assert!(identities::vouch(store, db.account, &link.id, 2).await.unwrap());
        let taken = add("ann").await;
        assert!(matches!(taken, Err(StoreError::AddressTaken)), "{taken:?}");
        assert_eq!(add("bob").await.unwrap().verified_at_ms, Some(2));
    }

    async fn each_account_knows_its_own_links_alone(db: TestDatabase) {
        let store = &db.store;
        let neighbour = accounts::ensure(store, "b@example.org", None, false).await.unwrap().id;
        let ours = identities::add(store, db.account, Channel::Email, "ann@x.org", "ann", 0).await.unwrap();
        let theirs = identities::add(store, neighbour, Channel::Email, "ann@x.org", "eve", 0).await.unwrap();
        identities::vouch(store, neighbour, &theirs.id, 1).await.unwrap();
        let whose = async |account| {
            identities::resource_of(store, account, Channel::Email, "ann@x.org").await.unwrap()
        };
        assert_eq!((whose(db.account).await, whose(neighbour).await.as_deref()), (None, Some("eve")));
        assert_eq!(identities::get(store, neighbour, &ours.id).await.unwrap(), None);
        assert!(!identities::vouch(store, neighbour, &ours.id, 1).await.unwrap());
        assert!(!identities::delete(store, neighbour, &ours.id).await.unwrap());
        assert_eq!(identities::take_attempt(store, neighbour, &ours.id, 1).await.unwrap(), None);
        assert_eq!(identities::list(store, db.account, None, 0, 10).await.unwrap(), [ours]);
    }

    async fn links_are_listed_by_page_and_by_resource(db: TestDatabase) {
        for n in 0..5 {
            let (address, resource) = (format!("n{n}@x.org"), if n == 3 { "ann" } else { "bob" });
            identities::add(&db.store, db.account, Channel::Email, &address, resource, n).await.unwrap();
        }
        let page = async |resource, skip, limit| -> Vec<String> {
            let page = identities::list(&db.store, db.account, resource, skip, limit).await.unwrap();
            page.into_iter().map(|link| link.address).collect()
        };
        assert_eq!(page(None, 0, 2).await, ["n4@x.org", "n3@x.org"]);
        assert_eq!(page(None, 4, 2).await, ["n0@x.org"]);
        assert_eq!(page(Some("ann"), 0, 10).await, ["n3@x.org"]);
    }

    async fn an_address_is_sent_a_few_codes_a_day(db: TestDatabase) {
        let send = async |address, now| {
            identities::count_sent_code(&db.store, address, now - 100, 3, now).await.unwrap()
        };
        for now in [0, 1, 2] {
            assert!(send(NUMBER, now).await);
        }
        assert!(!send(NUMBER, 3).await);
        assert!(send("+15551230002", 3).await);
        assert!(send(NUMBER, 101).await, "the first ones are long ago");
        assert_eq!(identities::purge_sent_codes(&db.store, 3).await.unwrap(), 3);
    }

    async fn strange_addresses_are_nobodys(db: TestDatabase) {
        for address in ["", "anonymous", "sip:a@b", "a\0b", "' OR 1=1 --"] {
            let whose = identities::resource_of(&db.store, db.account, Channel::Phone, address).await.unwrap();
            assert_eq!(whose, None, "{address:?}");
        }
        assert_eq!(identities::get(&db.store, db.account, "a\0b").await.unwrap(), None);
    }

    async fn a_pin_is_locked_after_five_wrong_ones(db: TestDatabase) {
        let attempt = async |now| pins::take_attempt(&db.store, db.account, "ann", now).await.unwrap();
        assert_eq!(attempt(0).await, None, "none was set");
        pins::set(&db.store, db.account, "ann", "$one", 0).await.unwrap();
        for now in 0..5 {
            assert_eq!(attempt(now).await.as_deref(), Some("$one"));
        }
        assert_eq!(attempt(5).await, None);
        assert!(attempt(4 + 15 * MINUTE).await.is_some(), "the lock ends");
        for _ in 0..9 {
            assert!(attempt(20 * MINUTE).await.is_some());
            pins::succeeded(&db.store, db.account, "ann").await.unwrap();
        }
        pins::set(&db.store, db.account, "ann", "$two", 0).await.unwrap();
        assert_eq!(attempt(30 * MINUTE).await.as_deref(), Some("$two"));
        assert_eq!(pins::take_attempt(&db.store, db.account, "bob", 0).await.unwrap(), None);
    }
}
