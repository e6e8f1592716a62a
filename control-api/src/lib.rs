//! The HTTP API: rooms, calls, sessions, webhooks, the web app, and the way to LiveKit's signalling. It holds no call.
//!
//! [`ControlApi::new`] takes a [`ControlApiConfig`], [`router`] gives the routes, [`run_background`] does what must
//! be done between requests. The server has to be started with
//! `into_make_service_with_connect_info::<std::net::SocketAddr>()`: who calls from this machine is known by it.

mod accounts;
mod actions;
mod assistants;
mod audio_upload;
mod auth;
mod background;
mod body;
mod call_end;
mod call_trace;
mod calls;
mod clock;
mod config;
mod debug;
mod error;
mod google_calendar;
mod guide;
mod idempotency;
mod identities;
mod join_link;
mod layers;
mod livekit_webhook;
mod names;
mod numbers;
mod oauth;
mod openai;
mod openapi;
mod operations;
mod path;
mod public_url;
mod query;
mod realtime_sessions;
mod recorder;
mod recordings;
mod rooms;
mod routes;
mod rtc;
mod scenarios;
mod scheduled_calls;
mod sessions;
mod spending;
mod state;
mod tenant_url;
mod transcripts;
mod twilio;
mod web_app;
mod webhooks;
mod whisper;

pub use accounts::{
    AccountSettings, CaptchaSettings, InvalidRegistration, Registration, SmtpSettings,
};
pub use background::run_background;
pub use config::{
    ControlApiConfig, Limits, OAuthSettings, RecordingSettings, TwilioSettings,
    VoiceIntelligenceSettings,
};
pub use error::ControlApiError;
pub use public_url::{InvalidPublicUrl, PublicUrl};
pub use recordings::{RecordingFiles, RecordingsError};
pub use routes::{openapi_document, router};
pub use state::ControlApi;
