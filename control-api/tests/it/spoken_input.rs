//! Conversations by `<Gather>`: `/handle-user-input`.

use crate::{
    test_app::{Answer, PUBLIC_URL, TestApp, eventually, now_ms, unique},
    twilio_request::signed,
};
use casp_providers::{
    ChatMessage, ChatRequest, ChatStream, Delta, FinishReason, LanguageModel, ProviderError,
    ToolCall,
};
use casp_store::{
    ceilings::{self, AccountLimits, Ceiling, Resource},
    do_not_call, numbers,
    sessions::{self, NewSession, SessionKind, SessionState},
    turns,
};
use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

/// A model that answers with the how-manieth request it is, after some time.
#[derive(Debug, Default)]
struct Slow {
    asked: AtomicUsize,
    takes: Mutex<Duration>,
    heard: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl LanguageModel for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.heard
            .lock()
            .unwrap()
            .push(format!("{:?}", request.messages));
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        let words = [
            Ok(Delta::Text(format!("Reply {number}."))),
            Ok(Delta::Finish(FinishReason::Stop)),
        ];
        Ok(stream::iter(words).boxed())
    }
}

async fn app_with(model: &Arc<Slow>) -> TestApp {
    let model = Arc::clone(model);
    TestApp::with(move |config| config.language_model = model).await
}

