//! Connections end, and the provider is told.

use super::{
    login::Login,
    vault::{Vault, on_both},
};
use casp_actions::{
    Provider,
    connections::{Connections, Registration, RevokeError},
};
use casp_store::connections::REVOCATION_JOB;
use std::time::Duration;

async fn connect(vault: &Vault, of: &Connections, provider: Provider, name: &str) {
    of.register(&Registration {
        owner: vault.owner("ann"),
        provider,
        access_token: format!("access-{name}").into(),
        refresh_token: Some(format!("refresh-{name}").into()),
        expires_in: Some(Duration::from_hours(1)),
        user_email: Some("ann@example.com".into()),
        scopes: Vec::new(),
    })
    .await
    .unwrap();
}

/// Ends a connection; the revocation that is to be done for it.
async fn disconnect(vault: &Vault, of: &Connections, provider: Provider) -> Option<String> {
    assert!(of.disconnect(&vault.owner("ann"), provider).await.unwrap());
    let jobs = casp_store::jobs::claim(&vault.store, REVOCATION_JOB, "w", 60_000, 10, i64::MAX / 2)
        .await
        .unwrap();
    let job = jobs.into_iter().next()?;
    Some(job.payload["revocation"].as_str().unwrap().to_owned())
}

on_both! {
    async fn the_provider_is_told_until_it_has_heard(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        for (provider, told) in [(Provider::Gmail, "refresh-1"), (Provider::Slack, "access-1"), (Provider::HubSpot, "refresh-1")] {
            connect(&vault, &here, provider, "1").await;
            let id = disconnect(&vault, &here, provider).await.unwrap();
            assert!(here.connection(&vault.owner("ann"), provider).await.unwrap().is_none(), "gone at once");
            login.fail_revocations(1);
            assert!(matches!(here.revoke(&id).await, Err(RevokeError::Failed(_))), "{provider}");
            here.revoke(&id).await.unwrap();
            here.revoke(&id).await.unwrap();
            assert_eq!(login.take_revoked(), [told], "{provider}: once");
        }
        for provider in [Provider::Outlook, Provider::Jira] {
            connect(&vault, &here, provider, "1").await;
            assert_eq!(disconnect(&vault, &here, provider).await, None, "{provider} has no way to be told");
        }
    }

    async fn google_is_told_when_nothing_of_it_is_in_use(vault: Vault) {
        let login = Login::lasting().await;
        let here = vault.process(&login).await;
        connect(&vault, &here, Provider::Gmail, "mail").await;
        connect(&vault, &here, Provider::GoogleCalendar, "calendar").await;
        assert_eq!(disconnect(&vault, &here, Provider::Gmail).await, None, "it would end the calendar");
        let id = disconnect(&vault, &here, Provider::GoogleCalendar).await.unwrap();
        connect(&vault, &here, Provider::GoogleDrive, "drive").await;
        here.revoke(&id).await.unwrap();
        assert!(login.take_revoked().is_empty(), "the user came back meanwhile");
        let id = disconnect(&vault, &here, Provider::GoogleDrive).await.unwrap();
        here.revoke(&id).await.unwrap();
        assert_eq!(login.take_revoked(), ["refresh-drive"]);
    }

    async fn slack_is_told_by_a_token_that_lives(vault: Vault) {
        let login = Login::rotating(Duration::ZERO).await;
        let here = vault.process(&login).await;
        let refresh = login.issued_before("refresh-old");
        connect(&vault, &here, Provider::Slack, "old").await;
        let id = disconnect(&vault, &here, Provider::Slack).await.unwrap();
        login.expire_access("access-old");
        here.revoke(&id).await.unwrap();
        assert_eq!(login.presented(), [refresh]);
        assert_eq!(login.take_revoked(), ["access-1"]);
    }
}
