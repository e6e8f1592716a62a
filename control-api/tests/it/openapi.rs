use crate::test_app::{TestApp, send};
use reqwest::{Method, StatusCode};
use std::collections::BTreeSet;

/// Everything that the interface has so far, by method and path.
const ROUTES: &[&str] = &[
    "DELETE /api/enhanced-transcripts/{transcript_sid}",
    "DELETE /custom-scenarios/{scenario_id}",
    "DELETE /realtime/custom-scenario/{id}",
    "DELETE /scheduled-calls/{id}",
    "DELETE /twilio-transcripts/{transcript_sid}",
    "DELETE /v1/api-keys/{id}",
    "DELETE /v1/calling-hours",
    "DELETE /v1/do-not-call/{number}",
    "DELETE /v1/identities/{id}",
    "DELETE /v1/numbers/{number}",
    "DELETE /v1/oauth/disconnect/{provider}",
    "DELETE /v1/webhooks",
    "GET /api/enhanced-transcripts/",
    "GET /api/enhanced-transcripts/{transcript_sid}",
    "GET /api/transcripts/{transcript_sid}",
    "GET /auth/captcha-key",
    "GET /auth/reset-password",
    "GET /auth/verify-email",
    "GET /custom-scenarios",
    "GET /custom-scenarios/{scenario_id}",
    "GET /debug/all-users",
    "GET /debug/protected-admin",
    "GET /debug/recent-conversations",
    "GET /debug/recording-callback-status",
    "GET /debug/transcript-records",
    "GET /debug/twilio-intelligence-config",
    "GET /google-calendar/auth",
    "GET /google-calendar/callback",
    "GET /google-calendar/credentials-status",
    "GET /google-calendar/events",
    "GET /healthz",
    "GET /incoming-call-webhook/{scenario}",
    "GET /incoming-call/{scenario}",
    "GET /incoming-custom-call/{scenario_id}",
    "GET /make-calendar-call-scenario/{phone}",
    "GET /make-call/{phone}/{scenario}",
    "GET /make-custom-call/{phone}/{id}",
    "GET /metrics",
    "GET /outgoing-call/{scenario}",
    "GET /readyz",
    "GET /realtime/custom-scenario/{id}",
    "GET /realtime/custom-scenarios",
    "GET /recordings",
    "GET /recordings/{id}",
    "GET /room/{name}",
    "GET /rtc",
    "GET /rtc/v1",
    "GET /rtc/v1/validate",
    "GET /rtc/validate",
    "GET /scenarios",
    "GET /scheduled-calls",
    "GET /sessions",
    "GET /sessions/{id}",
    "GET /stored-transcripts/",
    "GET /stored-transcripts/{transcript_sid}",
    "GET /stored-twilio-transcripts",
    "GET /stored-twilio-transcripts/{transcript_sid}",
    "GET /twilio-transcripts",
    "GET /twilio-transcripts/recording/{recording_sid}",
    "GET /twilio-transcripts/{transcript_sid}",
    "GET /users/me",
    "GET /v1/actions",
    "GET /v1/actions/log",
    "GET /v1/analytics",
    "GET /v1/api-keys",
    "GET /v1/call-settings",
    "GET /v1/calling-hours",
    "GET /v1/calls",
    "GET /v1/calls/{id}",
    "GET /v1/do-not-call",
    "GET /v1/erase/{id}",
    "GET /v1/identities",
    "GET /v1/models",
    "GET /v1/models/{id}",
    "GET /v1/numbers",
    "GET /v1/oauth/callback/{provider}",
    "GET /v1/oauth/connect/{provider}",
    "GET /v1/oauth/redirect-uris",
    "GET /v1/oauth/status",
    "GET /v1/webhooks",
    "GET /v1/webhooks/deliveries",
    "PATCH /api/enhanced-transcripts/{transcript_sid}",
    "POST /auth/forgot-password",
    "POST /auth/login",
    "POST /auth/logout",
    "POST /auth/refresh",
    "POST /auth/register",
    "POST /auth/reset-password",
    "POST /auth/verify-email",
    "POST /auth/verify-email/send",
    "POST /google-calendar/free-busy",
    "POST /google-calendar/revoke",
    "POST /handle-user-input",
    "POST /incoming-call-webhook/{scenario}",
    "POST /incoming-call/{scenario}",
    "POST /incoming-custom-call/{scenario_id}",
    "POST /make-calendar-call-scenario/{phone}",
    "POST /make-call/{phone}/{scenario}",
    "POST /make-custom-call/{phone}/{id}",
    "POST /outgoing-call/{scenario}",
    "POST /phone/call",
    "POST /phone/end/{call_sid}",
    "POST /realtime/custom-scenario",
    "POST /recording-callback",
    "POST /room/create",
    "POST /room/join",
    "POST /room/token",
    "POST /room/{name}/agent",
    "POST /room/{name}/recording",
    "POST /schedule-call",
    "POST /store-transcript/{transcript_sid}",
    "POST /token",
    "POST /twilio-callback",
    "POST /twilio-transcripts/create-with-media-url",
    "POST /twilio-transcripts/create-with-participants",
    "POST /twilio-transcripts/webhook-callback",
    "POST /twilio/answered-by",
    "POST /twilio/resume/{call_sid}",
    "POST /twilio/transferred/{call_sid}",
    "POST /twilio/routing",
    "POST /twilio/status",
    "POST /twilio/voice",
    "POST /v1/actions/{name}",
    "POST /v1/api-keys",
    "POST /v1/audio/speech",
    "POST /v1/audio/transcriptions",
    "POST /v1/calls/{id}/cancel",
    "POST /v1/chat/completions",
    "POST /v1/do-not-call",
    "POST /v1/erase",
    "POST /v1/identities",
    "POST /v1/identities/{id}/verify",
    "POST /v1/oauth/register",
    "POST /v1/oauth/sessions",
    "POST /v1/realtime/sessions",
    "POST /v1/webhooks/deliveries/{id}/retry",
    "POST /webhooks/livekit",
    "POST /whisper/transcribe",
    "PUT /custom-scenarios/{scenario_id}",
    "PUT /realtime/custom-scenario/{id}",
    "PUT /v1/call-settings",
    "PUT /v1/calling-hours",
    "PUT /v1/identities/{id}/pin",
    "PUT /v1/numbers",
    "PUT /v1/oauth/redirect-uris",
    "PUT /v1/webhooks",
];

