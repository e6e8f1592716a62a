//! What the API is built from. Plain values: nothing here reads the environment.

use crate::{AccountSettings, PublicUrl, RecordingFiles};
use casp_actions::{
    Endpoints,
    connections::{Connections, ConnectionsConfig, OAuthClients, OAuthRoots},
    sealing::Keyring,
};
use casp_providers::{LanguageModel, SpeechToText, TextToSpeech};
use casp_room::admin::LiveKit;
use casp_store::{AccountId, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::{fmt, net::IpAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Settings and neighbours of the API.
#[derive(Clone)]
pub struct ControlApiConfig {
    /// The database.
    pub store: Store,
    /// LiveKit's server.
    pub livekit: LiveKit,
    /// `casp dev`: some routes are open from this machine, and unsigned Twilio webhooks are taken without a token.
    pub is_dev: bool,
    /// Answers callers whose conversation goes by webhooks.
    pub language_model: Arc<dyn LanguageModel>,
    /// Where the world reaches this API.
    pub public_url: PublicUrl,
    /// Where participants reach LiveKit; `None`: through the `/rtc` proxy of this API.
    pub livekit_public_url: Option<PublicUrl>,
    /// Where Twilio reaches the bridge; the public URL where both are one process.
    pub bridge_public_url: PublicUrl,
    /// Twilio's account.
    pub twilio: TwilioSettings,
    /// Transcribes what is uploaded; `None`: nothing does.
    pub speech_to_text: Option<Arc<dyn SpeechToText>>,
    /// Speaks what is asked for; `None`: nothing does.
    pub text_to_speech: Option<Arc<dyn TextToSpeech>>,
    /// Recordings.
    pub recordings: RecordingSettings,
    /// Twilio's Voice Intelligence; `None`: not used.
    pub voice_intelligence: Option<VoiceIntelligenceSettings>,
    /// How long conversations and recordings are kept; `None`: for ever.
    pub retention: Option<Duration>,
    /// Signs tokens and join links.
    pub secret_key: SecretString,
    /// What tenants' secrets are sealed with.
    pub keyring: Keyring,
    /// Where users connect other services.
    pub oauth: OAuthSettings,
    /// Opens `/metrics` from elsewhere than this machine.
    pub metrics_token: Option<SecretString>,
    /// What `/metrics` shows; `None`: nothing.
    pub metrics: Option<PrometheusHandle>,
    /// Origins besides `frontend_url` whose pages may call the API (`*` for all).
    pub cors_origins: Vec<String>,
    /// The application's own pages, when they are not served from here.
    pub frontend_url: Option<PublicUrl>,
    /// Name of the workers; empty: they take every new room by themselves.
    pub agent_name: String,
    /// Owner of calls to numbers without an owner, and in dev of what comes from this machine.
    pub default_account: Option<AccountId>,
    /// Content-Security-Policy and its like are sent.
    pub has_security_headers: bool,
    /// URLs that tenants give may be http and lead to private addresses: for development and tests.
    pub allows_private_urls: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Registering, signing in, mail.
    pub accounts: AccountSettings,
    /// Sizes, times, rates.
    pub limits: Limits,
    /// Names of providers that fail at the moment; shown, but no reason to be taken out of service.
    pub degraded: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// Cancelled when no new work should come: `/readyz` says no.
    pub draining: CancellationToken,
    /// Cancelled when the process ends: proxied WebSockets are closed.
    pub shutdown: CancellationToken,
}

impl fmt::Debug for ControlApiConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlApiConfig")
            .field("is_dev", &self.is_dev)
            .field("public_url", &self.public_url)
            .field("agent_name", &self.agent_name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Twilio's account, as far as the API needs it.
#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// `AC…`
    pub account_sid: Option<String>,
    /// Checks webhooks, and is the password of the REST API.
    pub auth_token: Option<SecretString>,
    /// `https://api.twilio.com`, or a stand-in.
    pub api_base_url: String,
    /// `https://intelligence.twilio.com`, or a stand-in.
    pub intelligence_base_url: String,
    /// The number that calls come from when an account has none of its own.
    pub phone_number: Option<String>,
    /// Numbers that do instead when Twilio does not place calls from that one.
    pub fallback_numbers: Vec<String>,
    /// The number that WhatsApp messages come from, without `whatsapp:`.
    pub whatsapp_number: Option<String>,
}

/// Where users connect other services, and who we are there.
#[derive(Debug, Clone, Default)]
pub struct OAuthSettings {
    /// Who we are at each vendor's login.
    pub clients: OAuthClients,
    /// Where the logins are.
    pub roots: OAuthRoots,
    /// Where the APIs are.
    pub endpoints: Endpoints,
    /// Where Google sends users back who connect a calendar; default: `/google-calendar/callback` here.
    pub google_redirect_uri: Option<String>,
}

impl OAuthSettings {
    /// What users have connected there.
    pub fn connections(
        &self,
        store: Store,
        keyring: Keyring,
    ) -> Result<Connections, reqwest::Error> {
        Connections::new(ConnectionsConfig {
            store,
            keyring,
            clients: self.clients.clone(),
            roots: self.roots.clone(),
            endpoints: self.endpoints.clone(),
        })
    }
}

/// Where recordings are kept.
#[derive(Debug, Clone)]
pub struct RecordingSettings {
    /// Their sound.
    pub files: RecordingFiles,
    /// What is kept here is deleted at Twilio.
    pub is_deleted_at_twilio: bool,
}

/// Twilio's Voice Intelligence.
#[derive(Debug, Clone)]
pub struct VoiceIntelligenceSettings {
    /// `GA…`
    pub service_sid: String,
    /// Every recorded call is transcribed; else those that somebody asks for.
    pub is_automatic: bool,
}

/// Sizes, times and rates.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body of a request, bytes.
    pub body_bytes: usize,
    /// Longest time until an answer begins.
    pub request_timeout: Duration,
    /// The same where a file is transcribed.
    pub transcription_timeout: Duration,
    /// The same for a chat completion; also the longest until its end.
    pub chat_timeout: Duration,
    /// Requests of one account to the routes of OpenAI's shape that are answered at once.
    pub chats_at_once: usize,
    /// Such requests a minute and account; 0 is no limit.
    pub chats_per_minute: u32,
    /// Largest file to transcribe, bytes.
    pub upload_bytes: u64,
    /// WebSockets proxied to LiveKit at once; more get 503.
    pub proxied_sockets: usize,
    /// Largest message of a proxied WebSocket, bytes.
    pub proxied_message_bytes: usize,
    /// A proxied WebSocket on which the participant sends nothing for this long is closed. LiveKit's clients ping
    /// every few seconds.
    pub proxied_idle: Duration,
    /// Attempts at each route of `/auth` and at `/token` a minute, for each client address and for each e-mail; 0 is no
    /// limit.
    pub auth_per_minute: u32,
    /// Calls begun or scheduled a minute with one user's access token; 0 is no limit. API keys have the account's own
    /// limits.
    pub calls_per_minute: u32,
    /// Scenarios made a minute and account; 0 is no limit.
    pub scenarios_per_minute: u32,
    /// Between two calls that are placed for one account.
    pub call_interval: Duration,
    /// Calls of one account, placed by it, that are under way at once.
    pub calls_at_once: u32,
    /// A call that waits for its turn for longer is not placed any more.
    pub call_queue_time: Duration,
    /// A call that is not answered rings for this long.
    pub ring_timeout: Duration,
    /// Guests' joins a minute and client address; 0 is no limit.
    pub guest_joins_per_minute: u32,
    /// Life of a join link.
    pub join_link_ttl: Duration,
    /// A session whose room is gone from LiveKit for this long is ended.
    pub lost_room_grace: Duration,
    /// Between two searches for what is older than may be kept.
    pub retention_round: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            transcription_timeout: Duration::from_mins(10),
            chat_timeout: Duration::from_mins(5),
            chats_at_once: 500,
            chats_per_minute: 1_200,
            upload_bytes: 25 * 1024 * 1024,
            proxied_sockets: 5_000,
            proxied_message_bytes: 1024 * 1024,
            proxied_idle: Duration::from_mins(1),
            auth_per_minute: 5,
            calls_per_minute: 2,
            scenarios_per_minute: 10,
            call_interval: Duration::from_secs(1),
            calls_at_once: 10,
            call_queue_time: Duration::from_hours(1),
            ring_timeout: Duration::from_secs(30),
            guest_joins_per_minute: 30,
            join_link_ttl: Duration::from_hours(24),
            lost_room_grace: Duration::from_secs(30),
            retention_round: Duration::from_mins(10),
        }
    }
}
