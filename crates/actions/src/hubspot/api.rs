//! HubSpot's CRM API v3.

use crate::{ActionContext, ActionError, ApiClient, ApiRequest, Provider, Speaker};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use url::Url;

/// HubSpot, on behalf of one user.
#[derive(Debug)]
pub(super) struct HubSpotApi {
    client: ApiClient,
    root: Url,
}

/// A record of any kind, with the properties that were asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    #[serde(default)]
    pub(super) properties: Map<String, Value>,
}

impl Record {
    /// A property; empty where there is none.
    pub(super) fn text(&self, property: &str) -> &str {
        let value = self.properties.get(property).and_then(Value::as_str);
        value.unwrap_or_default().trim()
    }
}

/// What a search found.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    pub(super) total: u64,
    pub(super) results: Vec<Record>,
}

/// What a search asks for. Groups of conditions are alternatives, those of a group hold together.
#[derive(Debug, Default)]
pub(super) struct Search<'a> {
    pub(super) words: Option<&'a str>,
    pub(super) groups: Vec<Vec<Value>>,
    pub(super) properties: &'a [&'a str],
    /// What is newest by this property comes first.
    pub(super) newest_by: Option<&'a str>,
    pub(super) limit: u32,
}

/// `property operator value`
pub(super) fn filter(property: &str, operator: &str, value: &str) -> Value {
    json!({ "propertyName": property, "operator": operator, "value": value })
}

impl HubSpotApi {
    pub(super) fn new(context: &ActionContext, speaker: &Speaker) -> Result<Self, ActionError> {
        Ok(Self {
            client: context.client(speaker, Provider::HubSpot)?,
            root: context.services.endpoints.hubspot.clone(),
        })
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ActionError> {
        let request = ApiRequest::get(self.url(segments));
        let request = query
            .iter()
            .fold(request, |request, (name, value)| request.query(name, value));
        self.client.json(request).await
    }

    /// Records of a kind: `contacts`, `companies`, `deals`.
    pub(super) async fn search(
        &self,
        kind: &str,
        search: &Search<'_>,
    ) -> Result<Found, ActionError> {
        let mut body = json!({ "properties": search.properties, "limit": search.limit });
        if let Some(words) = search.words {
            body["query"] = words.into();
        }
        if !search.groups.is_empty() {
            let group = |filters: &Vec<Value>| json!({ "filters": filters });
            body["filterGroups"] = search.groups.iter().map(group).collect();
        }
        if let Some(property) = search.newest_by {
            body["sorts"] = json!([{ "propertyName": property, "direction": "DESCENDING" }]);
        }
        let url = self.url(&["crm", "v3", "objects", kind, "search"]);
        // It only looks.
        let request = ApiRequest::post(url, &body).repeatable();
        self.client.json(request).await
    }

    /// Makes a record. HubSpot knows no key by which it could tell a repetition.
    pub(super) async fn create(&self, kind: &str, body: &Value) -> Result<Record, ActionError> {
        let url = self.url(&["crm", "v3", "objects", kind]);
        self.client.json(ApiRequest::post(url, body)).await
    }

    /// The e-mail address of the user who connected HubSpot.
    pub(super) async fn own_email(&self) -> Result<String, ActionError> {
        let token = self.client.token().await?;
        let path = ["oauth", "v1", "access-tokens", token.secret.expose_secret()];
        let told: Value = self.get(&path, &[]).await?;
        let email = told["user"].as_str().map(str::to_owned);
        email.ok_or(ActionError::BadAnswer(Provider::HubSpot))
    }
}
