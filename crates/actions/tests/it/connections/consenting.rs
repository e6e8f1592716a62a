//! Users come back from consent pages, and what they granted is kept.

use super::{
    login::Login,
    vault::{Vault, exposed},
};
use casp_actions::{
    Provider, TokenSource as _, Vendor,
    connections::{
        ConnectError, Connections, Consent, Granted, Registration, Verifier, wanted_scopes,
    },
};
use std::time::Duration;
use url::Url;

const CALLBACK: &str = "https://casp.example.com/v1/oauth/callback/x";

fn page(of: &Connections, provider: Provider, verifier: &Verifier) -> Url {
    of.authorize_url(&Consent {
        provider,
        scopes: &wanted_scopes(provider, &[], &[]).unwrap(),
        callback_uri: CALLBACK,
        state: "a-state-that-nobody-guesses",
        verifier,
        login_hint: Some("ann@example.com"),
    })
    .unwrap()
}

async fn exchange(
    of: &Connections,
    provider: Provider,
    code: &str,
    verifier: &Verifier,
    callback_uri: &str,
) -> Result<Granted, ConnectError> {
    let code = code.to_owned().into();
    of.grant(
        provider,
        &code,
        verifier,
        callback_uri,
        vec!["asked".into()],
    )
    .await
}

#[tokio::test]
async fn every_provider_is_connected_by_its_own_login() {
    let vault = Vault::sqlite().await;
    let login = Login::rotating(Duration::ZERO).await;
    let here = vault.process(&login).await;
    for provider in Provider::ALL {
        let verifier = Verifier::random();
        let code = login.consent(&page(&here, provider, &verifier));
        let granted = exchange(&here, provider, &code, &verifier, CALLBACK)
            .await
            .unwrap();
        assert_eq!(
            granted.profile.verified_email.as_deref(),
            Some("ann@example.com"),
            "{provider}"
        );
        let owner = vault.owner("ann");
        let kept = here.keep(&owner, granted).await.unwrap();
        assert_eq!(kept.user_email.as_deref(), Some("ann@example.com"));
        let asked = wanted_scopes(provider, &[], &[]).unwrap();
        assert_eq!(kept.scopes, asked, "{provider} granted what was asked for");
        let token = here.token(&owner, provider).await.unwrap();
        let site = match provider.vendor() {
            Vendor::Atlassian => Some("cloud-1"),
            Vendor::Slack => Some("T1"),
            Vendor::HubSpot => Some("62515"),
            _ => None,
        };
        assert_eq!(token.site.as_deref(), site, "{provider}");
        // It can be renewed: the refresh token was kept, whatever the vendor's answer looks like.
        let renewed = here.renewed(&owner, provider, &token).await.unwrap();
        assert_ne!(exposed(&renewed), exposed(&token));
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_verifier_and_its_redirect_uri() {
    let vault = Vault::sqlite().await;
    let login = Login::lasting().await;
    let here = vault.process(&login).await;
    for provider in [
        Provider::Gmail,
        Provider::Outlook,
        Provider::Slack,
        Provider::HubSpot,
        Provider::Jira,
    ] {
        let verifier = Verifier::random();
        let code = login.consent(&page(&here, provider, &verifier));
        exchange(&here, provider, &code, &verifier, CALLBACK)
            .await
            .unwrap();
        let again = exchange(&here, provider, &code, &verifier, CALLBACK).await;
        assert!(
            matches!(again, Err(ConnectError::Refused(_))),
            "{provider}: once"
        );
        let code = login.consent(&page(&here, provider, &verifier));
        let stolen = exchange(&here, provider, &code, &Verifier::random(), CALLBACK).await;
        assert!(
            matches!(stolen, Err(ConnectError::Refused(_))),
            "{provider}: its verifier"
        );
        let code = login.consent(&page(&here, provider, &verifier));
        let elsewhere = format!("{CALLBACK}/");
        let moved = exchange(&here, provider, &code, &verifier, &elsewhere).await;
        assert!(
            matches!(moved, Err(ConnectError::Refused(_))),
            "{provider}: its URI"
        );
    }
}

#[tokio::test]
async fn jiras_site_is_found_when_tokens_are_registered() {
    let vault = Vault::sqlite().await;
    let login = Login::lasting().await;
    let here = vault.process(&login).await;
    let registration = |access_token: &str| Registration {
        owner: vault.owner("ann"),
        provider: Provider::Jira,
        access_token: access_token.to_owned().into(),
        refresh_token: None,
        expires_in: None,
        user_email: None,
        scopes: Vec::new(),
    };
    here.register(&registration("access-theirs")).await.unwrap();
    let token = here
        .token(&vault.owner("ann"), Provider::Jira)
        .await
        .unwrap();
    assert_eq!(
        token.site.as_deref(),
        Some("cloud-1"),
        "not the one without Jira"
    );
    let refused = here.register(&registration("of somebody else")).await;
    assert!(matches!(
        refused,
        Err(ConnectError::Refused(Provider::Jira))
    ));
}

#[tokio::test]
async fn who_consents_again_without_a_new_refresh_token_keeps_the_old_one() {
    let vault = Vault::sqlite().await;
    let login = Login::lasting().await;
    let here = vault.process(&login).await;
    let refresh = login.issued_before("refresh-of-ann");
    vault
        .register(&here, "ann", &refresh, Duration::from_hours(1))
        .await;
    login.gives_no_refresh_tokens();
    let verifier = Verifier::random();
    let code = login.consent(&page(&here, Provider::Gmail, &verifier));
    let granted = exchange(&here, Provider::Gmail, &code, &verifier, CALLBACK)
        .await
        .unwrap();
    here.keep(&vault.owner("ann"), granted).await.unwrap();
    vault.expire("ann").await;
    vault.token(&here, "ann").await.unwrap();
    assert_eq!(login.presented(), [refresh]);
}
