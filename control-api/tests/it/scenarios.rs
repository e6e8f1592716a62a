use crate::test_app::{Answer, KEY, NEIGHBOURS_KEY, TestApp, send, unique};
use casp_store::sessions;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Both families of routes to one scenario.
const FAMILIES: [&str; 2] = ["/custom-scenarios", "/realtime/custom-scenario"];

/// The request of the integration guide.
fn guide() -> Value {
    json!({
        "persona": "You are a friendly sales representative for a tech company...",
        "prompt": "Your goal is to understand the customer's needs and provide solutions...",
        "voice_type": "aggressive_male",
        "temperature": 0.7
    })
}

async fn create(app: &TestApp, body: &Value) -> Answer {
    app.post_ours("/realtime/custom-scenario", body).await
}

async fn call(
    app: &TestApp,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: &str,
) -> Answer {
    let mut request = app.http.request(method, app.url(path)).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(body);
    }
    send(request).await
}

async fn put(app: &TestApp, path: &str, body: &Value) -> Answer {
    call(app, Method::PUT, path, Some(body), KEY).await
}

/// What is wrong, as `place: message`.
fn errors(answer: &Answer) -> Vec<String> {
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{answer:?}"
    );
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap();
    let told = |error: &Value| {
        let loc: Vec<&str> = error["loc"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l.as_str().unwrap())
            .collect();
        format!("{}: {}", loc.join("."), error["msg"].as_str().unwrap())
    };
    errors.iter().map(told).collect()
}

