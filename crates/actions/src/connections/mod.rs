//! Connections: what end users let CASP do for them at other services, and the vault that their tokens lie in.
//!
//! A connection begins at a provider's consent page ([`Consent`]) or with tokens that the account's backend has already
//! ([`Connections::register`]). Its tokens are sealed before they are stored, renewed ahead of their end by one instance
//! at a time, and given out by [`TokenSource`](crate::TokenSource).
//!
//! A refresh token that rotates is lost when the answer that brings the next one is. So the attempt is written down
//! before the provider hears of it, the answer is written down before it is used, by a task of its own that ends with
//! nobody's request, and an attempt that died is made again with the old token, which most providers still take for a
//! while. Where they do not, the user has to connect again.

mod answer;
mod consent;
mod keeping;
mod problem;
mod profile;
mod refresh;
mod revoke;
mod rotate;
mod scopes;
mod source;
mod sweep;
mod token_endpoint;
mod vault;
mod vendors;

pub use consent::{Consent, Verifier};
pub use keeping::{Granted, Registration};
pub use problem::ConnectError;
pub use profile::Profile;
pub use revoke::RevokeError;
pub use rotate::{Rotation, rotate};
pub use scopes::{UnknownScope, wanted_scopes};
pub use vendors::{OAuthClient, OAuthClients, OAuthRoots};

use crate::{ActionServices, Endpoints, sealing::Keyring};
use casp_providers::LanguageModel;
use casp_store::Store;
use refresh::UnderWay;
use std::{
    ops::Deref,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio_util::task::TaskTracker;

/// The longest that a provider's login may take to answer. Shorter than a lease: two never ask at once.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("CASP/", env!("CARGO_PKG_VERSION"));

/// What connections are built from.
#[derive(Debug, Clone)]
pub struct ConnectionsConfig {
    /// Where they are kept.
    pub store: Store,
    /// What their tokens are sealed with.
    pub keyring: Keyring,
    /// Who we are at each vendor's login.
    pub clients: OAuthClients,
    /// Where the logins are.
    pub roots: OAuthRoots,
    /// Where the APIs are.
    pub endpoints: Endpoints,
}

/// The connections of all accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

/// The parts. Public only because `Deref` shows it; nothing in it is.
#[derive(Debug)]
pub struct Inner {
    store: Store,
    keyring: Keyring,
    clients: OAuthClients,
    roots: OAuthRoots,
    endpoints: Endpoints,
    http: reqwest::Client,
    /// Renewals that users of this process wait for.
    under_way: UnderWay,
    /// Renewals run to their end, whoever asked for them.
    tasks: TaskTracker,
}

impl Deref for Connections {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Connections {
    /// Builds them; nothing runs yet.
    pub fn new(config: ConnectionsConfig) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self(Arc::new(Inner {
            store: config.store,
            keyring: config.keyring,
            clients: config.clients,
            roots: config.roots,
            endpoints: config.endpoints,
            http,
            under_way: UnderWay::default(),
            tasks: TaskTracker::new(),
        })))
    }

    /// What is done with these connections.
    pub fn actions(
        &self,
        language_model: Arc<dyn LanguageModel>,
    ) -> Result<ActionServices, reqwest::Error> {
        Ok(ActionServices {
            tokens: Arc::new(self.clone()),
            http: reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(USER_AGENT)
                .build()?,
            endpoints: self.endpoints.clone(),
            store: self.store.clone(),
            language_model,
            now: jiff::Timestamp::now,
        })
    }

    /// What tokens are sealed with.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Waits until what providers have answered is written down. To be awaited before the process ends.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
