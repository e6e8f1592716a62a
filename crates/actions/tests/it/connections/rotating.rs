//! Secrets lie under keys: bound to their place, and brought under another key while they are used.

use super::{
    login::Login,
    vault::{Vault, connections, keyring, on_both, ours},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casp_actions::{
    TokenError,
    connections::{Rotation, rotate},
    sealing::Keyring,
};
use secrecy::SecretString;
use std::time::Duration;
use tokio::task::JoinSet;

const HOUR: Duration = Duration::from_hours(1);

/// A keyring whose first key is new; without the old one where `forgets`.
fn renewed_keyring(forgets: bool) -> Keyring {
    let keys = SecretString::from(format!("2026:{}", STANDARD.encode([7; 32])));
    let secret_key = if forgets {
        "another secret key"
    } else {
        "the secret key of these tests"
    };
    Keyring::parse(&keys, &secret_key.into()).unwrap()
}

on_both! {
    async fn another_rows_tokens_open_nowhere(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        vault.register(&here, "ann", "refresh-a", HOUR).await;
        vault.register(&here, "bob", "refresh-b", HOUR).await;
        let anns = vault.look(&here, "ann").await.tokens;
        assert!(!anns.access.contains("access") && !anns.refresh.as_deref().unwrap().contains("refresh"));
        vault.set("bob", &format!("sealed_access_token = '{}'", anns.access)).await;
        assert!(matches!(vault.token(&here, "bob").await, Err(TokenError::NeedsReauth(_))));
        assert_eq!(vault.token(&here, "ann").await.unwrap(), "access-of-ann");
        let refresh = anns.refresh.unwrap();
        vault.set("ann", &format!("sealed_access_token = '{refresh}'")).await;
        assert!(vault.token(&here, "ann").await.is_err(), "nor in another column");
    }

    async fn keys_are_changed_while_tokens_are_used_and_renewed(vault: Vault) {
        const ROWS: usize = 230;
        let login = Login::rotating(Duration::ZERO).await;
        let before = vault.process(&login).await;
        for n in 0..ROWS {
            let name = format!("u{n}");
            let refresh = login.issued_before(&format!("refresh-of-{name}"));
            vault.register(&before, &name, &refresh, HOUR).await;
        }
        let running = connections(&vault.url, &login.root, renewed_keyring(false), ours()).await;
        let mut users = JoinSet::new();
        for n in (0..ROWS).step_by(10) {
            let (running, owner) = (running.clone(), vault.owner(&format!("u{n}")));
            vault.expire(&format!("u{n}")).await;
            users.spawn(async move {
                use casp_actions::{Provider, TokenSource as _};
                for _ in 0..20 {
                    running.token(&owner, Provider::Gmail).await.unwrap();
                    tokio::task::yield_now().await;
                }
            });
        }
        // Cut off again and again, wherever it is.
        let keyring = renewed_keyring(false);
        let mut cuts = 0;
        while tokio::time::timeout(Duration::from_millis(5 + cuts), rotate(&vault.store, &keyring)).await.is_err() {
            cuts += 1;
        }
        assert!(cuts > 0, "it was never cut off");
        users.join_all().await;
        assert_eq!(rotate(&vault.store, &keyring).await.unwrap(), Rotation::default(), "nothing is left");
        let after = connections(&vault.url, &login.root, renewed_keyring(true), ours()).await;
        for n in 0..ROWS {
            let name = format!("u{n}");
            vault.token(&after, &name).await.unwrap();
            vault.expire(&name).await;
            vault.token(&after, &name).await.unwrap();
        }
        let mut presented = login.presented();
        let all = presented.len();
        presented.sort();
        presented.dedup();
        assert_eq!(presented.len(), all, "no refresh token was used twice");
        assert!(vault.token(&before, "u1").await.is_err(), "the old key opens nothing");
    }

    async fn what_cannot_be_opened_is_counted_and_stays(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        vault.register(&here, "ann", "refresh-a", HOUR).await;
        vault.register(&here, "bob", "refresh-b", HOUR).await;
        vault.set("bob", "key_id = 'lost'").await;
        let done = rotate(&vault.store, &renewed_keyring(false)).await.unwrap();
        assert_eq!(done, Rotation { resealed: 1, lost: 1 });
        vault.set("bob", &format!("key_id = '{}'", keyring().current())).await;
        assert_eq!(rotate(&vault.store, &renewed_keyring(false)).await.unwrap(), Rotation { resealed: 1, lost: 0 });
    }
}
