//! Chat completions, with a model behind them that says what the test tells it to.

use crate::test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, send};
use casp_providers::{OpenAiSettings, ProviderSettings, Providers};
use casp_store::ceilings::{self, AccountLimits, Ceiling, Resource};
use reqwest::StatusCode;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

/// The model's server; it gives these answers, one after the other.
struct Model(MockServer);

impl Model {
    async fn of(answers: impl IntoIterator<Item = String>) -> Self {
        let server = MockServer::start().await;
        for (n, events) in (1..).zip(answers) {
            Mock::given(path("/v1/chat/completions"))
                .respond_with(ResponseTemplate::new(200).set_body_raw(events, "text/event-stream"))
                .up_to_n_times(1)
                .with_priority(n)
                .mount(&server)
                .await;
        }
        Self(server)
    }

    async fn app(&self) -> TestApp {
        let settings = ProviderSettings {
            openai: OpenAiSettings {
                base_url: Some(format!("{}/v1", self.0.uri())),
                ..OpenAiSettings::default()
            },
            ..ProviderSettings::default()
        };
        let llm = Providers::new(&settings).unwrap().llm();
        TestApp::with(|config| config.language_model = llm).await
    }

    /// What it was asked, in order.
    async fn asked(&self) -> Vec<Value> {
        let requests = self.0.received_requests().await.unwrap();
        let bodies = requests.iter().filter(|request| request.method == "POST");
        bodies.map(|request| request.body_json().unwrap()).collect()
    }
}

fn events(deltas: &[Value], finish: &str) -> String {
    let chunks = deltas
        .iter()
        .map(|delta| json!({"choices": [{"index": 0, "delta": delta}]}));
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]});
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}});
    let events = chunks.chain([end, usage]);
    let events = events.map(|event| format!("data: {event}\n\n"));
    events.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

fn says(words: &str) -> String {
    let words = words.split_inclusive(' ');
    let deltas: Vec<Value> = words.map(|word| json!({"content": word})).collect();
    events(&deltas, "stop")
}

fn calls(calls: &[(&str, Value)]) -> String {
    let calls = calls.iter().enumerate().map(|(n, (name, arguments))| {
        json!({"index": n, "id": format!("m{n}"), "type": "function",
            "function": {"name": name, "arguments": arguments.to_string()}})
    });
    events(
        &[json!({"tool_calls": calls.collect::<Vec<_>>()})],
        "tool_calls",
    )
}

fn request(words: &str) -> Value {
    json!({"model": "casp-realtime", "messages": [{"role": "user", "content": words}]})
}

fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

async fn chat(app: &TestApp, body: &Value) -> Answer {
    app.post_ours("/v1/chat/completions", body).await
}

/// The chunks of a stream; the last is `[DONE]`.
fn chunks(answer: &Answer) -> Vec<Value> {
    let events: Vec<&str> = answer
        .text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .collect();
    let (done, chunks) = events.split_last().expect("there are events");
    assert_eq!(*done, "[DONE]", "{answer:?}");
    let chunks = chunks.iter().map(|chunk| serde_json::from_str(chunk));
    chunks.map(Result::unwrap).collect()
}