#[tokio::test]
async fn the_guides_scenario_is_made_and_shown_whole() {
    let app = TestApp::production().await;
    let answer = create(&app, &guide()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.text.contains(r#""temperature":0.7,"#),
        "{}",
        answer.text
    );
    let id = answer.json()["scenario_id"].as_str().unwrap().to_owned();
    let unix = id
        .strip_prefix(&format!("custom_{}_", app.account.0))
        .unwrap();
    assert!(unix.parse::<i64>().unwrap() > 1_700_000_000, "{id}");
    insta::assert_snapshot!(answer.redacted(&["/scenario_id", "/name", "/created_at", "/updated_at"]), @r#"
    {
      "allowed_actions": [
        "call.hang_up"
      ],
      "confirm": "writes",
      "created_at": "[…]",
      "greeting": "Hello, I am an AI assistant. How can I help you?",
      "id": 1,
      "language": "en-US",
      "max_duration_s": 1800,
      "menu": null,
      "message": "Custom scenario created successfully",
      "mode": "cascade",
      "name": "[…]",
      "persona": "You are a friendly sales representative for a tech company...",
      "prompt": "Your goal is to understand the customer's needs and provide solutions...",
      "public_actions": [
        "call.hang_up"
      ],
      "record": false,
      "record_announcement": "",
      "scenario_id": "[…]",
      "temperature": 0.7,
      "timezone": "UTC",
      "transfer_to": {},
      "updated_at": "[…]",
      "voice_type": "aggressive_male"
    }
    "#);
    let row = with_no_message(answer.json());
    assert_eq!(row["name"], row["scenario_id"]);
    for list in ["/custom-scenarios", "/realtime/custom-scenarios"] {
        let list = app.get_ours(list).await;
        assert_eq!((list.status, list.json()), (StatusCode::OK, json!([row])));
    }
    for family in FAMILIES {
        for reference in [id.as_str(), "1"] {
            let one = app.get_ours(&format!("{family}/{reference}")).await;
            assert_eq!((one.status, one.json()), (StatusCode::OK, row.clone()));
        }
    }
}

#[tokio::test]
async fn every_field_can_be_said() {
    let app = TestApp::production().await;
    let mut body = json!({
        "name": "Front desk", "persona": "p", "prompt": "q", "greeting": "", "voice_type": "concerned_female",
        "temperature": 0, "language": "de-DE", "timezone": "Europe/Berlin", "mode": "realtime",
        "allowed_actions": ["gmail.*", "call.hang_up"], "public_actions": [], "confirm": "always",
        "max_duration_s": 60,
        "menu": {"sentence": "For sales press 1.", "choices": {"1": "sales"}},
        "transfer_to": {"Sales": "+15551230001"},
        "record": true, "record_announcement": "We record.",
    });
    let made = create(&app, &body).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    let made = made.json();
    body["temperature"] = json!(0.0);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    let by_name = app.get_ours("/custom-scenarios/Front%20desk").await.json();
    assert_eq!(by_name["scenario_id"], made["scenario_id"]);
    let taken = create(&app, &body).await;
    assert_eq!(
        errors(&taken),
        ["body.name: is that of another one of your scenarios"]
    );
}

#[tokio::test]
async fn what_is_named_is_changed_and_the_rest_stays() {
    let app = TestApp::production().await;
    let made = create(&app, &guide()).await.json();
    let change = json!({
        "persona": "Updated persona...", "prompt": "Updated prompt...", "voice_type": "concerned_female",
        "temperature": 0.8
    });
    for family in FAMILIES {
        let path = format!("{family}/{}", made["scenario_id"].as_str().unwrap());
        let changed = put(&app, &path, &change).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        let changed = changed.json();
        for (field, value) in change.as_object().unwrap() {
            assert_eq!(&changed[field], value, "{field}");
        }
        for field in ["id", "scenario_id", "created_at", "greeting", "language"] {
            assert_eq!(changed[field], made[field], "{field}");
        }
        assert_eq!(app.get_ours(&path).await.json(), changed);
        // What was read may be sent back as it is, and null brings a default back.
        let mut whole = changed.clone();
        whole["temperature"] = Value::Null;
        let back = put(&app, &path, &whole).await;
        assert_eq!(
            (back.status, &back.json()["temperature"]),
            (StatusCode::OK, &Value::Null)
        );
        let restored = put(&app, &path, &json!({"temperature": 0.7})).await;
        assert_eq!(restored.json()["prompt"], "Updated prompt...");
    }
}

#[tokio::test]
async fn each_family_says_in_its_own_words_that_it_is_deleted() {
    let app = TestApp::production().await;
    for (family, message) in [
        (FAMILIES[0], "Custom scenario deleted successfully"),
        (FAMILIES[1], "Scenario deleted"),
    ] {
        let made = create(&app, &guide()).await.json();
        let path = format!("{family}/{}", made["scenario_id"].as_str().unwrap());
        let gone = call(&app, Method::DELETE, &path, None, KEY).await;
        assert_eq!(
            (gone.status, gone.json()),
            (StatusCode::OK, json!({"message": message}))
        );
        for method in [Method::GET, Method::DELETE] {
            let answer = call(&app, method, &path, None, KEY).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(
            put(&app, &path, &guide()).await.status,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(app.get_ours("/custom-scenarios").await.json(), json!([]));
}

/// A field, what is said in it, and how the answer begins.
const WRONG: &str = r#"
    persona         | "  "              | body.persona: must not be empty
    persona         | 7                 | body.persona: invalid type
    persona         | null              | body.persona: invalid type
    prompt          | "a\u0000b"        | body.prompt: must not hold control characters
    voice_type      | "squeaky"         | body.voice_type: must be one of aggressive_male,
    temperature     | 2.1               | body.temperature: must be a number from 0 to 2
    temperature     | -1                | body.temperature: must be a number from 0 to 2
    temperature     | "hot"             | body.temperature: invalid type
    temperature     | 1e300             | body.temperature:
    language        | "english please"  | body.language: must be a language tag
    timezone        | "Mars/Base"       | body.timezone: must be a time zone
    mode            | "magic"           | body.mode: unknown variant `magic`
    confirm         | "sometimes"       | body.confirm: unknown variant
    allowed_actions | ["fax.send"]      | body.allowed_actions.0: must be an action
    allowed_actions | "gmail.send"      | body.allowed_actions: invalid type
    public_actions  | ["gmail.send"]    | body.public_actions.0: must be among
    max_duration_s  | 9                 | body.max_duration_s: must be from 10 to 7200 seconds
    max_duration_s  | -5                | body.max_duration_s: invalid value
    menu            | {"sentence": "P"} | body.menu.choices: this field is required
    menu            | {"sentence": "P", "choices": {"1": "nobody"}} | body.menu.choices.1: there is no such assistant
    menu            | {"sentence": "P", "choices": {"11": "sales"}} | body.menu.choices.11: a key is one of
    name            | "sales"           | body.name: is that of a built-in assistant
    name            | "custom_1_1"      | body.name: must not begin with custom_
    name            | "42"              | body.name: must not begin with custom_, and not be a number
    scenario_id     | "custom_1_1"      | body.scenario_id: unknown field
    colour          | "red"             | body.colour: unknown field
"#;

#[tokio::test]
async fn what_is_wrong_is_said_field_by_field() {
    let app = TestApp::production().await;
    let long = |length: usize| json!("x".repeat(length));
    let mut rows = vec![
        ("prompt", long(20_001), "body.prompt: must be at most 20000"),
        (
            "greeting",
            long(1_001),
            "body.greeting: must be at most 1000",
        ),
        ("name", long(65), "body.name: must be at most 64"),
    ];
    rows.extend(WRONG.trim().lines().map(|row| {
        let mut cells = row.split('|').map(str::trim);
        let mut cell = || cells.next().unwrap();
        (cell(), serde_json::from_str(cell()).unwrap(), cell())
    }));
    for (field, value, expected) in rows {
        let mut body = guide();
        body[field] = value;
        let errors = errors(&create(&app, &body).await);
        let is_said = errors.iter().any(|error| error.starts_with(expected));
        assert!(is_said, "{expected} in {errors:?}");
    }
    for (body, expected) in [
        (json!({}), "body.persona: this field is required"),
        (
            json!({"persona": "p"}),
            "body.prompt: this field is required",
        ),
        (json!([]), "body: "),
    ] {
        let errors = errors(&create(&app, &body).await);
        assert!(errors[0].starts_with(expected), "{errors:?}");
    }
    let post = app.post("/realtime/custom-scenario").bearer_auth(KEY);
    assert_eq!(send(post.body("{")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.get_ours("/custom-scenarios").await.json(), json!([]));
}

#[tokio::test]
async fn a_change_is_checked_like_the_whole() {
    let app = TestApp::production().await;
    let made = create(&app, &guide()).await.json();
    let path = format!("/custom-scenarios/{}", made["id"]);
    let change = json!({"temperature": 3, "timezone": "?", "prompt": ""});
    assert_eq!(
        errors(&put(&app, &path, &change).await).len(),
        3,
        "all at once"
    );
    for (change, expected) in [
        (json!({"colour": "red"}), "body.colour: unknown field"),
        (
            json!({"prompt": null}),
            "body.prompt: this field is required",
        ),
        (json!([1]), "body: "),
    ] {
        let errors = errors(&put(&app, &path, &change).await);
        assert!(errors[0].starts_with(expected), "{errors:?}");
    }
    assert_eq!(app.get_ours(&path).await.json(), with_no_message(made));
}

fn with_no_message(mut made: Value) -> Value {
    made.as_object_mut().unwrap().remove("message");
    made
}

#[tokio::test]
async fn the_twenty_first_is_refused() {
    let app = TestApp::production().await;
    for _ in 0..20 {
        assert_eq!(create(&app, &guide()).await.status, StatusCode::OK);
    }
    let refused = create(&app, &guide()).await;
    insta::assert_snapshot!(refused.text, @r#"{"detail":"You have 20 custom scenarios, and an account holds no more. Delete one first.","status_code":400}"#);
    assert_eq!(
        call(&app, Method::DELETE, "/custom-scenarios/7", None, KEY)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        create(&app, &guide()).await.json()["id"],
        21,
        "numbers are never given twice"
    );
}

#[tokio::test]
async fn the_neighbour_sees_and_touches_nothing() {
    let app = TestApp::production().await;
    let made = create(&app, &guide()).await.json();
    for family in FAMILIES {
        for reference in [made["scenario_id"].as_str().unwrap(), "1"] {
            let path = format!("{family}/{reference}");
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let body = json!({"prompt": "mine"});
                let body = (method == Method::PUT).then_some(&body);
                let answer = call(&app, method.clone(), &path, body, NEIGHBOURS_KEY).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
            }
        }
    }
    let theirs = send(app.get("/custom-scenarios").bearer_auth(NEIGHBOURS_KEY)).await;
    assert_eq!(theirs.json(), json!([]));
    let mut body = guide();
    body["menu"] = json!({"sentence": "Press.", "choices": {"1": made["scenario_id"]}});
    let answer = call(
        &app,
        Method::POST,
        "/realtime/custom-scenario",
        Some(&body),
        NEIGHBOURS_KEY,
    )
    .await;
    assert_eq!(
        errors(&answer),
        ["body.menu.choices.1: there is no such assistant"]
    );
}

#[tokio::test]
async fn without_a_key_nothing_is_shown() {
    let app = TestApp::production().await;
    for path in [
        "/scenarios",
        "/custom-scenarios",
        "/realtime/custom-scenarios",
        "/custom-scenarios/1",
    ] {
        assert_eq!(
            send(app.get(path)).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let post = send(app.post("/realtime/custom-scenario").json(&guide())).await;
    assert_eq!(post.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn strange_references_are_not_found() {
    let app = TestApp::production().await;
    for reference in [
        "0",
        "-1",
        "99999999999999999999",
        "a%00b",
        "%F0%9F%93%9E",
        "'%20OR%201=1",
        "sales",
    ] {
        let answer = app
            .get_ours(&format!("/custom-scenarios/{reference}"))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{reference}");
    }
}

#[tokio::test]
async fn the_built_in_ones_are_listed() {
    let app = TestApp::production().await;
    let all = app.get_ours("/scenarios").await.json();
    let all = all.as_array().unwrap();
    assert_eq!(all[0]["name"], "default");
    let sales = all.iter().find(|one| one["name"] == "sales").unwrap();
    assert_eq!(
        (&sales["temperature"], &sales["max_duration_s"]),
        (&json!(0.7), &json!(900))
    );
    assert!(sales["prompt"].as_str().unwrap().len() > 20);
}

#[tokio::test]
async fn a_room_takes_ones_own_assistant_and_not_the_neighbours() {
    let app = TestApp::production().await;
    let mut body = guide();
    body["name"] = json!("Doors");
    let made = create(&app, &body).await.json();
    let id = made["scenario_id"].as_str().unwrap();
    for assistant in [id, "1", "Doors"] {
        let room = unique("own");
        let body = json!({"roomName": room, "participantIdentity": "u", "assistant": assistant});
        assert_eq!(
            app.post_ours("/room/join", &body).await.status,
            StatusCode::OK
        );
        let session = sessions::get(&app.store, &format!("web-{room}"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(session.assistant, id);
        let theirs = call(
            &app,
            Method::POST,
            "/room/join",
            Some(&body),
            NEIGHBOURS_KEY,
        )
        .await;
        assert!(errors(&theirs)[0].starts_with("body.assistant: there is no such assistant"));
    }
    let body = json!({"roomName": unique("own"), "hostIdentity": "h", "assistant": id});
    assert_eq!(
        app.post_ours("/room/create", &body).await.status,
        StatusCode::CREATED
    );
    let body = json!({"roomName": unique("own"), "hostIdentity": "h", "assistant": "nobody"});
    assert!(errors(&app.post_ours("/room/create", &body).await)[0].contains("sales"));
}