fn described(document: &serde_json::Value) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    routes
}

#[tokio::test]
async fn the_document_describes_every_route_and_nothing_else() {
    let app = TestApp::production().await;
    let document = send(app.get("/openapi.json")).await.json();
    assert_eq!(
        described(&document),
        ROUTES.iter().map(|route| (*route).to_owned()).collect()
    );
}

#[tokio::test]
async fn what_is_described_is_there_and_takes_no_other_method() {
    let app = TestApp::production().await;
    let document = send(app.get("/openapi.json")).await.json();
    for route in described(&document) {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace(['{', '}'], "");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = send(app.http.request(method, app.url(&path))).await;
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{route}");
        if answer.status == StatusCode::NOT_FOUND {
            assert_ne!(
                answer.json()["detail"],
                "There is nothing here. See /docs for what there is.",
                "{route}"
            );
        }
        let wrong = send(app.http.request(Method::TRACE, app.url(&path))).await;
        assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED, "{route}");
    }
}

#[tokio::test]
async fn every_operation_has_words_examples_and_error_bodies() {
    let document = serde_json::to_value(casp_control_api::openapi_document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                operation["summary"].is_string(),
                "{method} {path} has no summary"
            );
            assert!(operation["tags"].is_array(), "{method} {path} has no tag");
            if let Some(body) = operation.get("requestBody") {
                assert!(body["content"].is_object(), "{method} {path}");
            }
            let responses = operation["responses"].as_object().unwrap();
            let errors = responses
                .iter()
                .filter(|(status, _)| status.starts_with(['4', '5']));
            for (status, response) in errors {
                let content = response["content"]
                    .as_object()
                    .unwrap_or_else(|| panic!("{method} {path} {status}"));
                assert!(!content.is_empty(), "{method} {path} {status}");
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for schema in [
        "ErrorBody",
        "JoinRequest",
        "JoinAnswer",
        "SessionList",
        "SessionDetail",
        "RoomView",
    ] {
        assert!(schemas.contains_key(schema), "{schema} is missing");
    }
    // A reference that leads nowhere breaks every generator.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            schemas.contains_key(name),
            "{name} is referred to, and not there"
        );
    }
}

#[tokio::test]
async fn what_twilio_and_time_may_fail_is_described() {
    let document = serde_json::to_value(casp_control_api::openapi_document()).unwrap();
    let create = "/twilio-transcripts/create-with-media-url";
    for (method, path, status) in [
        ("post", "/store-transcript/{transcript_sid}", "409"),
        ("post", "/store-transcript/{transcript_sid}", "502"),
        ("post", create, "502"),
        (
            "post",
            "/twilio-transcripts/create-with-participants",
            "502",
        ),
        ("get", "/twilio-transcripts", "502"),
        ("post", create, "504"),
        ("post", "/phone/call", "504"),
        ("post", "/twilio/voice", "504"),
    ] {
        let responses = &document["paths"][path][method]["responses"];
        assert!(responses[status].is_object(), "{method} {path} {status}");
    }
    let whisper = &document["paths"]["/whisper/transcribe"]["post"]["responses"];
    assert!(whisper["409"].is_null(), "only where it is true");
}

#[tokio::test]
async fn swagger_ui_is_served_from_here() {
    let app = TestApp::production().await;
    let page = send(app.get("/docs")).await;
    assert_eq!(
        page.status,
        StatusCode::OK,
        "through the redirection to /docs/"
    );
    assert!(page.text.contains("swagger-ui-bundle.js"));
    let script = send(app.get("/docs/swagger-initializer.js")).await;
    assert!(script.text.contains("/openapi.json"), "{}", script.text);
    assert_eq!(
        send(app.get("/docs/swagger-ui-bundle.js")).await.status,
        StatusCode::OK
    );
}