fn weather() -> Value {
    json!([{"type": "function", "function": {"name": "get_weather", "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}])
}

#[tokio::test]
async fn an_answer_has_openais_shape() {
    let model = Model::of([says("It is sunny.")]).await;
    let app = model.app().await;
    let body = json!({
        "model": "casp-realtime", "temperature": 0.25, "max_completion_tokens": 50, "stop": "END", "top_p": 0.5,
        "messages": [
            {"role": "developer", "content": "Speak like a pirate."},
            {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ahoy."},
            {"role": "user", "content": [{"type": "text", "text": "And the weather?"}]},
        ],
        "user": "ann@example.com", "metadata": {"assistant": "support", "other": "x"},
    });
    let answer = chat(&app, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    insta::assert_snapshot!(answer.redacted(&["/id", "/created"]), @r#"
    {
      "casp": {
        "actions": []
      },
      "choices": [
        {
          "finish_reason": "stop",
          "index": 0,
          "logprobs": null,
          "message": {
            "annotations": [],
            "content": "It is sunny.",
            "refusal": null,
            "role": "assistant"
          }
        }
      ],
      "created": "[…]",
      "id": "[…]",
      "model": "casp-realtime",
      "object": "chat.completion",
      "service_tier": "default",
      "system_fingerprint": null,
      "usage": {
        "completion_tokens": 3,
        "completion_tokens_details": {
          "accepted_prediction_tokens": 0,
          "audio_tokens": 0,
          "reasoning_tokens": 0,
          "rejected_prediction_tokens": 0
        },
        "prompt_tokens": 11,
        "prompt_tokens_details": {
          "audio_tokens": 0,
          "cached_tokens": 0
        },
        "total_tokens": 14
      }
    }
    "#);
    let asked = &model.asked().await[0];
    assert_eq!(asked["temperature"], 0.25);
    assert_eq!(asked["max_tokens"], 50);
    assert_eq!(asked["stop"], json!(["END"]));
    let messages = asked["messages"].as_array().unwrap();
    let system = messages[0]["content"].as_str().unwrap();
    assert!(system.starts_with("You are a calm and patient support agent."));
    assert!(!system.contains("You are heard"), "it is read");
    assert_eq!(
        messages[1],
        json!({"role": "system", "content": "Speak like a pirate."})
    );
    assert_eq!(messages[4]["content"], "And the weather?");
}

#[tokio::test]
async fn a_stream_brings_the_words_as_they_come_and_the_usage_last() {
    let model = Model::of([says("It is sunny."), says("Bye.")]).await;
    let app = model.app().await;
    let body = with(request("Weather?"), "stream", json!(true));
    let plain = chat(&app, &body).await;
    assert_eq!(plain.headers["content-type"], "text/event-stream");
    let chunks_of_plain = chunks(&plain);
    assert_eq!(
        chunks_of_plain[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    let words: Vec<&str> = chunks_of_plain
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(words, ["", "It ", "is ", "sunny."]);
    let last = chunks_of_plain.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["casp"], json!({"actions": []}));
    assert!(last.get("usage").is_none());
    let body = with(body, "stream_options", json!({"include_usage": true}));
    let counted = chunks(&chat(&app, &body).await);
    let (last, others) = counted.split_last().unwrap();
    assert!(
        others
            .iter()
            .all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some())
    );
    assert_eq!(
        (&last["choices"], &last["usage"]["total_tokens"]),
        (&json!([]), &json!(14))
    );
    assert!(last["casp"]["actions"].is_array());
}

#[tokio::test]
async fn an_action_runs_here_and_is_reported() {
    let agenda = calls(&[("google-calendar__agenda", json!({"when": "today"}))]);
    let model = Model::of([agenda, says("Connect a calendar first.")]).await;
    let app = model.app().await;
    let answer = chat(&app, &request("What is on today?")).await.json();
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "Connect a calendar first."
    );
    let action = &answer["casp"]["actions"][0];
    assert_eq!(
        (&action["name"], &action["status"]),
        (&json!("google-calendar.agenda"), &json!("failed"))
    );
    assert!(
        action["error"].as_str().unwrap().contains("connect"),
        "{action}"
    );
    assert_eq!(answer["usage"]["total_tokens"], 28, "of both rounds");
}

#[tokio::test]
async fn the_clients_tools_are_left_to_it_beside_actions_of_ours() {
    let both = [
        ("google-calendar__agenda", json!({"when": "today"})),
        ("get_weather", json!({"city": "Paris"})),
    ];
    let model = Model::of([calls(&both), says("Sunny, and nothing planned.")]).await;
    let app = model.app().await;
    let first = with(request("My day?"), "tools", weather());
    let answer = chat(&app, &first).await.json();
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(
        call["function"],
        json!({"name": "get_weather", "arguments": r#"{"city":"Paris"}"#})
    );
    assert_eq!(answer["casp"]["actions"].as_array().unwrap().len(), 1);
    let tool = json!({"role": "tool", "tool_call_id": call["id"], "content": "22 degrees"});
    let messages = json!([first["messages"][0], choice["message"], tool]);
    let answer = chat(&app, &with(first, "messages", messages)).await.json();
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "Sunny, and nothing planned."
    );
    let asked = &model.asked().await[1];
    let roles: Vec<&str> = asked["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        ["system", "user", "assistant", "tool", "assistant", "tool"],
        "what the action did is remembered, though the client knows nothing of it"
    );
    assert!(
        asked["messages"][3]["content"]
            .as_str()
            .unwrap()
            .contains("connect")
    );
}

#[tokio::test]
async fn a_choice_of_tools_is_passed_on_once() {
    let model = Model::of([calls(&[("get_weather", json!({}))]), says("No tools.")]).await;
    let app = model.app().await;
    let tools = with(request("Weather?"), "tools", weather());
    let named = json!({"type": "function", "function": {"name": "get_weather"}});
    let answer = chat(&app, &with(tools.clone(), "tool_choice", named.clone())).await;
    assert_eq!(answer.json()["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(model.asked().await[0]["tool_choice"], named);
    chat(&app, &with(tools.clone(), "tool_choice", json!("none"))).await;
    assert!(model.asked().await[1].get("tools").is_none());
    for (field, value, param) in [
        ("tool_choice", json!("sometimes"), "tool_choice"),
        (
            "tool_choice",
            json!({"type": "function", "function": {"name": "x"}}),
            "tool_choice.function.name",
        ),
        (
            "tools",
            json!([{"type": "custom", "custom": {}}]),
            "tools[0].type",
        ),
        (
            "tools",
            json!([{"type": "function", "function": {"name": "a b"}}]),
            "tools[0].function.name",
        ),
        (
            "tools",
            json!([{"type": "function", "function": {"name": "gmail__send"}}]),
            "tools[0].function.name",
        ),
    ] {
        let refused = chat(&app, &with(tools.clone(), field, value)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["error"]["param"], param);
    }
}

fn day_schema() -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "day", "strict": true, "schema": {
        "type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"], "additionalProperties": false}}})
}

#[tokio::test]
async fn json_is_checked_and_repaired_once() {
    let model = Model::of([
        says("```json\n{\"day\": \"Monday\"}\n```"),
        says(r#"{"hour": 3}"#),
        says(r#"{"day": "Friday"}"#),
        says("Friday, I think."),
        says("Really, Friday."),
    ])
    .await;
    let app = model.app().await;
    let body = with(request("Which day?"), "response_format", day_schema());
    let first = chat(&app, &body).await.json();
    assert_eq!(
        first["choices"][0]["message"]["content"],
        r#"{"day": "Monday"}"#
    );
    let repaired = chat(&app, &with(body.clone(), "stream", json!(true))).await;
    let text: String = chunks(&repaired)
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, r#"{"day": "Friday"}"#, "what was wrong is never seen");
    let complaint = model.asked().await[2]["messages"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert!(
        complaint["content"]
            .as_str()
            .unwrap()
            .contains("does not fit the schema"),
        "{complaint}"
    );
    let refused = chat(&app, &body).await.json();
    let message = &refused["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    assert!(
        message["refusal"].as_str().unwrap().contains("not JSON"),
        "{message}"
    );
    assert_eq!(refused["usage"]["total_tokens"], 28);
    let bad = with(
        day_schema(),
        "json_schema",
        json!({"name": "x", "schema": {"type": "nonsense"}}),
    );
    let bad = chat(&app, &with(request("?"), "response_format", bad)).await;
    assert_eq!(
        bad.json()["error"]["param"],
        "response_format.json_schema.schema"
    );
}

#[tokio::test]
async fn an_order_calls_the_action_without_a_model() {
    let model = Model::of([]).await;
    let app = model.app().await;
    for words in [
        r#"{"action":"gmail.send","to":"ramesh@example.com","body":"Approved."}"#,
        r#"{action: "gmail.send", to: "ramesh@example.com", body: "Approved."}"#,
    ] {
        let answer = chat(&app, &request(words)).await.json();
        let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
        let outcome: Value = serde_json::from_str(content).unwrap();
        assert_eq!(
            (&outcome["name"], &outcome["status"]),
            (&json!("gmail.send"), &json!("failed"))
        );
        assert_eq!(outcome["connect"], "/v1/oauth/connect/gmail");
        assert_eq!(answer["casp"]["actions"][0]["name"], "gmail.send");
    }
    let unknown = chat(&app, &request(r#"{"action":"gmail.burn"}"#)).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let own = with(
        request(r#"{"action":"gmail.send"}"#),
        "metadata",
        json!({"assistant": "Slack"}),
    );
    assert_eq!(
        chat(&app, &own).await.status,
        StatusCode::BAD_REQUEST,
        "that assistant may not"
    );
    assert_eq!(model.asked().await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_answered_says_why_in_openais_words() {
    let model = Model::of([]).await;
    let app = model.app().await;
    for (body, status, param, code) in [
        (
            with(request("?"), "model", json!("gpt-5")),
            404,
            json!("model"),
            json!("model_not_found"),
        ),
        (
            with(request("?"), "model", json!("whisper-1")),
            404,
            json!("model"),
            json!("model_not_found"),
        ),
        (
            json!({"model": "casp-realtime"}),
            400,
            json!("messages"),
            Value::Null,
        ),
        (
            with(request("?"), "messages", json!([])),
            400,
            json!("messages"),
            json!("invalid_value"),
        ),
        (
            with(request("?"), "temperature", json!(3)),
            400,
            json!("temperature"),
            json!("invalid_value"),
        ),
        (
            with(request("?"), "temperature", json!("hot")),
            400,
            json!("temperature"),
            Value::Null,
        ),
        (
            with(request("?"), "n", json!(2)),
            400,
            json!("n"),
            json!("unsupported_value"),
        ),
        (
            with(request("?"), "stop", json!(["a", "b", "c", "d", "e"])),
            400,
            json!("stop"),
            json!("invalid_value"),
        ),
        (
            with(request("?"), "metadata", json!({"assistant": "nobody"})),
            404,
            json!("metadata.assistant"),
            json!("assistant_not_found"),
        ),
        (
            with(request("?"), "user", json!("x".repeat(400))),
            400,
            json!("user"),
            json!("invalid_value"),
        ),
        (
            with(request("?"), "user", json!("ann\u{0}")),
            400,
            json!("user"),
            json!("invalid_value"),
        ),
    ] {
        let answer = chat(&app, &body).await;
        let error = &answer.json()["error"];
        assert_eq!(answer.status, status, "{body} {error}");
        assert_eq!(
            (&error["param"], &error["code"]),
            (&param, &code),
            "{body} {error}"
        );
        assert_eq!(error["type"], "invalid_request_error");
    }
    let malformed = send(app.post("/v1/chat/completions").bearer_auth(KEY).body("{")).await;
    assert_eq!(
        (malformed.status, malformed.json()["error"]["type"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_request_error"))
    );
    let stranger = send(app.post("/v1/chat/completions").json(&request("?"))).await;
    assert_eq!(
        (stranger.status, stranger.json()["error"]["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("invalid_api_key"))
    );
    let method = send(app.get("/v1/chat/completions").bearer_auth(KEY)).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.json()["error"]["message"].is_string());
    let large = with(request("?"), "user", json!("x".repeat(1 << 20)));
    assert_eq!(
        chat(&app, &large).await.json()["error"]["type"],
        "invalid_request_error"
    );
    assert_eq!(model.asked().await.len(), 0, "none of them cost anything");
}

#[tokio::test]
async fn a_model_that_fails_is_an_error_before_the_stream_and_within_it() {
    let half =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"It is\"}}]}\n\n".to_owned();
    let model = Model::of([half]).await;
    let app = model.app().await;
    let body = with(request("Weather?"), "stream", json!(true));
    let broken = chat(&app, &body).await;
    assert_eq!(broken.status, StatusCode::OK);
    let last = broken.text.trim_end().rsplit("data: ").next().unwrap();
    let error: Value = serde_json::from_str(last).unwrap();
    assert_eq!(error["error"]["code"], "bad_answer", "and no [DONE]");
    // The script is over: 404, which is a setting of the server's.
    let failed = chat(&app, &body).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(failed.json()["error"]["type"], "server_error");
}

#[tokio::test]
async fn tokens_are_counted_and_their_ceiling_is_a_hard_stop() {
    let model = Model::of([says("Yes."), says("Yes.")]).await;
    let app = model.app().await;
    assert_eq!(
        chat(&app, &request("Are you there?")).await.status,
        StatusCode::OK
    );
    let used = async || {
        ceilings::used_today(
            &app.store,
            app.account,
            Resource::Tokens,
            crate::test_app::now_ms(),
        )
        .await
        .unwrap()
    };
    assert!(used().await >= 14);
    let limits = AccountLimits {
        tokens: Some(Ceiling::AtMost(20)),
        ..AccountLimits::default()
    };
    ceilings::set_limits(&app.store, app.account, &limits)
        .await
        .unwrap();
    let refused = chat(&app, &request("And now?")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["error"]["code"], "insufficient_quota");
    assert!(refused.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn so_many_requests_a_minute_and_no_more() {
    let app = TestApp::with(|config| config.limits.chats_per_minute = 2).await;
    for _ in 0..2 {
        assert_eq!(chat(&app, &request("Hello")).await.status, StatusCode::OK);
    }
    let third = chat(&app, &request("Hello")).await;
    assert_eq!(third.json()["error"]["code"], "rate_limit_exceeded");
    let neighbour = app.post("/v1/chat/completions").bearer_auth(NEIGHBOURS_KEY);
    assert_eq!(
        send(neighbour.json(&request("Hello"))).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_assistant_of_the_tenant_next_door_is_not_there() {
    let app = TestApp::production().await;
    let made = app
        .post_ours("/realtime/custom-scenario", &json!({"persona": "You are Dora.", "prompt": "Doors.", "voice_type": "calm_female", "temperature": 0.5}))
        .await;
    let body = with(
        request("Hello"),
        "metadata",
        json!({"assistant": made.json()["scenario_id"]}),
    );
    assert_eq!(chat(&app, &body).await.status, StatusCode::OK);
    let neighbour = app.post("/v1/chat/completions").bearer_auth(NEIGHBOURS_KEY);
    assert_eq!(
        send(neighbour.json(&body)).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn models_are_listed_and_shown() {
    let app = TestApp::production().await;
    let list = app.get_ours("/v1/models").await.json();
    assert_eq!(
        (&list["object"], &list["data"][0]["id"]),
        (&json!("list"), &json!("casp-realtime"))
    );
    let model = app.get_ours("/v1/models/casp-realtime").await.json();
    assert_eq!(
        (&model["object"], &model["owned_by"]),
        (&json!("model"), &json!("casp"))
    );
    let unknown = app.get_ours("/v1/models/gpt-5").await;
    assert_eq!(
        (unknown.status, unknown.json()["error"]["code"].as_str()),
        (StatusCode::NOT_FOUND, Some("model_not_found"))
    );
    assert_eq!(
        send(app.get("/v1/models")).await.json()["error"]["code"],
        "invalid_api_key"
    );
}
