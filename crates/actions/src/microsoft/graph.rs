//! Microsoft Graph, on behalf of one user.

use crate::{ActionContext, ActionError, ApiClient, ApiRequest, Person, Provider, Speaker};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

/// Pages that are read.
const MOST_PAGES: usize = 5;

/// Graph v1.0, on behalf of one user.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    client: ApiClient,
    root: Url,
}

/// A page of a collection.
#[derive(Debug, Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

/// `{"emailAddress": {"name": …, "address": …}}`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Recipient {
    email_address: EmailAddress,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EmailAddress {
    name: Option<String>,
    address: Option<String>,
}

impl Recipient {
    pub(super) fn person(self) -> Option<Person> {
        Some(Person {
            email: self
                .email_address
                .address
                .filter(|address| !address.is_empty())?,
            name: self.email_address.name.unwrap_or_default(),
        })
    }
}

impl Graph {
    pub(super) fn new(
        context: &ActionContext,
        speaker: &Speaker,
        provider: Provider,
    ) -> Result<Self, ActionError> {
        Ok(Self {
            client: context.client(speaker, provider)?,
            root: context.services.endpoints.microsoft_graph.clone(),
        })
    }

    pub(super) fn provider(&self) -> Provider {
        self.client.provider()
    }

    /// `{root}/v1.0/…`; ids are encoded.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1.0").extend(segments);
        }
        url
    }

    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        request: ApiRequest,
    ) -> Result<T, ActionError> {
        self.client.json(request).await
    }

    /// For answers that say nothing.
    pub(super) async fn bytes(&self, request: ApiRequest) -> Result<Bytes, ActionError> {
        self.client.bytes(request).await
    }

    /// A content, wherever it is kept.
    pub(super) async fn download(&self, request: ApiRequest) -> Result<Bytes, ActionError> {
        self.client.download(request).await
    }

    /// The entries of a collection, page by page. `page` makes the request of a page's address.
    pub(super) async fn all<T: DeserializeOwned>(
        &self,
        first: Url,
        page: impl Fn(Url) -> ApiRequest + Send + Sync,
    ) -> Result<Vec<T>, ActionError> {
        let (mut all, mut next) = (Vec::new(), Some(first));
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { break };
            // The token goes nowhere else.
            if url.origin() != self.root.origin() {
                return Err(ActionError::BadAnswer(self.provider()));
            }
            let answer: Page<T> = self.json(page(url)).await?;
            all.extend(answer.value);
            let link = answer.next.as_deref().map(Url::parse).transpose();
            next = link.map_err(|_| ActionError::BadAnswer(self.provider()))?;
        }
        Ok(all)
    }
}
