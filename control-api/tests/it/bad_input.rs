//! What clients get wrong, or try: every route of the OpenAPI document, every kind of bad input. Whatever comes, the
//! answer comes soon, is no failure of ours, and has the shape of all errors.

use crate::test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, now_ms, send, unique};
use casp_store::{
    recordings::{self, NewRecording},
    sessions::SessionKind,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Texts that mean something to a database, a shell, a template, a page, a file system, a header or a C string.
const INJECTIONS: [&str; 9] = [
    "' OR '1'='1'; DROP TABLE accounts; --",
    "\" UNION SELECT secret_hash FROM api_keys --",
    "$(sleep 9); `id`; | cat /etc/passwd",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "a\r\nX-Injected: yes\r\n\r\n",
    "NUL\u{0}NUL",
    "\u{202e}\u{feff}𝕏\u{fffd}\u{1f4a9}",
];

/// What a route says whose outside service is not set up here, and only that.
const NOT_SET_UP: [&str; 6] = [
    "TWILIO_",
    "SMTP_URL",
    "This provider cannot be connected here",
    "No speech-to-text is configured.",
    "No text-to-speech is configured.",
    "the server has no Twilio number for it",
];

/// Where errors have OpenAI's shape.
const OPENAI: [&str; 3] = ["/v1/chat/", "/v1/models", "/v1/audio/"];

/// An operation of the document.
#[derive(Debug)]
struct Operation {
    method: Method,
    path: String,
    /// A body that is as described, where the route takes JSON.
    body: Option<Value>,
    /// Our key opens it.
    takes_key: bool,
}

impl Operation {
    /// Every one of the document.
    fn all() -> Vec<Self> {
        let document = serde_json::to_value(casp_control_api::openapi_document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let mut all = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                let content = &operation["requestBody"]["content"]["application/json"];
                let security = operation["security"].as_array();
                all.push(Self {
                    method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                    path: path.clone(),
                    body: content.is_object().then(|| example(&document, content)),
                    takes_key: security
                        .is_some_and(|ways| ways.iter().any(|way| way.get("api_key").is_some())),
                });
            }
        }
        all
    }

    fn with_json() -> Vec<Self> {
        let all = Self::all();
        let found: Vec<Self> = all.into_iter().filter(|op| op.body.is_some()).collect();
        assert!(found.len() > 25, "the document has lost its JSON routes");
        found
    }

    /// The path with this in the place of every parameter.
    fn path_with(&self, value: &str) -> String {
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let encoded = encoded.replace('+', "%20");
        let parts = self.path.split('/').map(|part| {
            if part.starts_with('{') {
                encoded.as_str()
            } else {
                part
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    async fn send(&self, app: &TestApp, path: &str, body: Vec<u8>) -> Answer {
        let request = app.http.request(self.method.clone(), app.url(path));
        let request = request.header("content-type", "application/json");
        let request = if self.takes_key {
            request.bearer_auth(KEY)
        } else {
            request
        };
        send(request.body(body)).await
    }

    /// Sends a body, and looks at what comes back.
    async fn give(&self, app: &TestApp, what: &str, body: Vec<u8>) -> Answer {
        let answer = self.send(app, &self.path_with("x1"), body).await;
        self.check(what, &answer);
        answer
    }

    fn check(&self, what: &str, answer: &Answer) {
        let about = format!("{} {} given {what}: {answer:?}", self.method, self.path);
        if answer.status.is_server_error() {
            let may_say_so = answer.status == StatusCode::SERVICE_UNAVAILABLE
                && NOT_SET_UP.iter().any(|said| answer.text.contains(said));
            assert!(may_say_so, "{about}");
        }
        if !answer.status.is_client_error() && !answer.status.is_server_error() {
            return;
        }
        let is_rtc = self.path.starts_with("/rtc");
        let is_openai = OPENAI.iter().any(|path| self.path.starts_with(path));
        if is_rtc {
            // LiveKit's clients expect LiveKit's words.
            return;
        }
        let error = answer.json();
        if is_openai {
            assert!(error["error"]["message"].is_string(), "{about}");
            return;
        }
        assert!(error["detail"].is_string(), "{about}");
        assert_eq!(error["status_code"], answer.status.as_u16(), "{about}");
        let is_invalid = answer.status == StatusCode::UNPROCESSABLE_ENTITY;
        assert_eq!(error["errors"].is_array(), is_invalid, "{about}");
        for entry in error["errors"].as_array().into_iter().flatten() {
            assert!(
                entry["loc"].is_array() && entry["msg"].is_string(),
                "{about}"
            );
        }
        for inner in [
            "sqlx",
            "panicked",
            ".rs:",
            "/home/",
            "sqlite",
            "syntax error",
        ] {
            assert!(
                !error["detail"].as_str().unwrap().contains(inner),
                "{about}"
            );
        }
        assert!(!answer.headers.contains_key("x-injected"), "{about}");
    }
}

/// A body as described: the document's example, else one of the fields' examples.
fn example(document: &Value, content: &Value) -> Value {
    match content.get("example") {
        Some(example) => example.clone(),
        None => of_schema(document, &content["schema"], 0),
    }
}

fn of_schema(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return of_schema(document, document.pointer(pointer).unwrap(), depth + 1);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[choice].get(0) {
            return of_schema(document, first, depth + 1);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(properties) = schema["properties"].as_object().filter(|_| depth < 8) {
        let fields = properties.iter().filter(|(name, field)| {
            let is_required = schema["required"]
                .as_array()
                .is_some_and(|required| required.iter().any(|entry| entry == *name));
            is_required || field.get("example").is_some()
        });
        return fields
            .map(|(name, field)| (name.clone(), of_schema(document, field, depth + 1)))
            .collect();
    }
    let kind = &schema["type"];
    match kind
        .as_str()
        .or_else(|| kind[0].as_str())
        .unwrap_or("object")
    {
        "string" => json!("text"),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => json!([]),
        _ => json!({}),
    }
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let app = TestApp::production().await;
    for operation in Operation::with_json() {
        for (what, body) in [
            ("nothing", &b""[..]),
            ("half of it", b"{\"a\": "),
            ("a form", b"a=b&c=d"),
            ("invalid UTF-8", b"{\"a\": \"\xff\xfe\xc3\x28\"}"),
            ("a NUL", b"\0"),
            ("two values", b"{} {}"),
        ] {
            let answer = operation.give(&app, what, body.to_vec()).await;
            let is_refused = answer.status.is_client_error();
            // A body that may be left out may be empty.
            assert!(
                is_refused || what == "nothing",
                "{} given {what}: {answer:?}",
                operation.path
            );
        }
    }
}

#[tokio::test]
async fn ten_mebibytes_are_too_many() {
    let app = TestApp::production().await;
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(10 * 1024 * 1024)).into_bytes();
    for operation in Operation::with_json() {
        let answer = operation.give(&app, "10 MiB", large.clone()).await;
        assert!(
            answer.status.is_client_error(),
            "{} {:?}",
            operation.path,
            answer.status
        );
    }
}

#[tokio::test]
async fn ten_thousand_levels_are_refused() {
    let app = TestApp::production().await;
    let levels = 10_000;
    let lists = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let objects = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let within = format!("{{\"a\": {lists}}}");
    for operation in Operation::with_json() {
        for body in [&lists, &objects, &within] {
            let answer = operation
                .give(&app, "10,000 levels", body.clone().into_bytes())
                .await;
            assert!(answer.status.is_client_error(), "{}", operation.path);
        }
    }
}

#[tokio::test]
async fn values_of_another_type_are_invalid() {
    let app = TestApp::production().await;
    for operation in Operation::with_json() {
        for body in [
            json!([]),
            json!("text"),
            json!(7),
            json!(true),
            json!([{}]),
            json!(-1.5e300),
        ] {
            operation
                .give(&app, "another type", body.to_string().into_bytes())
                .await;
        }
        let good = operation.body.clone().unwrap();
        for field in good.as_object().into_iter().flatten().map(|(name, _)| name) {
            for wrong in [
                json!(null),
                json!([[]]),
                json!({"a": {}}),
                json!(-9_007_199_254_740_993_i64),
                json!(1e308),
                json!(""),
                json!("x".repeat(100_000)),
            ] {
                let mut body = good.clone();
                body[field] = wrong;
                let what = format!("{field} of another type");
                operation
                    .give(&app, &what, body.to_string().into_bytes())
                    .await;
            }
        }
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_do_no_harm() {
    let app = TestApp::production().await;
    for operation in Operation::with_json() {
        let mut body = operation.body.clone().unwrap();
        let Some(fields) = body.as_object_mut() else {
            continue;
        };
        for name in ["__proto__", "is_admin", "account_id", "'; --", ""] {
            fields.insert(name.into(), json!({"is_admin": true}));
        }
        operation
            .give(&app, "unknown fields", body.to_string().into_bytes())
            .await;
    }
    let me = app.get_ours("/users/me").await.json();
    assert_eq!(me["is_admin"], false);
}

#[tokio::test]
async fn injected_text_is_only_text() {
    let app = TestApp::production().await;
    for operation in Operation::with_json() {
        let good = operation.body.clone().unwrap();
        for field in good.as_object().into_iter().flatten().map(|(name, _)| name) {
            for text in INJECTIONS {
                let mut body = good.clone();
                body[field] = json!(text);
                let what = format!("{field} = {text:?}");
                operation
                    .give(&app, &what, body.to_string().into_bytes())
                    .await;
            }
        }
    }
    assert_eq!(app.get_ours("/users/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn paths_and_queries_are_only_text_too() {
    let app = TestApp::production().await;
    let long = "9".repeat(4_000);
    let texts = INJECTIONS.iter().copied().chain([long.as_str(), "-1", "%"]);
    for text in texts {
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for operation in Operation::all() {
            let mut path = operation.path_with(text);
            path.push_str("?q=&skip=&limit=&account_id=");
            let path = path.replace("=&", &format!("={encoded}&"));
            let answer = operation.send(&app, &path, Vec::new()).await;
            operation.check(&format!("{text:?} in its path and query"), &answer);
        }
    }
}

/// What the account next door has, by the route that shows it.
async fn things_next_door(app: &TestApp) -> Vec<(&'static str, String)> {
    let theirs = async |method: Method, path: &str, body: Value| {
        let request = app.http.request(method, app.url(path));
        let answer = send(request.bearer_auth(NEIGHBOURS_KEY).json(&body)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer.json()
    };
    let text = |body: &Value, field: &str| body[field].as_str().unwrap().to_owned();
    let scenario = theirs(
        Method::POST,
        "/realtime/custom-scenario",
        json!({"persona": "Ann", "prompt": "Be kind.", "voice_type": "concerned_female", "temperature": 0.5}),
    )
    .await;
    let scenario = text(&scenario, "scenario_id");
    let key = theirs(Method::POST, "/v1/api-keys", json!({})).await;
    let key = key["id"]
        .as_i64()
        .map_or_else(|| text(&key, "id"), |id| id.to_string());
    let number = "+14155559876";
    theirs(Method::POST, "/v1/do-not-call", json!({"number": number})).await;
    let erasure = theirs(Method::POST, "/v1/erase", json!({"number": number})).await;
    let call = unique("CA");
    let session = app.session(SessionKind::Phone, app.neighbour, &call).await;
    let recording = NewRecording {
        account: app.neighbour,
        sid: "RE0123456789abcdef0123456789abcdef".into(),
        session_id: Some(session.id.clone()),
        call_sid: Some(call.clone()),
        source: "twilio",
        duration_ms: None,
        channels: None,
        consent: json!({}),
        started_at_ms: now_ms(),
    };
    recordings::announce(&app.store, &recording).await.unwrap();
    let mut things = vec![
        ("/custom-scenarios/{scenario_id}", scenario.clone()),
        ("/realtime/custom-scenario/{id}", scenario),
        ("/v1/api-keys/{id}", key),
        ("/v1/do-not-call/{number}", number.to_owned()),
        ("/sessions/{id}", session.id),
        ("/room/{name}", session.room_name.clone()),
        ("/room/{name}/agent", session.room_name),
        ("/phone/end/{call_sid}", call),
        ("/recordings/{id}", recording.sid),
    ];
    if let Some(id) = erasure.get("id").and_then(Value::as_str) {
        things.push(("/v1/erase/{id}", id.to_owned()));
    }
    things
}

#[tokio::test]
async fn what_is_next_doors_is_not_there() {
    let app = TestApp::production().await;
    let things = things_next_door(&app).await;
    let operations = Operation::all();
    for (path, id) in things {
        let mut of_path = operations.iter().filter(|op| op.path == path).peekable();
        assert!(of_path.peek().is_some(), "{path} is gone");
        for operation in of_path {
            let body = operation.body.clone().unwrap_or_default();
            let path = operation.path_with(&id);
            let answer = operation
                .send(&app, &path, body.to_string().into_bytes())
                .await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{} {path}: {answer:?}",
                operation.method
            );
            operation.check("another account's id", &answer);
        }
    }
}
