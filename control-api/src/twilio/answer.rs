//! What Twilio is told to do with a call.

use crate::{ControlApi, clock::now_ms, error::ApiError};
use axum::{
    http::header,
    response::{IntoResponse, Response as HttpResponse},
};
use casp_conversation::Assistant;
use casp_store::{recording_consents, sessions::Session, stream_tokens};
use casp_twilio::{
    CallSid,
    twiml::{
        CONTENT_TYPE, Connect, RecordingEvent, Reject, RejectReason, Response, Say, StartRecording,
        Stream, Verb,
    },
};

/// Twilio opens the stream within seconds of the answer, or after a menu; a token is good for that, once.
pub(super) const STREAM_TOKEN_TTL_MS: i64 = 120_000;
/// Twilio's `<Say>` takes 4,096 characters.
const LONGEST_SAY: usize = 3_000;

/// TwiML as an HTTP answer.
pub(crate) struct TwiMl(Response);

impl IntoResponse for TwiMl {
    fn into_response(self) -> HttpResponse {
        ([(header::CONTENT_TYPE, CONTENT_TYPE)], self.0.to_xml()).into_response()
    }
}

/// Which of the bridge's WebSockets a call is joined to. All are one bridge; the token says which session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StreamPath {
    /// `/twilio/stream/{callSid}`
    Call,
    /// `/media-stream/{scenario}`
    Scenario(String),
    /// `/media-stream-custom/{scenario_id}`
    Custom(String),
}

impl StreamPath {
    fn of(&self, call: &CallSid) -> String {
        let encoded = |text: &str| {
            url::form_urlencoded::byte_serialize(text.as_bytes())
                .collect::<String>()
                .replace('+', "%20")
        };
        match self {
            Self::Call => format!("/twilio/stream/{call}"),
            Self::Scenario(name) => format!("/media-stream/{}", encoded(name)),
            Self::Custom(id) => format!("/media-stream-custom/{}", encoded(id)),
        }
    }
}

impl TwiMl {
    /// These verbs.
    pub(super) fn of(response: Response) -> Self {
        Self(response)
    }

    /// Joins the call to the bridge, with a new token; when the stream ends, Twilio asks `/twilio/resume/…`.
    /// An assistant that records says so first, and only then the recording begins.
    pub(super) async fn stream(
        api: &ControlApi,
        call: &CallSid,
        session: &Session,
        assistant: &Assistant,
        path: &StreamPath,
    ) -> Result<Self, ApiError> {
        let connect = connect(api, call, &session.id, path).await?;
        let Some(announcement) = assistant.recording_announcement() else {
            return Ok(Self(Response::new().with(connect)));
        };
        recording_consents::note(&api.config.store, &session.id, announcement, now_ms()).await?;
        let callback = format!("{}/recording-callback", api.config.public_url.http());
        Ok(Self(
            Response::new()
                .with(say(announcement, &assistant.language))
                .with(StartRecording {
                    status_callback: Some(callback),
                    events: vec![RecordingEvent::Completed, RecordingEvent::Absent],
                    is_dual: true,
                })
                .with(connect),
        ))
    }

    /// The stream again, after a break: what was announced was announced, and the recording goes on by itself.
    pub(super) async fn stream_again(
        api: &ControlApi,
        call: &CallSid,
        session_id: &str,
    ) -> Result<Self, ApiError> {
        let connect = connect(api, call, session_id, &StreamPath::Call).await?;
        Ok(Self(Response::new().with(connect)))
    }

    /// The same after another verb.
    pub(super) fn after(self, verb: impl Into<Verb>) -> Self {
        Self(Response::new().with(verb).then(self.0))
    }

    /// The busy tone: every agent is taken, or the account may spend no more today. Nothing is billed.
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

/// Whether a number can be shown to somebody who is called: callers may be `anonymous`, or come from the internet.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// A text in Twilio's voice of that language.
pub(super) fn say(text: &str, language: &str) -> Say {
    let text: String = text.chars().take(LONGEST_SAY).collect();
    Say::new(text).language(language)
}

async fn connect(
    api: &ControlApi,
    call: &CallSid,
    session_id: &str,
    path: &StreamPath,
) -> Result<Connect, ApiError> {
    let config = &api.config;
    let token =
        stream_tokens::issue(&config.store, session_id, now_ms(), STREAM_TOKEN_TTL_MS).await?;
    let url = format!("{}{}", config.bridge_public_url.ws(), path.of(call));
    let action = format!("{}/twilio/resume/{call}", config.public_url.http());
    Ok(Connect::new(Stream::new(url).parameter("token", token)).action(action))
}

#[cfg(test)]
mod tests {
    use super::StreamPath;

    #[test]
    fn names_in_paths_are_escaped() {
        let call = "CA1".parse().unwrap();
        for (path, expected) in [
            (StreamPath::Call, "/twilio/stream/CA1"),
            (StreamPath::Scenario("sales".into()), "/media-stream/sales"),
            (
                StreamPath::Scenario("a b/ü?".into()),
                "/media-stream/a%20b%2F%C3%BC%3F",
            ),
            (
                StreamPath::Custom("custom_1_2".into()),
                "/media-stream-custom/custom_1_2",
            ),
        ] {
            assert_eq!(path.of(&call), expected);
        }
    }
}
