use super::*;
use crate::session::{claim::Claim, guard::Guard};
use argon2::PasswordHasher as _;
use casp_conversation::{Assistant, Prepared, ToolKind, ToolOutcome, ToolStatus, Tools};
use casp_providers::ToolSpec;
use casp_store::sessions::{self, NewSession};
use serde_json::{Value, json};
use std::sync::Mutex;

const ANNS_NUMBER: &str = "+15550001111";
const BRIDGE: &str = "caller-7f3";

/// An account whose end user Ann has a telephone and the PIN 4071, and a call from some number.
struct Call {
    store: Store,
    session: Session,
    principals: Principals,
    _folder: tempfile::TempDir,
}

async fn call_from(number: &str) -> Call {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/casp.db", folder.path().display());
    let store = Store::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    let account = accounts::ensure(&store, "owner@example.com", None, false)
        .await
        .unwrap()
        .id;
    let link = identities::add(&store, account, Channel::Phone, ANNS_NUMBER, "ann", 1)
        .await
        .unwrap();
    identities::vouch(&store, account, &link.id, 1)
        .await
        .unwrap();
    let pin = Argon2::default().hash_password(b"4071").unwrap();
    pins::set(&store, account, "ann", &pin.to_string(), 1)
        .await
        .unwrap();
    let new = NewSession {
        id: "phone-CA1".into(),
        account,
        kind: SessionKind::Phone,
        room_name: "twilio-CA1".into(),
        from: number.into(),
        to: "+15550002222".into(),
        assistant: "default".into(),
        overrides: json!({}),
    };
    let session = sessions::announce(&store, &new, 1).await.unwrap();
    let principals = Principals::of(&store, &session).await;
    Call {
        store,
        session,
        principals,
        _folder: folder,
    }
}

impl Call {
    /// Keys a PIN at a time (Unix milliseconds); `None` when these digits are none.
    async fn key(&mut self, digits: &str, at: i64) -> Option<PinCheck> {
        let (account, resource) = self.principals.pin_of(BRIDGE, digits)?;
        let check = check_pin(&self.store, account, &resource, digits.to_owned(), at).await;
        if check == PinCheck::Right {
            self.principals.caller_is_verified();
        }
        Some(check)
    }

    /// What comes of asking for the mail, and in whose name it was looked at, if it was.
    async fn ask_for_mail(&self, identity: &str) -> (ToolOutcome, Option<Speaker>) {
        let assistant = Assistant::builtin("default").unwrap().clone();
        self.ask_for_mail_of(assistant, identity).await
    }

    async fn ask_for_mail_of(
        &self,
        assistant: Assistant,
        identity: &str,
    ) -> (ToolOutcome, Option<Speaker>) {
        let mailbox = Arc::new(Mailbox::default());
        let claim = Claim {
            row: None,
            assistant,
            past: Vec::new(),
            principals: self.principals.clone(),
        };
        let guard = Guard::new(mailbox.clone(), &claim);
        let speaker = self.principals.speaker(identity.into(), false);
        let outcome = match guard.prepare(&speaker, "gmail__unread", json!({})).await {
            Prepared::Ready { arguments, .. } => {
                guard.call(&speaker, "gmail__unread", arguments).await
            }
            Prepared::Refused(outcome) => outcome,
        };
        let asked = mailbox.0.lock().unwrap().take();
        (outcome, asked)
    }
}

/// Remembers in whose name it was asked.
#[derive(Debug, Default)]
struct Mailbox(Mutex<Option<Speaker>>);

#[async_trait::async_trait]
impl Tools for Mailbox {
    fn specs(&self) -> Vec<ToolSpec> {
        Vec::new()
    }
    fn kind(&self, _name: &str) -> ToolKind {
        ToolKind::Read
    }
    async fn prepare(&self, _speaker: &Speaker, _name: &str, arguments: Value) -> Prepared {
        Prepared::unasked(arguments)
    }
    async fn call(&self, speaker: &Speaker, _name: &str, _arguments: Value) -> ToolOutcome {
        *self.0.lock().unwrap() = Some(speaker.clone());
        ToolOutcome::succeeded(json!("mail"))
    }
}

#[tokio::test]
async fn a_stranger_who_dials_has_nobodys_mail() {
    for number in ["+15559998888", "", "anonymous", "sip:ann@example.com", "\0"] {
        let mut call = call_from(number).await;
        let (_, asked) = call.ask_for_mail(BRIDGE).await;
        assert_eq!(asked, Some(Speaker::stranger(BRIDGE)), "{number:?}");
        assert_eq!(call.key("4071", 2).await, None, "and no PIN to guess");
    }
}

