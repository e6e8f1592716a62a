//! Tokens are renewed once, by one of those who need them, and never in vain.

use super::{
    login::{Fault, Login},
    vault::{Vault, connections, eventually, exposed, keyring, now_ms, on_both},
};
use casp_actions::{Provider, TokenError, TokenSource as _, connections::OAuthClients};
use casp_store::webhooks::{self, SealedSecret};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

const HOUR: Duration = Duration::from_hours(1);

on_both! {
    async fn a_hundred_users_of_one_token_cause_one_renewal(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let here = vault.process(&login).await;
        vault.connect_expired(&here, &login, "ann").await;
        let mut users = JoinSet::new();
        for _ in 0..100 {
            let (here, owner) = (here.clone(), vault.owner("ann"));
            users.spawn(async move { exposed(&here.token(&owner, Provider::Gmail).await.unwrap()) });
        }
        let mut tokens = users.join_all().await;
        tokens.dedup();
        assert_eq!(tokens, ["access-1"], "all have the new one");
        assert_eq!(login.presented(), ["refresh-of-ann"]);
    }

    async fn two_instances_renew_once(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let (here, there) = (vault.process(&login).await, vault.process(&login).await);
        for round in 0..5 {
            let name = format!("u{round}");
            vault.connect_expired(&here, &login, &name).await;
            let mut users = JoinSet::new();
            for one in [&here, &there].into_iter().cycle().take(20) {
                let (one, owner) = (one.clone(), vault.owner(&name));
                users.spawn(async move { exposed(&one.token(&owner, Provider::Gmail).await.unwrap()) });
            }
            let mut tokens = users.join_all().await;
            tokens.dedup();
            assert_eq!(tokens.len(), 1, "all have the same");
            assert_eq!(login.presented().len(), round + 1);
        }
    }

    async fn what_one_instance_wrote_the_other_goes_on_with(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let (here, there) = (vault.process(&login).await, vault.process(&login).await);
        vault.connect_expired(&here, &login, "ann").await;
        for (round, one) in [&here, &there].into_iter().cycle().take(6).enumerate() {
            vault.token(one, "ann").await.unwrap();
            vault.expire("ann").await;
            assert_eq!(login.presented().len(), round + 1);
        }
        let mut presented = login.presented();
        presented.sort();
        presented.dedup();
        assert_eq!(presented.len(), 6, "each refresh token was used once: {presented:?}");
    }

    async fn what_is_due_is_renewed_ahead_of_its_end_and_none_twice(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let (here, there) = (vault.process(&login).await, vault.process(&login).await);
        for n in 0..80 {
            let name = format!("u{n}");
            let refresh = login.issued_before(&format!("refresh-of-{name}"));
            vault.register(&here, &name, &refresh, HOUR).await;
            if n < 60 {
                vault.set(&name, &format!("refresh_due_at_ms = {}", now_ms() + 300)).await;
            }
        }
        let stop = CancellationToken::new();
        let mut processes = JoinSet::new();
        for one in [here.clone(), there.clone()] {
            let stop = stop.clone();
            processes.spawn(async move { one.keep_fresh(&stop).await });
        }
        eventually("all that is due is renewed", async || login.presented().len() >= 60).await;
        stop.cancel();
        processes.join_all().await;
        let mut presented = login.presented();
        presented.sort();
        presented.dedup();
        assert_eq!((presented.len(), login.presented().len()), (60, 60), "none twice, and none that is not due");
        for n in [0, 59] {
            let name = format!("u{n}");
            let found = vault.look(&here, &name).await;
            assert_eq!((found.version, found.failures), (2, 0));
            assert!(found.refresh_due_at_ms.unwrap() > now_ms() + 50 * 60_000);
        }
    }

    async fn a_grant_that_has_ended_needs_its_user(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        let secret = SealedSecret { key_id: "k".into(), sealed: "s".into() };
        webhooks::set_endpoint(&vault.store, vault.account, "https://a.example.com/", &secret, 0).await.unwrap();
        vault.connect_expired(&here, &login, "ann").await;
        login.end_all_grants();
        for _ in 0..3 {
            assert!(matches!(vault.token(&here, "ann").await, Err(TokenError::NeedsReauth(Provider::Gmail))));
        }
        assert_eq!(here.refresh_due().await.unwrap(), 0);
        assert_eq!(login.presented().len(), 1, "nobody asks again");
        let found = vault.look(&here, "ann").await;
        assert!(found.needs_reauth && found.problem.unwrap().contains("has ended"));
        let told = webhooks::list(&vault.store, vault.account, None, 0, 10).await.unwrap();
        assert_eq!(told[0].event_type, "oauth.needs_reauth");
    }

    async fn a_login_that_is_down_is_left_alone_for_a_while(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        vault.connect_expired(&here, &login, "ann").await;
        login.faults([Fault::Status(503, Some("30")), Fault::Status(500, None)]);
        let before = now_ms();
        for _ in 0..5 {
            assert!(matches!(vault.token(&here, "ann").await, Err(TokenError::Unavailable(_))));
        }
        let found = vault.look(&here, "ann").await;
        assert_eq!((found.failures, found.needs_reauth), (1, false));
        assert!(found.refresh_due_at_ms.unwrap() > before + 25_000, "as long as it asked for");
        assert!(login.presented().is_empty());
        let before = now_ms();
        vault.set("ann", &format!("refresh_due_at_ms = {before}")).await;
        assert_eq!(here.refresh_due().await.unwrap(), 1, "the second attempt, which fails too");
        let after = now_ms();
        let found = vault.look(&here, "ann").await;
        assert_eq!(found.failures, 2);
        assert!((before + 3_000..after + 7_000).contains(&found.refresh_due_at_ms.unwrap()), "longer than the first wait");
        vault.set("ann", &format!("refresh_due_at_ms = {}", now_ms())).await;
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-1");
        assert_eq!(vault.look(&here, "ann").await.failures, 0);
    }

    async fn an_answer_that_breaks_off_may_have_spent_the_token(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let here = vault.process(&login).await;
        vault.connect_expired(&here, &login, "ann").await;
        login.faults([Fault::Cut]);
        assert!(matches!(vault.token(&here, "ann").await, Err(TokenError::Unavailable(_))));
        vault.set("ann", &format!("refresh_due_at_ms = {}", now_ms())).await;
        assert!(matches!(vault.token(&here, "ann").await, Err(TokenError::NeedsReauth(_))));
        let problem = vault.look(&here, "ann").await.problem.unwrap();
        assert!(problem.contains("cut off"), "{problem}");
    }

    async fn a_login_that_never_answers_holds_nobody_for_long(vault: Vault) {
        let login = Login::rotating(HOUR).await;
        let here = vault.process(&login).await;
        vault.connect_expired(&here, &login, "ann").await;
        login.faults([Fault::Held(Arc::new(Semaphore::new(0)))]);
        let begun = tokio::time::Instant::now();
        assert!(matches!(vault.token(&here, "ann").await, Err(TokenError::Unavailable(_))));
        assert!(begun.elapsed() < Duration::from_secs(20));
        vault.set("ann", &format!("refresh_due_at_ms = {}", now_ms())).await;
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-3", "the spent token still counts");
    }

    async fn what_began_ends_also_when_nobody_waits_for_it(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let here = vault.process(&login).await;
        vault.connect_expired(&here, &login, "ann").await;
        let gate = Arc::new(Semaphore::new(0));
        login.faults([Fault::Held(gate.clone())]);
        let (user, owner) = (here.clone(), vault.owner("ann"));
        let user = tokio::spawn(async move { user.token(&owner, Provider::Gmail).await });
        eventually("the login was asked", async || login.presented().len() == 1).await;
        user.abort();
        assert!(user.await.unwrap_err().is_cancelled());
        gate.add_permits(1);
        here.close().await;
        assert_eq!(vault.look(&here, "ann").await.version, 2, "what the login gave is kept");
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-1");
    }

    async fn a_token_that_lasts_is_given_out_while_it_is_renewed(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        let refresh = login.issued_before("refresh-of-ann");
        vault.register(&here, "ann", &refresh, HOUR).await;
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-of-ann");
        assert!(login.presented().is_empty(), "not due");
        let gate = Arc::new(Semaphore::new(0));
        login.faults([Fault::Held(gate.clone())]);
        vault.set("ann", &format!("refresh_due_at_ms = {}", now_ms())).await;
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-of-ann", "nobody waits");
        gate.add_permits(1);
        here.close().await;
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-1");
    }

    async fn a_refused_token_is_renewed_once_for_all(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let here = vault.process(&login).await;
        let refresh = login.issued_before("refresh-of-ann");
        vault.register(&here, "ann", &refresh, HOUR).await;
        let owner = vault.owner("ann");
        let refused = here.token(&owner, Provider::Gmail).await.unwrap();
        let mut users = JoinSet::new();
        for _ in 0..50 {
            let (here, owner, refused) = (here.clone(), owner.clone(), refused.clone());
            users.spawn(async move { exposed(&here.renewed(&owner, Provider::Gmail, &refused).await.unwrap()) });
        }
        let mut tokens = users.join_all().await;
        tokens.dedup();
        assert_eq!((tokens, login.presented().len()), (vec!["access-1".to_owned()], 1));
    }

    async fn tokens_of_another_client_last_as_long_as_they_last(vault: Vault) {
        let login = Login::lasting().await;
        let foreign = connections(&vault.url, &login.root, keyring(), OAuthClients::default()).await;
        let refresh = login.issued_before("refresh-of-ann");
        vault.register(&foreign, "ann", &refresh, HOUR).await;
        vault.set("ann", &format!("refresh_due_at_ms = {}", now_ms())).await;
        assert_eq!(foreign.refresh_due().await.unwrap(), 1);
        let found = vault.look(&foreign, "ann").await;
        assert_eq!((found.needs_reauth, found.refresh_due_at_ms), (false, found.expires_at_ms), "until then it is good");
        assert_eq!(vault.token(&foreign, "ann").await.unwrap(), "access-of-ann");
        vault.expire("ann").await;
        assert!(matches!(vault.token(&foreign, "ann").await, Err(TokenError::NeedsReauth(_))));
        assert!(login.presented().is_empty());
    }
}
