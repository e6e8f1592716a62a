//! The offline default: the rule-based assistant with the tools of an account that has connected nothing.

use casp_actions::{
    AccessToken, ActionContext, ActionServices, Endpoints, Failure, Owner, Provider, TokenError,
    TokenSource,
};
use casp_conversation::{
    Action, ActionName, Assistant, Conversation, NoTools, Prepared, ReplyEvent, Speaker, ToolKind,
    ToolOutcome, ToolSet, Tools,
};
use casp_providers::{ToolSpec, builtin::assistant::RuleBased};
use casp_store::{AccountId, Store};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn conversation(tools: Arc<dyn Tools>) -> Conversation {
    let assistant = Assistant::builtin("default")
        .expect("it is built in")
        .clone();
    let now = "2025-06-03T10:05:00Z[UTC]".parse().expect("a time");
    Conversation::new(assistant, Arc::new(RuleBased::new()), tools, now)
}

/// What is connected; without, nobody ever learns.
#[derive(Debug)]
struct Connected(Option<Vec<Provider>>);

#[async_trait::async_trait]
impl TokenSource for Connected {
    async fn token(&self, _: &Owner, provider: Provider) -> Result<AccessToken, TokenError> {
        Err(TokenError::NotConnected(provider))
    }
    async fn renewed(
        &self,
        _: &Owner,
        provider: Provider,
        _: &AccessToken,
    ) -> Result<AccessToken, TokenError> {
        Err(TokenError::NotConnected(provider))
    }
    async fn connected(&self, _: &Owner) -> Result<Vec<Provider>, TokenError> {
        match &self.0 {
            Some(connected) => Ok(connected.clone()),
            None => std::future::pending().await,
        }
    }
}

async fn tools() -> Arc<dyn Tools> {
    tools_with(Some(Vec::new())).await
}

async fn tools_with(connected: Option<Vec<Provider>>) -> Arc<dyn Tools> {
    let context = ActionContext {
        services: Arc::new(ActionServices {
            tokens: Arc::new(Connected(connected)),
            http: reqwest::Client::new(),
            endpoints: Endpoints::default(),
            store: Store::connect("sqlite::memory:").await.expect("a database"),
            language_model: Arc::new(RuleBased::new()),
            now: Timestamp::now,
        }),
        account: AccountId(1),
        zone: TimeZone::UTC,
        session: None,
    };
    let assistant = Assistant::builtin("default").expect("it is built in");
    let actions = casp_actions::actions(&context);
    Arc::new(ToolSet::for_assistant(assistant, actions).short_of_connections(context))
}

/// Says something, and gives what is spoken and whether the conversation is over.
async fn turn(conversation: &mut Conversation, text: &str) -> (Vec<String>, bool) {
    let mut reply = conversation.reply(&Speaker::stranger("ann"), text);
    reply.allow_writes();
    let (mut clauses, mut is_over) = (Vec::new(), false);
    while let Some(event) = reply.next().await {
        match event {
            ReplyEvent::Clause(clause) => clauses.push(clause),
            ReplyEvent::HangUp => is_over = true,
            ReplyEvent::Done(outcome) => conversation.commit(outcome),
            ReplyEvent::Failed(error) => panic!("{error}"),
            _ => {}
        }
    }
    (clauses, is_over)
}

#[tokio::test]
async fn asked_for_the_calendar_it_says_that_none_is_connected_and_how_to_connect_one() {
    let (clauses, is_over) = turn(
        &mut conversation(tools().await),
        "what is on my calendar today",
    )
    .await;
    assert_eq!(
        clauses,
        [
            "No Google Calendar is connected yet.",
            "You can connect one at /v1/oauth/connect/google-calendar.",
        ]
    );
    assert!(!is_over);
    let (clauses, _) = turn(
        &mut conversation(Arc::new(NoTools)),
        "what is on my calendar today",
    )
    .await;
    assert_eq!(
        clauses[0],
        "No Google Calendar is connected to this conversation."
    );
}

#[tokio::test]
async fn a_conversation_goes_from_hello_to_goodbye() {
    let mut conversation = conversation(tools().await);
    assert_eq!(
        turn(&mut conversation, "hello").await.0,
        ["Hello!", "How can I help you?"]
    );
    assert_eq!(
        turn(&mut conversation, "send a mail").await.0,
        ["Who should get it?"]
    );
    assert_eq!(
        turn(&mut conversation, "John").await.0,
        ["What should it say?"]
    );
    assert_eq!(
        turn(&mut conversation, "we won").await.0[0],
        "No Gmail account is connected yet."
    );
    assert_eq!(
        turn(&mut conversation, "say that again").await.0[0],
        "No Gmail account is connected yet."
    );
    assert_eq!(
        turn(&mut conversation, "goodbye").await,
        (vec!["Goodbye, and have a nice day.".to_owned()], true)
    );
}

