//! What Twilio is told to do with a call.

use crate::{ControlApi, clock::now_ms, error::ApiError};
use axum::{
    http::header,
    response::{IntoResponse, Response as HttpResponse},
};
use casp_store::stream_tokens;
use casp_twilio::{
    CallSid,
    twiml::{CONTENT_TYPE, Connect, Reject, RejectReason, Response, Say, Stream, Verb},
};

/// Twilio opens the stream within seconds of the answer; a token is good for that, once.
pub(super) const STREAM_TOKEN_TTL_MS: i64 = 120_000;

/// TwiML as an HTTP answer.
pub(crate) struct TwiMl(Response);

impl IntoResponse for TwiMl {
    fn into_response(self) -> HttpResponse {
        ([(header::CONTENT_TYPE, CONTENT_TYPE)], self.0.to_xml()).into_response()
    }
}

impl TwiMl {
    /// Joins the call to the bridge, with a new token; when the stream ends, Twilio asks `/twilio/resume/…`.
    pub(super) async fn stream(
        api: &ControlApi,
        call: &CallSid,
        session_id: &str,
    ) -> Result<Self, ApiError> {
        let config = &api.config;
        let token =
            stream_tokens::issue(&config.store, session_id, now_ms(), STREAM_TOKEN_TTL_MS).await?;
        let url = format!("{}/twilio/stream/{call}", config.bridge_public_url.ws());
        let action = format!("{}/twilio/resume/{call}", config.public_url.http());
        let connect = Connect::new(Stream::new(url).parameter("token", token)).action(action);
        Ok(Self(Response::new().with(connect)))
    }

    /// The busy tone: every agent is taken. Nothing is billed.
    pub(super) fn busy() -> Self {
        Self(Response::new().with(Reject {
            reason: RejectReason::Busy,
        }))
    }

    /// Says why not, and ends the call.
    pub(super) fn apologize(text: &str) -> Self {
        Self(Response::new().with(Say::new(text)).with(Verb::Hangup))
    }

    /// Ends the call.
    pub(super) fn hang_up() -> Self {
        Self(Response::new().with(Verb::Hangup))
    }
}
