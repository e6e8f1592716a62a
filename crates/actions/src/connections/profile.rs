//! Who the user is at the provider, and which of the provider's sites it is about.

use super::{ConnectError, Connections, answer::Grant, token_endpoint::read_json};
use crate::{Provider, Vendor};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

/// Who a user is at a provider.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// As the provider shows it.
    pub email: Option<String>,
    /// One that the provider vouches for, so that nobody else can have it.
    pub verified_email: Option<String>,
    /// Slack's team, Jira's site: `site` is its id.
    pub extra: Value,
}

impl Connections {
    /// Asks the provider. What it does not tell stays out; without a site Jira can do nothing, so that is an error.
    pub(super) async fn profile(
        &self,
        provider: Provider,
        grant: &Grant,
    ) -> Result<Profile, ConnectError> {
        match provider.vendor() {
            Vendor::Google => Ok(self.google_profile(grant).await),
            Vendor::Microsoft => Ok(self.microsoft_profile(grant).await),
            Vendor::Slack => Ok(self.slack_profile(grant).await),
            Vendor::HubSpot => Ok(self.hubspot_profile(grant).await),
            Vendor::Atlassian => self.jira_profile(grant).await,
        }
    }

    /// An answer of the provider's API; null when there is none.
    async fn told(&self, url: String, grant: &Grant) -> Value {
        let asked = self.asked(url, &grant.access_token).await;
        asked.unwrap_or_default().1
    }

    /// Status and JSON; `None` when no whole answer came.
    async fn asked(&self, url: String, token: &SecretString) -> Option<(u16, Value)> {
        let request = self.http.get(url).bearer_auth(token.expose_secret());
        let response = request.send().await.ok()?;
        let status = response.status();
        let body = read_json(response).await?;
        let body = if status.is_success() {
            body
        } else {
            Value::Null
        };
        Some((status.as_u16(), body))
    }

    async fn google_profile(&self, grant: &Grant) -> Profile {
        let root = self.endpoints.google_api.as_str().trim_end_matches('/');
        let told = self.told(format!("{root}/oauth2/v3/userinfo"), grant).await;
        let email = email(&told["email"]);
        Profile {
            verified_email: email
                .clone()
                .filter(|_| told["email_verified"].as_bool() == Some(true)),
            email,
            extra: json!({}),
        }
    }

    async fn microsoft_profile(&self, grant: &Grant) -> Profile {
        let root = self.endpoints.microsoft_graph.as_str();
        let root = root.trim_end_matches('/');
        let url = format!("{root}/v1.0/me?$select=mail,userPrincipalName");
        let told = self.told(url, grant).await;
        // `mail` is whatever the organisation's administrator wrote there; the domain of the principal's name is one
        // that the organisation has shown to be its own. Guests have their home's name in it, which was not checked.
        let name = email(&told["userPrincipalName"]);
        let name = name.filter(|name| !name.to_uppercase().contains("#EXT#"));
        Profile {
            email: email(&told["mail"]).or_else(|| name.clone()),
            verified_email: name,
            extra: json!({}),
        }
    }

    async fn slack_profile(&self, grant: &Grant) -> Profile {
        let team = grant.slack_team.clone().unwrap_or_default();
        let extra = json!({
            "site": team["id"], "team_name": team["name"], "user_id": grant.slack_user,
        });
        let Some(user) = &grant.slack_user else {
            return Profile {
                extra,
                ..Profile::default()
            };
        };
        let root = self.endpoints.slack.as_str().trim_end_matches('/');
        let told = self
            .told(format!("{root}/api/users.info?user={user}"), grant)
            .await;
        let email = email(&told["user"]["profile"]["email"]);
        let is_confirmed = told["user"]["is_email_confirmed"].as_bool() == Some(true);
        Profile {
            verified_email: email.clone().filter(|_| is_confirmed),
            email,
            extra,
        }
    }

    async fn hubspot_profile(&self, grant: &Grant) -> Profile {
        let root = self.endpoints.hubspot.as_str().trim_end_matches('/');
        let token = grant.access_token.expose_secret();
        let url = format!("{root}/oauth/v1/access-tokens/{token}");
        let told = self.told(url, grant).await;
        let email = email(&told["user"]);
        Profile {
            verified_email: email.clone(),
            email,
            extra: json!({"site": told["hub_id"].as_i64().map(|id| id.to_string()), "hub_domain": told["hub_domain"]}),
        }
    }

    async fn jira_profile(&self, grant: &Grant) -> Result<Profile, ConnectError> {
        let extra = self.jira_site(&grant.access_token).await?;
        let root = self.endpoints.jira.as_str().trim_end_matches('/');
        let told = self.told(format!("{root}/me"), grant).await;
        let email = email(&told["email"]);
        Ok(Profile {
            verified_email: email.clone(),
            email,
            extra,
        })
    }

    /// The first site that the token may be used at, as `site`, and all of them.
    pub(super) async fn jira_site(&self, token: &SecretString) -> Result<Value, ConnectError> {
        let root = self.endpoints.jira.as_str().trim_end_matches('/');
        let sites = format!("{root}/oauth/token/accessible-resources");
        let (status, sites) = self.asked(sites, token).await.unwrap_or_default();
        if matches!(status, 401 | 403) {
            return Err(ConnectError::Refused(Provider::Jira));
        }
        let sites = sites
            .as_array()
            .ok_or(ConnectError::Unavailable(Provider::Jira))?;
        let is_jira = |site: &&Value| {
            let scopes = site["scopes"].as_array();
            scopes.is_none_or(|scopes| {
                let mut scopes = scopes.iter().filter_map(Value::as_str);
                scopes.any(|scope| scope.contains("jira"))
            })
        };
        let site = sites.iter().find(is_jira);
        let site = site.ok_or(ConnectError::NoSite(Provider::Jira))?;
        let shown: Vec<Value> = sites
            .iter()
            .map(|site| json!({"id": site["id"], "name": site["name"], "url": site["url"]}))
            .collect();
        Ok(json!({"site": site["id"], "url": site["url"], "sites": shown}))
    }
}

/// An e-mail in lower case; what is none is left out.
fn email(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim().to_lowercase();
    let is_email = text.len() <= 320
        && !text.contains(|c: char| c.is_control() || c.is_whitespace())
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    is_email.then_some(text)
}