#[tokio::test]
async fn what_is_not_connected_is_offered_in_a_few_words() {
    let tools = tools_with(Some(vec![Provider::Gmail])).await;
    let ann = Speaker {
        identity: "ann".into(),
        resource: Some("ann@example.com".into()),
        is_verified: true,
    };
    let specs = tools.specs(&ann).await;
    assert!(specs.iter().any(|spec| spec.name == "slack__send"));
    for spec in &specs {
        let name = ActionName::from_tool(&spec.name);
        assert!(spec.parameters["properties"].is_object(), "{name}");
        let is_whole = !spec.description.starts_with("Not connected");
        let is_at_hand = matches!(name.provider(), "gmail" | "call");
        assert_eq!(is_whole, is_at_hand, "{name}");
    }
    let bytes = |specs: &[ToolSpec]| -> usize {
        let parts = specs
            .iter()
            .map(|spec| spec.description.len() + spec.parameters.to_string().len());
        parts.sum()
    };
    let all = tools_with(Some(Provider::ALL.to_vec())).await;
    let all = all.specs(&ann).await;
    assert_eq!(all.len(), specs.len());
    assert!(bytes(&all) > 3 * bytes(&specs));

    // Who has not proven who they are learns nothing of it, and a database that stalls holds nothing up.
    let unproven = Speaker {
        is_verified: false,
        ..ann.clone()
    };
    assert_eq!(tools.specs(&unproven).await, all);
    assert_eq!(tools_with(None).await.specs(&ann).await, all);

    // The model has not seen what they need.
    for tool in ["slack__send", "google-drive__search"] {
        let Prepared::Refused(outcome) = tools.prepare(&ann, tool, json!({})).await else {
            panic!("{tool} is not connected");
        };
        assert_eq!(outcome.failure, Some(Failure::NotConnected), "{tool}");
    }
}

/// A connected mail account.
#[derive(Debug)]
struct SendMail {
    name: ActionName,
    sent: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Action for SendMail {
    fn name(&self) -> &ActionName {
        &self.name
    }
    fn description(&self) -> &'static str {
        "Sends a mail."
    }
    fn parameters(&self) -> Value {
        json!({"type": "object"})
    }
    fn kind(&self) -> ToolKind {
        ToolKind::Write
    }
    async fn prepare(&self, _speaker: &Speaker, arguments: Value) -> Prepared {
        let (to, body) = (&arguments["to"], &arguments["body"]);
        let question = Some(format!("Shall I write {body} to {to}?"));
        Prepared::Ready {
            arguments,
            question,
        }
    }
    async fn run(&self, speaker: &Speaker, arguments: Value) -> ToolOutcome {
        let mail = format!("{}: {arguments}", speaker.identity);
        self.sent.lock().unwrap().push(mail);
        ToolOutcome::succeeded(json!({"id": 1}))
    }
}

#[tokio::test]
async fn a_mail_is_sent_after_a_yes_and_not_before() {
    let mail = Arc::new(SendMail {
        name: ActionName::new("gmail.send"),
        sent: Mutex::default(),
    });
    let tools = ToolSet::for_assistant(Assistant::builtin("default").unwrap(), Vec::new())
        .with(mail.clone());
    let mut conversation = conversation(Arc::new(tools));
    let wish = "send a mail to John saying we won";
    let question = [r#"Shall I write "We won" to "John"?"#];
    assert_eq!(turn(&mut conversation, wish).await.0, question);
    assert_eq!(
        turn(&mut conversation, "no thanks").await.0,
        ["All right.", "Let me know if you need anything."]
    );
    assert_eq!(turn(&mut conversation, wish).await.0, question);
    assert_eq!(turn(&mut conversation, "what time is it").await.0.len(), 1);
    assert!(turn(&mut conversation, "yes").await.0[0].starts_with("All right."));
    assert!(mail.sent.lock().unwrap().is_empty());

    assert_eq!(turn(&mut conversation, wish).await.0, question);
    assert_eq!(
        turn(&mut conversation, "yes please").await.0,
        ["Done.", "Your message is sent."]
    );
    assert_eq!(
        *mail.sent.lock().unwrap(),
        [r#"ann: {"body":"We won","to":"John"}"#]
    );
}
