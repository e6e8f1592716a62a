//! What every handler sees.

use crate::{
    ControlApiConfig, ControlApiError, TwilioSettings,
    accounts::{Captcha, Mailer},
    auth::{AccessTokens, Passwords, RateLimits},
    background::JobBell,
    join_link::JoinLinks,
    layers::PagePolicy,
    openai::Places,
    recorder,
    tenant_url::TenantUrls,
    webhooks::TenantTurns,
};
use casp_actions::{ActionServices, connections::Connections, sealing::Keyring};
use casp_operations::Needs;
use casp_twilio::{
    rest::{RestSettings, TwilioClient, TwilioError},
    signature::RequestValidator,
};
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
    pub(crate) rate_limits: RateLimits,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) passwords: Passwords,
    pub(crate) captcha: Option<Captcha>,
    pub(crate) mailer: Option<Mailer>,
    /// What `/readyz` looks at.
    pub(crate) needs: Needs,
    pub(crate) validator: Option<RequestValidator>,
    /// Twilio's REST API; `None` without credentials.
    pub(crate) twilio: Option<TwilioClient>,
    /// Requests to LiveKit's HTTP side.
    pub(crate) http: reqwest::Client,
    /// Work that a request began and that runs to its end without it; awaited when the process stops.
    pub(crate) tasks: TaskTracker,
    /// One permit a proxied WebSocket.
    pub(crate) proxied_sockets: Arc<Semaphore>,
    /// One place a request of OpenAI's shape.
    pub(crate) chat_places: Places,
    /// One permit a room that is recorded here.
    pub(crate) recorders: Arc<Semaphore>,
    /// What browsers let our pages do.
    pub(crate) page_policy: PagePolicy,
    /// Rung when there is work for the background.
    pub(crate) job_bell: JobBell,
    /// Checks and calls the URLs that tenants give.
    pub(crate) tenant_urls: TenantUrls,
    /// Seals tenants' secrets.
    pub(crate) keyring: Keyring,
    /// What end users let us do at other services.
    pub(crate) connections: Connections,
    /// What is done there.
    pub(crate) actions: Arc<ActionServices>,
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
        let accounts = &config.accounts;
        let mailer = accounts.smtp.as_ref();
        let mailer = mailer.map(|smtp| Mailer::new(smtp, &config.public_url));
        let (store, keyring) = (config.store.clone(), config.keyring.clone());
        let connections = config.oauth.connections(store, keyring)?;
        let actions = connections.actions(config.language_model.clone())?;
        Ok(Self(Arc::new(Inner {
            join_links: JoinLinks::new(&config.secret_key, limits.join_link_ttl),
            rate_limits: RateLimits::new(limits),
            access_tokens: AccessTokens::new(
                &config.secret_key,
                accounts.access_token_ttl,
                accounts.refresh_token_ttl,
            ),
            passwords: Passwords::default(),
            captcha: accounts
                .captcha
                .as_ref()
                .map(|captcha| Captcha::new(captcha, &http)),
            mailer: mailer.transpose()?,
            needs: Needs::new(config.store.clone(), config.livekit.clone(), http.clone()),
            validator: config
                .twilio
                .auth_token
                .as_ref()
                .map(|token| RequestValidator::new(token.expose_secret())),
            twilio: twilio_client(&config.twilio)?,
            tasks: TaskTracker::new(),
            proxied_sockets: Arc::new(Semaphore::new(limits.proxied_sockets)),
            chat_places: Places::new(limits.chats_at_once),
            recorders: recorder::places(),
            page_policy: PagePolicy::new(config.livekit_public_url.as_ref()),
            job_bell: JobBell::default(),
            tenant_urls: TenantUrls::new(config.allows_private_urls)?,
            keyring: config.keyring.clone(),
            connections,
            actions: Arc::new(actions),
            tenant_turns: TenantTurns::default(),
            http,
            config,
        })))
    }

    /// What is done at other services, for an agent in the same process.
    pub fn actions(&self) -> Arc<ActionServices> {
        self.actions.clone()
    }
}

/// `None` without credentials: no call can be placed then, and calls end by their stream alone.
fn twilio_client(settings: &TwilioSettings) -> Result<Option<TwilioClient>, TwilioError> {
    let (Some(account_sid), Some(auth_token)) = (&settings.account_sid, &settings.auth_token)
    else {
        return Ok(None);
    };
    TwilioClient::new(RestSettings {
        account_sid: account_sid.clone(),
        auth_token: auth_token.clone(),
        api_base_url: settings.api_base_url.clone(),
        intelligence_base_url: settings.intelligence_base_url.clone(),
    })
    .map(Some)
}