async fn say(app: &TestApp, path: &str, call: &str, more: &[(&str, &str)]) -> Answer {
    let form: Vec<(&str, &str)> = [
        ("CallSid", call),
        ("From", "+15551230001"),
        ("To", "+15551230002"),
    ]
    .into_iter()
    .chain(more.iter().copied())
    .collect();
    let answer = signed(app, path, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(
        answer.text.contains("<Say") || answer.text.contains("<Hangup"),
        "never silence: {}",
        answer.text
    );
    answer
}

/// Where Twilio goes next: the path of `<Gather action>` or `<Redirect>`.
fn next(answer: &Answer) -> String {
    let url = match answer.text.split_once("action=\"") {
        Some((_, rest)) => rest.split('"').next(),
        None => answer
            .text
            .split_once("<Redirect>")
            .and_then(|(_, rest)| rest.split('<').next()),
    };
    let url = url.unwrap_or_else(|| panic!("it does not go on: {}", answer.text));
    url.replace("&amp;", "&")
        .strip_prefix(PUBLIC_URL)
        .unwrap()
        .to_owned()
}

async fn said(app: &TestApp, call: &str) -> Vec<(String, String)> {
    let turns = turns::list(&app.store, &format!("phone-{call}"))
        .await
        .unwrap();
    turns
        .into_iter()
        .map(|turn| (turn.role, turn.text))
        .collect()
}

fn turn(role: &str, text: &str) -> (String, String) {
    (role.to_owned(), text.to_owned())
}

#[tokio::test]
async fn it_greets_listens_answers_and_remembers() {
    let model = Arc::new(Slow::default());
    let app = app_with(&model).await;
    let call = unique("CA");
    let greeting = say(&app, "/handle-user-input", &call, &[]).await;
    insta::assert_snapshot!(greeting.text, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Gather input="speech dtmf" action="https://voice.example.com/handle-user-input?exchange=1&amp;silences=0" timeout="6" speechTimeout="auto" language="en-US" actionOnEmptyResult="true"><Say language="en-US">Hello, this is CASP, an AI assistant. How can I help you?</Say></Gather></Response>
    "#);
    let first = say(
        &app,
        &next(&greeting),
        &call,
        &[("SpeechResult", "What can you do?"), ("Confidence", "0.9")],
    )
    .await;
    assert!(first.text.contains(">Reply 1.</Say>"), "{}", first.text);
    let second = say(&app, &next(&first), &call, &[("Digits", "42#")]).await;
    assert!(second.text.contains(">Reply 2.</Say>"), "{}", second.text);
    assert_eq!(
        said(&app, &call).await,
        [
            turn(
                "assistant",
                "Hello, this is CASP, an AI assistant. How can I help you?"
            ),
            turn("user", "What can you do?"),
            turn("assistant", "Reply 1."),
            turn("user", "(I pressed 4 2 # on my telephone.)"),
            turn("assistant", "Reply 2."),
        ]
    );
    let heard = model.heard.lock().unwrap().last().unwrap().clone();
    assert!(
        heard.contains("What can you do?") && heard.contains("Reply 1."),
        "{heard}"
    );
    let session = sessions::get(&app.store, &format!("phone-{call}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.state, session.wants_agent),
        (SessionState::Active, false)
    );
}

#[tokio::test]
async fn the_words_of_somebody_elses_gather_begin_a_conversation_too() {
    let model = Arc::new(Slow::default());
    let app = app_with(&model).await;
    let call = unique("CA");
    for _ in 0..3 {
        let answer = say(
            &app,
            "/handle-user-input",
            &call,
            &[("SpeechResult", "Hello")],
        )
        .await;
        assert!(
            answer.text.contains("Reply 1."),
            "the same webhook again: {}",
            answer.text
        );
    }
    let next = say(
        &app,
        "/handle-user-input",
        &call,
        &[("SpeechResult", "And now?")],
    )
    .await;
    assert!(next.text.contains("Reply 2."), "{}", next.text);
    assert_eq!(said(&app, &call).await.len(), 4);
}

#[tokio::test]
async fn webhooks_that_come_at_once_have_one_reply() {
    let model = Arc::new(Slow::default());
    *model.takes.lock().unwrap() = Duration::from_millis(300);
    let app = app_with(&model).await;
    let call = unique("CA");
    let greetings = (0..5).map(|_| say(&app, "/handle-user-input", &call, &[]));
    let greetings = futures_util::future::join_all(greetings).await;
    assert!(
        greetings
            .iter()
            .all(|greeting| greeting.text.contains("<Gather")),
        "{greetings:?}"
    );
    let path = next(&greetings[0]);
    let form = [("SpeechResult", "Hello")];
    let answers =
        futures_util::future::join_all((0..5).map(|_| say(&app, &path, &call, &form))).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.text.contains("Reply 1.")),
        "{answers:?}"
    );
    assert_eq!(model.asked.load(Ordering::SeqCst), 1);
    let roles: Vec<String> = said(&app, &call)
        .await
        .into_iter()
        .map(|(role, _)| role)
        .collect();
    assert_eq!(
        roles,
        ["assistant", "user", "assistant"],
        "one greeting, one question, one reply"
    );
    // Late, after the conversation went on: what was said then.
    say(&app, &next(&answers[0]), &call, &[("SpeechResult", "More")]).await;
    let late = say(&app, &path, &call, &form).await;
    assert!(late.text.contains("Reply 1."), "{}", late.text);
    assert_eq!(model.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_slow_model_keeps_the_caller_company_within_twilios_limit() {
    let model = Arc::new(Slow::default());
    *model.takes.lock().unwrap() = Duration::from_secs(14);
    let app = app_with(&model).await;
    let call = unique("CA");
    let begin = Instant::now();
    let moment = say(
        &app,
        "/handle-user-input",
        &call,
        &[("SpeechResult", "Hello")],
    )
    .await;
    assert!(
        begin.elapsed() < Duration::from_secs(15),
        "Twilio waits no longer"
    );
    assert!(
        moment.text.contains("One moment") && moment.text.contains("<Redirect>"),
        "{}",
        moment.text
    );
    let answer = say(&app, &next(&moment), &call, &[]).await;
    assert!(answer.text.contains("Reply 1."), "{}", answer.text);
    assert_eq!(model.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn silence_is_asked_about_twice_and_then_the_call_ends() {
    let app = app_with(&Arc::new(Slow::default())).await;
    let call = unique("CA");
    let mut answer = say(&app, "/handle-user-input", &call, &[]).await;
    for _ in 0..2 {
        answer = say(&app, &next(&answer), &call, &[("SpeechResult", " ")]).await;
        assert!(
            answer.text.contains("Are you still there?"),
            "{}",
            answer.text
        );
    }
    answer = say(&app, &next(&answer), &call, &[]).await;
    assert!(answer.text.contains("<Hangup/>"), "{}", answer.text);
    let session = sessions::get(&app.store, &format!("phone-{call}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.state, session.end_reason.as_deref()),
        (SessionState::Ended, Some("nobody spoke"))
    );
}

#[tokio::test]
async fn the_assistant_may_hang_up() {
    let app = TestApp::production().await;
    let call = unique("CA");
    let answer = say(
        &app,
        "/handle-user-input",
        &call,
        &[("SpeechResult", "goodbye")],
    )
    .await;
    assert!(
        answer.text.contains("Goodbye") && answer.text.contains("<Hangup/>"),
        "{}",
        answer.text
    );
    let again = say(
        &app,
        "/handle-user-input",
        &call,
        &[("SpeechResult", "hello?")],
    )
    .await;
    assert!(again.text.contains("<Response><Hangup/>"), "{}", again.text);
}

#[tokio::test]
async fn a_call_that_is_over_is_hung_up() {
    let model = Arc::new(Slow::default());
    let app = app_with(&model).await;
    let call = unique("CA");
    let path = next(&say(&app, "/handle-user-input", &call, &[]).await);
    sessions::end(&app.store, &format!("phone-{call}"), "completed", now_ms())
        .await
        .unwrap();
    for (path, form) in [
        (path.as_str(), vec![("SpeechResult", "Hello")]),
        (path.as_str(), vec![]),
        ("/handle-user-input", vec![]),
    ] {
        let answer = say(&app, path, &call, &form).await;
        assert!(
            answer.text.contains("<Response><Hangup/>"),
            "{}",
            answer.text
        );
    }
    let over = say(
        &app,
        "/handle-user-input",
        &unique("CA"),
        &[("CallStatus", "completed")],
    )
    .await;
    assert!(over.text.contains("<Response><Hangup/>"), "{}", over.text);
    assert_eq!(model.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_call_that_an_agent_has_goes_back_to_it() {
    let app = app_with(&Arc::new(Slow::default())).await;
    app.worker(1).await;
    let call = unique("CA");
    say_voice(&app, &call).await;
    let answer = signed(
        &app,
        "/handle-user-input",
        &[("CallSid", &call), ("SpeechResult", "Hello")],
    )
    .await;
    assert!(answer.text.contains("<Stream"), "{}", answer.text);
}

async fn say_voice(app: &TestApp, call: &str) {
    let answer = signed(app, "/twilio/voice", &[("CallSid", call)]).await;
    assert!(answer.text.contains("<Stream"), "{}", answer.text);
}

#[tokio::test]
async fn what_callers_say_may_be_anything() {
    let app = app_with(&Arc::new(Slow::default())).await;
    for words in [
        "</Say><Hangup/>",
        "\u{0}\u{7}",
        "☎ 电话 \u{202e}",
        "'; DROP TABLE turns; --",
        &"x".repeat(100_000),
        "{{7*7}}",
    ] {
        let call = unique("CA");
        let answer = say(
            &app,
            "/handle-user-input",
            &call,
            &[("SpeechResult", words)],
        )
        .await;
        assert!(answer.text.matches("<Say").count() == 1, "{}", answer.text);
        let said = said(&app, &call).await;
        assert!(
            said.iter()
                .all(|(_, text)| text.chars().count() <= 2_000 && !text.contains('\0'))
        );
    }
    for query in [
        "exchange=-1",
        "exchange=x",
        "exchange=99999999999999999999",
        "answer=7",
        "answer=-5&round=-1",
        "silences=4294967296&exchange=0",
        "exchange=9223372036854775807",
    ] {
        let call = unique("CA");
        say(
            &app,
            &format!("/handle-user-input?{query}"),
            &call,
            &[("SpeechResult", "Hello")],
        )
        .await;
    }
}

#[tokio::test]
async fn without_an_owner_the_number_is_not_in_service() {
    let app = TestApp::with(|config| config.default_account = None).await;
    let answer = say(&app, "/handle-user-input", &unique("CA"), &[]).await;
    assert!(answer.text.contains("not in service"), "{}", answer.text);
}

/// A call that we placed and that goes by webhooks.
async fn placed(app: &TestApp, call: &str) {
    let new = NewSession {
        id: format!("phone-{call}"),
        account: app.account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-{call}"),
        from: "+15551230002".into(),
        to: "+15551230001".into(),
        assistant: "default".into(),
        overrides: serde_json::json!({}),
    };
    sessions::announce_outbound(&app.store, &new, now_ms())
        .await
        .unwrap();
}

async fn is_listed(app: &TestApp) -> bool {
    do_not_call::contains(&app.store, app.account, "+15551230001")
        .await
        .unwrap()
}

#[tokio::test]
async fn who_was_called_and_wants_no_more_calls_gets_none() {
    for asked in [
        ("SpeechResult", "Please stop calling me."),
        ("SpeechResult", "unsubscribe"),
        ("Digits", "7867"),
    ] {
        let app = TestApp::production().await;
        let call = unique("CA");
        placed(&app, &call).await;
        let greeting = say(&app, "/handle-user-input", &call, &[]).await;
        let path = next(&greeting);
        say(
            &app,
            &path,
            &call,
            &[("SpeechResult", "Where does the bus stop?")],
        )
        .await;
        assert!(!is_listed(&app).await);
        let goodbye = say(&app, &path, &call, &[asked]).await;
        assert!(
            goodbye.text.contains("You will not be called again.")
                && goodbye.text.contains("<Hangup/>"),
            "{}",
            goodbye.text
        );
        assert!(is_listed(&app).await, "{asked:?}");
        let next_door = do_not_call::contains(&app.store, app.neighbour, "+15551230001").await;
        assert!(!next_door.unwrap(), "the list is the account's own");
    }
}

#[tokio::test]
async fn who_calls_and_says_stop_is_on_no_list() {
    let app = TestApp::production().await;
    let call = unique("CA");
    let answer = say(
        &app,
        "/handle-user-input",
        &call,
        &[("SpeechResult", "Stop.")],
    )
    .await;
    assert!(answer.text.contains("<Gather"), "{}", answer.text);
    for number in ["+15551230001", "+15551230002"] {
        let listed = do_not_call::contains(&app.store, app.account, number).await;
        assert!(!listed.unwrap(), "{number}");
    }
}

#[tokio::test]
async fn a_conversation_ends_when_the_days_tokens_are_used_up() {
    let app = TestApp::production().await;
    let call = unique("CA");
    let path = next(&say(&app, "/handle-user-input", &call, &[]).await);
    let limits = AccountLimits {
        tokens: Some(Ceiling::AtMost(100)),
        ..AccountLimits::default()
    };
    ceilings::set_limits(&app.store, app.account, &limits)
        .await
        .unwrap();
    let hello = [("SpeechResult", "Hello")];
    let answer = say(&app, &path, &call, &hello).await;
    assert!(answer.text.contains("<Gather"), "{}", answer.text);
    eventually("the reply's tokens are counted", async || {
        let used = ceilings::used_today(&app.store, app.account, Resource::Tokens, now_ms());
        used.await.unwrap() >= 100
    })
    .await;
    let answer = say(&app, &next(&answer), &call, &hello).await;
    assert!(
        answer.text.contains("call again tomorrow") && answer.text.contains("<Hangup/>"),
        "{}",
        answer.text
    );
    let session = sessions::get(&app.store, &format!("phone-{call}")).await;
    assert_eq!(session.unwrap().unwrap().state, SessionState::Ended);
}

/// A model that wants to do whatever it may, and else says what it was told.
#[derive(Debug, Default)]
struct Eager {
    offered: Mutex<Vec<Vec<String>>>,
}

#[async_trait::async_trait]
impl LanguageModel for Eager {
    fn name(&self) -> &'static str {
        "eager"
    }
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ProviderError> {
        let names = request.tools.iter().map(|tool| tool.name.clone());
        self.offered.lock().unwrap().push(names.collect());
        let deltas = match request.messages.last() {
            Some(ChatMessage::User { content }) if content.contains("Please") => {
                vec![Delta::ToolCall(ToolCall {
                    id: "1".into(),
                    name: "google-calendar__create".into(),
                    arguments: r#"{"title": "Visit", "when": "2099-01-02T10:00:00Z"}"#.into(),
                })]
            }
            Some(ChatMessage::Tool { content, .. }) => vec![Delta::Text(content.clone())],
            _ => vec![Delta::Text("All right.".into())],
        };
        let all = deltas
            .into_iter()
            .chain([Delta::Finish(FinishReason::Stop)]);
        Ok(stream::iter(all.map(Ok)).boxed())
    }
}

#[tokio::test]
async fn a_stranger_may_do_what_everybody_may_and_is_asked_first() {
    let google = MockServer::start().await;
    let insert = Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
        "id": "e1", "status": "confirmed", "summary": "Visit",
        "start": {"dateTime": "2099-01-02T10:00:00Z"}, "end": {"dateTime": "2099-01-02T11:00:00Z"},
    })));
    insert.mount(&google).await;
    let look = Mock::given(method("GET"));
    let nothing = ResponseTemplate::new(200).set_body_json(json!({"items": [], "timeZone": "UTC"}));
    look.respond_with(nothing).mount(&google).await;
    let inserts = async || {
        let requests = google.received_requests().await.unwrap();
        let posts = requests.iter().filter(|it| it.method.as_str() == "POST");
        posts.count()
    };
    let model = Arc::new(Eager::default());
    let (root, eager) = (google.uri(), model.clone());
    let app = TestApp::with(move |config| {
        config.oauth.endpoints.google_api = root.parse().unwrap();
        config.language_model = eager;
    })
    .await;
    let tokens = json!({
        "provider": "google-calendar", "access_token": "ya29.ours", "expires_in": 3600,
        "resource": "ours@example.org",
    });
    let connected = app.post_ours("/v1/oauth/register", &tokens).await;
    assert_eq!(connected.status, StatusCode::CREATED, "{connected:?}");
    let desk = json!({
        "persona": "You work at the front desk.", "prompt": "Help.",
        "allowed_actions": ["google-calendar.*", "call.hang_up"],
        "public_actions": ["google-calendar.create", "call.hang_up"],
    });
    let made = app.post_ours("/realtime/custom-scenario", &desk).await;
    let number = "+15551230002";
    let id = made.json()["scenario_id"].as_str().unwrap().to_owned();
    numbers::assign(&app.store, app.account, number, &id, now_ms())
        .await
        .unwrap();

    for (answer, is_done) in [("Yes.", true), ("No.", false), ("What time is it?", false)] {
        let before = inserts().await;
        let call = unique("CA");
        let greeting = say(&app, "/handle-user-input", &call, &[]).await;
        let asked = [("SpeechResult", "Please put a visit in your calendar.")];
        let asked = say(&app, &next(&greeting), &call, &asked).await;
        assert!(asked.text.contains("Shall I"), "{}", asked.text);
        assert_eq!(inserts().await, before, "not before the yes");
        // Somebody else, in another call, says yes to nothing.
        let other = unique("CA");
        let elsewhere = say(&app, "/handle-user-input", &other, &[]).await;
        say(&app, &next(&elsewhere), &other, &[("SpeechResult", "Yes.")]).await;
        assert_eq!(inserts().await, before);
        say(&app, &next(&asked), &call, &[("SpeechResult", answer)]).await;
        assert_eq!(inserts().await - before, usize::from(is_done), "{answer}");
    }
    let offered = model.offered.lock().unwrap();
    let public = ["google-calendar__create", "call__hang_up"];
    assert!(
        offered
            .iter()
            .all(|names| names.is_empty() || *names == public),
        "{offered:?}"
    );
}
