//! The OpenAPI document, and Swagger UI at `/docs`.

use crate::{
    error::{ErrorBody, plain},
    openai::OpenAiErrorBody,
};
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::sync::{Arc, LazyLock};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

/// What is said of the API as a whole; the routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(title = "CASP", description = DESCRIPTION),
    components(schemas(ErrorBody, OpenAiErrorBody)),
    tags(
        (name = "accounts", description = "Registering, signing in, API keys"),
        (name = "debug", description = "For administrators"),
        (name = "rooms", description = "Rooms for people: browser and mobile"),
        (name = "phone", description = "Calls"),
        (name = "identities", description = "Which address is which of your end users"),
        (name = "connections", description = "What your users let the agent do at other services"),
        (name = "actions", description = "What is done there"),
        (name = "google calendar", description = "The account's own Google Calendar"),
        (name = "scenarios", description = "Assistants: built-in ones, and your own"),
        (name = "chat", description = "The assistant and its voice in OpenAI's shape: chat completions, models, audio"),
        (name = "sessions", description = "What is live"),
        (name = "transcripts", description = "What was said, and what came of it"),
        (name = "recordings", description = "What was recorded"),
        (name = "twilio", description = "Twilio's webhooks"),
        (name = "webhooks", description = "LiveKit's webhooks"),
        (name = "outgoing webhooks", description = "Your backend is told of what happens"),
        (name = "rtc", description = "LiveKit's signalling, through this server"),
        (name = "operations", description = "For those who run it"),
    ),
    modifiers(&SecuritySchemes)
)]
pub(crate) struct ApiDoc;

const DESCRIPTION: &str = "One voice-and-text agent on every channel.\n\n\
Errors have one shape on every route: `{\"detail\", \"status_code\"}`, with 422 also `errors: [{\"loc\", \"msg\"}]`; \
`/v1/chat/*`, `/v1/models` and `/v1/audio/*` have OpenAI's, `{\"error\": {\"message\", \"type\", \"param\", \"code\"}}`. \
JSON bodies are read whatever the Content-Type. In `casp dev`, `/room/*`, `/phone/*` and `/sessions*` are open from \
this machine without a key.\n\n\
A guest opens `roomUrl` of `POST /room/create`; the page takes `join` from its query and sends it as `joinToken` to \
`POST /room/join`.\n\n\
**WebSockets.** `/twilio/stream/{callSid}`, `/media-stream/{scenario}`, \
`/media-stream-custom/{scenario_id}` and `/calendar-media-stream` speak Twilio's Media Streams: text frames \
of JSON, `connected`, `start`, `media`, `dtmf`, `mark`, `stop` in, `media`, `mark`, `clear` out. The first is opened by \
Twilio with the single-use token that `/twilio/voice` gave it as a `<Parameter>`; the others also take an API key as \
`?api_key=`, or a key of `POST /v1/realtime/sessions` for one socket. `/rtc` and `/rtc/v1` are LiveKit's signalling.";

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let header = |name: &str, text: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)))
        };
        let bearer = |text: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(text.to_owned());
            SecurityScheme::Http(scheme)
        };
        components.add_security_scheme(
            "api_key",
            bearer("A user's access token, or an API key, `sk_…`"),
        );
        components.add_security_scheme("metrics_token", bearer("METRICS_TOKEN"));
        components.add_security_scheme(
            "publishable_key",
            header("X-Publishable-Key", "A publishable key, `pk_…`"),
        );
        components.add_security_scheme(
            "twilio_signature",
            header("X-Twilio-Signature", "Twilio's signature"),
        );
        components.add_security_scheme(
            "livekit_signature",
            header("Authorization", "LiveKit's signed hash of the body"),
        );
    }
}

/// `GET /openapi.json`: the document as it was written once.
pub(crate) fn document(json: &str) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        json.to_owned(),
    )
        .into_response()
}

/// `GET /docs`
pub(crate) async fn to_docs() -> Redirect {
    Redirect::permanent("/docs/")
}

/// `GET /docs/`
pub(crate) async fn docs_index() -> Response {
    docs_file("")
}

/// `GET /docs/…`
pub(crate) async fn docs(Path(path): Path<String>) -> Response {
    docs_file(&path)
}

/// As all pages, but for the styles that Swagger UI writes into the page and its elements; it calls this API alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

fn docs_file(path: &str) -> Response {
    static CONFIG: LazyLock<Arc<utoipa_swagger_ui::Config<'static>>> =
        LazyLock::new(|| Arc::new(utoipa_swagger_ui::Config::from("/openapi.json")));
    match utoipa_swagger_ui::serve(path, CONFIG.clone()) {
        Ok(Some(file)) => (
            [
                (header::CONTENT_TYPE, file.content_type.as_str()),
                (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            ],
            file.bytes.into_owned(),
        )
            .into_response(),
        Ok(None) => plain(StatusCode::NOT_FOUND).into_response(),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}