#[tokio::test]
async fn a_number_alone_proves_nothing() {
    let call = call_from(ANNS_NUMBER).await;
    let speaker = call.principals.speaker(BRIDGE.into(), false);
    assert_eq!(
        (speaker.resource.as_deref(), speaker.is_verified),
        (Some("ann"), false)
    );
    let (outcome, asked) = call.ask_for_mail(BRIDGE).await;
    assert_eq!((outcome.status, asked), (ToolStatus::Failed, None));
    assert!(outcome.error.unwrap().contains("key it in"));
}

#[tokio::test]
async fn the_right_pin_is_asked_for_once_a_call() {
    let mut call = call_from(ANNS_NUMBER).await;
    assert_eq!(
        call.key("4071", 2).await,
        None,
        "nobody asked for it: digits like others"
    );
    call.ask_for_mail(BRIDGE).await;
    assert_eq!(call.key("12", 2).await, None, "too short for a PIN");
    assert_eq!(call.key("4071", 3).await, Some(PinCheck::Right));
    for _ in 0..2 {
        let (outcome, asked) = call.ask_for_mail(BRIDGE).await;
        assert_eq!(outcome.status, ToolStatus::Succeeded);
        assert_eq!(asked.unwrap().resource.as_deref(), Some("ann"));
    }
    assert_eq!(call.key("4071", 4).await, None);
    // Twilio brought the same call back by another bridge.
    let (_, asked) = call.ask_for_mail("caller-9a1").await;
    assert!(asked.unwrap().is_verified);
    // The next call begins anew.
    let next = Principals::of(&call.store, &call.session).await;
    assert!(!next.speaker(BRIDGE.into(), false).is_verified);
}

#[tokio::test]
async fn five_wrong_pins_lock_the_right_one_out() {
    let mut call = call_from(ANNS_NUMBER).await;
    call.ask_for_mail(BRIDGE).await;
    for attempt in 0..5 {
        let wrong = call.key("4072", 10 + attempt).await;
        assert_eq!(wrong, Some(PinCheck::Wrong));
    }
    assert_eq!(call.key("4071", 20).await, Some(PinCheck::Locked));
    let (outcome, asked) = call.ask_for_mail(BRIDGE).await;
    assert_eq!((outcome.status, asked), (ToolStatus::Failed, None));
}

#[tokio::test]
async fn a_second_person_in_the_room_is_not_the_first() {
    let mut call = call_from(ANNS_NUMBER).await;
    call.ask_for_mail(BRIDGE).await;
    call.key("4071", 2).await;
    assert!(call.principals.speaker(BRIDGE.into(), false).is_verified);
    let (_, asked) = call.ask_for_mail("bob").await;
    assert_eq!(asked, Some(Speaker::stranger("bob")));
    assert_eq!(call.principals.pin_of("bob", "4071"), None);
}

#[tokio::test]
async fn who_begins_a_session_for_an_end_user_speaks_as_that_one() {
    let call = call_from(ANNS_NUMBER).await;
    let mut session = call.session.clone();
    let own = call.principals.own().unwrap();
    for (named, expected) in [("bob", "bob"), (&*own.to_uppercase(), &*own)] {
        session.overrides = json!({"resource": named});
        let principals = Principals::of(&call.store, &session).await;
        let speaker = principals.speaker(BRIDGE.into(), true);
        assert_eq!(
            (speaker.resource.as_deref(), speaker.is_verified),
            (Some(expected), true)
        );
        assert_eq!(
            principals.own(),
            Some(own.clone()),
            "what is public stays the account's"
        );
        assert_eq!(
            principals.speaker("guest".into(), false),
            Speaker::stranger("guest")
        );
    }
}

#[tokio::test]
async fn the_account_is_itself_and_its_guests_are_strangers() {
    let call = call_from(ANNS_NUMBER).await;
    let owner = call.principals.speaker("owner's browser".into(), true);
    assert_eq!(
        (owner.resource.as_deref(), owner.is_verified),
        (Some("owner@example.com"), true)
    );
    let colleague = call.principals.speaker("owner@example.com".into(), false);
    assert_eq!(colleague, Speaker::stranger("owner@example.com"));
    // A room without a session belongs to nobody.
    let nobody = Principals::default().speaker("x".into(), true);
    assert_eq!(nobody, Speaker::stranger("x"));
}

#[tokio::test]
async fn what_is_public_is_done_by_the_account_itself() {
    let front_desk = Assistant {
        public_actions: vec!["gmail.unread".into()],
        ..Assistant::builtin("default").unwrap().clone()
    };
    for number in ["+15559998888", ANNS_NUMBER] {
        let call = call_from(number).await;
        let (_, asked) = call.ask_for_mail_of(front_desk.clone(), BRIDGE).await;
        let asked = asked.unwrap();
        assert_eq!(asked.resource.as_deref(), Some("owner@example.com"));
        assert!(!asked.is_verified);
    }
}
