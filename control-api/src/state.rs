//! What every handler sees.

use crate::{
    ControlApiConfig, ControlApiError, auth::GuestLimit, background::JobBell, join_link::JoinLinks,
    operations::ReadinessCache, sealed::SealingKey, tenant_url::TenantUrls, twilio::CallsApi,
    webhooks::TenantTurns,
};
use casp_twilio::signature::RequestValidator;
use secrecy::ExposeSecret as _;
use std::{ops::Deref, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// A worker whose last heartbeat is older is taken for dead.
pub(crate) const STALE_AFTER_MS: i64 = 2_000;

/// The API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ControlApi(Arc<Inner>);

/// The parts. Public only because `Deref` shows it; nothing in it is.
#[derive(Debug)]
pub struct Inner {
    pub(crate) config: ControlApiConfig,
    pub(crate) join_links: JoinLinks,
    pub(crate) guest_limit: GuestLimit,
    pub(crate) readiness: ReadinessCache,
    pub(crate) validator: Option<RequestValidator>,
    pub(crate) calls: Option<CallsApi>,
    /// Requests to LiveKit's HTTP side and to Twilio.
    pub(crate) http: reqwest::Client,
    /// One permit a proxied WebSocket.
    pub(crate) proxied_sockets: Arc<Semaphore>,
    /// Rung when there is work for the background.
    pub(crate) job_bell: JobBell,
    /// Requests with an `Idempotency-Key`, which run to their end; awaited when the process stops.
    pub(crate) idempotent_runs: TaskTracker,
    /// Checks and calls the URLs that tenants give.
    pub(crate) tenant_urls: TenantUrls,
    /// Seals tenants' secrets.
    pub(crate) sealing_key: SealingKey,
    /// Deliveries under way.
    pub(crate) tenant_turns: TenantTurns,
}

impl Deref for ControlApi {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl ControlApi {
    /// Builds the API; nothing runs yet.
    pub fn new(config: ControlApiConfig) -> Result<Self, ControlApiError> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let limits = &config.limits;
        Ok(Self(Arc::new(Inner {
            join_links: JoinLinks::new(&config.secret_key, limits.join_link_ttl),
            guest_limit: GuestLimit::new(limits.guest_joins_per_minute),
            readiness: ReadinessCache::default(),
            validator: config
                .twilio
                .auth_token
                .as_ref()
                .map(|token| RequestValidator::new(token.expose_secret())),
            calls: CallsApi::new(&config.twilio, &http),
            proxied_sockets: Arc::new(Semaphore::new(limits.proxied_sockets)),
            job_bell: JobBell::default(),
            idempotent_runs: TaskTracker::new(),
            tenant_urls: TenantUrls::new(config.allows_private_urls)?,
            sealing_key: SealingKey::derive(&config.secret_key),
            tenant_turns: TenantTurns::default(),
            http,
            config,
        })))
    }
}
