use super::*;
use crate::session::{
    claim::Claim,
    guard::Guard,
    inbox::Report,
    proofs::{self, ProofCheck},
};
use argon2::{Argon2, PasswordHasher as _};
use casp_conversation::{Assistant, Prepared, ToolKind, ToolOutcome, ToolStatus, Tools};
use casp_providers::ToolSpec;
use casp_store::{
    call_codes::{self, SentBy},
    identities::Channel,
    sessions::{self, NewSession, SessionKind},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::Receiver;

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
    call_with_pin(number, Some("4071")).await
}

async fn call_with_pin(number: &str, pin: Option<&str>) -> Call {
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
    if let Some(pin) = pin {
        pins::set(&store, account, "ann", &hash(pin), 1)
            .await
            .unwrap();
    }
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

fn hash(secret: &str) -> String {
    let hash = Argon2::default().hash_password(secret.as_bytes());
    hash.unwrap().to_string()
}

impl Call {
    /// A code is sent, which is good until then.
    async fn is_sent(&self, code: &str, until: i64) {
        let (store, session) = (&self.store, &self.session);
        assert!(
            call_codes::want(store, session.account, &session.id, 1)
                .await
                .unwrap()
        );
        call_codes::set(store, &session.id, &hash(code), until, 3)
            .await
            .unwrap();
        call_codes::settle(store, &session.id, Some(SentBy::Message))
            .await
            .unwrap();
    }

    /// Keys a PIN or code at a time (Unix milliseconds); `None` when these digits are none.
    async fn key(&mut self, digits: &str, at: i64) -> Option<ProofCheck> {
        let proof = self.principals.proof_of(BRIDGE, digits)?;
        let id = &self.session.id;
        let check = proofs::check(&self.store, id, proof, digits.to_owned(), at).await;
        if check == ProofCheck::Right {
            self.principals.caller_is_verified();
        }
        Some(check)
    }

    fn guard(&self, assistant: Assistant, tools: Arc<Mailbox>) -> (Guard, Receiver<Report>) {
        let claim = Claim {
            row: None,
            assistant,
            past: Vec::new(),
            principals: self.principals.clone(),
        };
        let (reports, inbox) = tokio::sync::mpsc::channel(8);
        (Guard::new(tools, &claim, reports), inbox)
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
        let (guard, mut inbox) = self.guard(assistant, mailbox.clone());
        let speaker = self.principals.speaker(identity.into(), false);
        let outcome = match guard.prepare(&speaker, "gmail__unread", json!({})).await {
            Prepared::Ready { arguments, .. } => {
                guard.call(&speaker, "gmail__unread", arguments).await
            }
            Prepared::Refused(outcome) => outcome,
        };
        if let Ok(Report::CodeWanted) = inbox.try_recv() {
            self.principals.wanted().set_code(true);
        }
        let asked = mailbox.0.lock().unwrap().take();
        (outcome, asked)
    }
}

/// Remembers in whose name it was asked.
#[derive(Debug, Default)]
struct Mailbox(Mutex<Option<Speaker>>);

#[async_trait::async_trait]
impl Tools for Mailbox {
    async fn specs(&self, speaker: &Speaker) -> Vec<ToolSpec> {
        let spec = |name: &str| ToolSpec {
            name: name.into(),
            description: format!("{:?} {}", speaker.resource, speaker.is_verified),
            parameters: json!({"type": "object", "properties": {}}),
        };
        ["gmail__unread", "gmail__send"].map(spec).to_vec()
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
    assert_eq!(call.key("4071", 3).await, Some(ProofCheck::Right));
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
        assert_eq!(wrong, Some(ProofCheck::WrongPin));
    }
    assert_eq!(call.key("4071", 20).await, Some(ProofCheck::PinLocked));
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
    assert_eq!(call.principals.proof_of("bob", "4071"), None);
}

#[tokio::test]
async fn who_begins_a_session_for_an_end_user_speaks_as_that_one() {
    let call = call_from(ANNS_NUMBER).await;
    let mut session = call.session.clone();
    let own = call.principals.own().unwrap();
    for (named, expected) in [
        ("bob", "bob"),
        ("Bob@Example.org", "bob@example.org"),
        (&*own.to_uppercase(), &*own),
    ] {
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
async fn tools_are_offered_as_those_in_whose_name_they_would_run() {
    const ACCOUNTS: &str = r#"Some("owner@example.com") true"#;
    let assistant = Assistant {
        public_actions: vec!["gmail.unread".into()],
        ..Assistant::builtin("default").unwrap().clone()
    };
    let (anns, proven) = (r#"Some("ann") false"#, r#"Some("ann") true"#);
    for (number, has_proof, public, private) in [
        ("+15559998888", false, ACCOUNTS, "None false"),
        (ANNS_NUMBER, false, ACCOUNTS, anns),
        (ANNS_NUMBER, true, proven, proven),
    ] {
        let mut call = call_from(number).await;
        if has_proof {
            call.principals.caller_is_verified();
        }
        let (guard, _inbox) = call.guard(assistant.clone(), Arc::default());
        let speaker = call.principals.speaker(BRIDGE.into(), false);
        let specs = guard.specs(&speaker).await;
        let offered: Vec<_> = specs.iter().map(|spec| spec.description.as_str()).collect();
        assert_eq!(offered, [public, private], "{number} {has_proof}");
    }
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

#[tokio::test]
async fn without_a_pin_the_code_that_was_sent_proves_it() {
    let mut call = call_with_pin(ANNS_NUMBER, None).await;
    assert_eq!(
        call.key("123456", 2).await,
        None,
        "nobody asked for it: digits like others"
    );
    let (outcome, asked) = call.ask_for_mail(BRIDGE).await;
    assert_eq!((outcome.status, asked), (ToolStatus::Failed, None));
    assert!(outcome.error.unwrap().contains("sending you a code"));
    assert_eq!(call.key("123456", 3).await, Some(ProofCheck::NoCode));
    call.is_sent("123456", 1_000).await;
    let (outcome, _) = call.ask_for_mail(BRIDGE).await;
    assert!(outcome.error.unwrap().contains("code that I have sent"));
    assert_eq!(call.key("12345", 4).await, Some(ProofCheck::WrongCode));
    assert_eq!(call.key("654321", 4).await, Some(ProofCheck::WrongCode));
    assert_eq!(call.key("123456", 5).await, Some(ProofCheck::Right));
    let (_, asked) = call.ask_for_mail(BRIDGE).await;
    assert_eq!(asked.unwrap().resource.as_deref(), Some("ann"));
    assert_eq!(call.key("123456", 6).await, None, "it is spent");
}

#[tokio::test]
async fn three_wrong_codes_are_the_end_of_the_right_one() {
    let mut call = call_with_pin(ANNS_NUMBER, None).await;
    call.ask_for_mail(BRIDGE).await;
    call.is_sent("123456", 1_000).await;
    for _ in 0..3 {
        assert_eq!(call.key("000000", 2).await, Some(ProofCheck::WrongCode));
    }
    assert_eq!(call.key("123456", 2).await, Some(ProofCheck::NoCode));
    // Another one, of which a call gets three at most.
    call.is_sent("222222", 1_000).await;
    assert_eq!(call.key("123456", 3).await, Some(ProofCheck::WrongCode));
    call.is_sent("333333", 1_000).await;
    let (store, session) = (&call.store, &call.session);
    let more = call_codes::want(store, session.account, &session.id, 4).await;
    assert!(!more.unwrap());
    assert_eq!(call.key("333333", 5).await, Some(ProofCheck::Right));
}

#[tokio::test]
async fn a_code_that_comes_too_late_is_none() {
    let mut call = call_with_pin(ANNS_NUMBER, None).await;
    call.ask_for_mail(BRIDGE).await;
    call.is_sent("123456", 1_000).await;
    assert_eq!(call.key("123456", 1_000).await, Some(ProofCheck::NoCode));
}

#[tokio::test]
async fn a_code_is_good_in_its_own_call_alone() {
    let mut call = call_with_pin(ANNS_NUMBER, None).await;
    call.ask_for_mail(BRIDGE).await;
    call.is_sent("123456", 1_000).await;
    call.session.id = "phone-CA2".into();
    assert_eq!(call.key("123456", 2).await, Some(ProofCheck::NoCode));
}

#[tokio::test]
async fn a_telephone_linked_next_door_is_a_strangers_here() {
    let call = call_from(ANNS_NUMBER).await;
    let neighbour = accounts::ensure(&call.store, "next@example.com", None, false).await;
    let session = Session {
        account: neighbour.unwrap().id,
        ..call.session.clone()
    };
    let principals = Principals::of(&call.store, &session).await;
    assert_eq!(
        principals.speaker(BRIDGE.into(), false),
        Speaker::stranger(BRIDGE)
    );
    principals.wanted().set_code(true);
    assert_eq!(principals.proof_of(BRIDGE, "123456"), None);
}

#[tokio::test]
async fn a_code_may_stand_in_for_a_pin_that_is_not_at_hand() {
    let mut call = call_from(ANNS_NUMBER).await;
    call.ask_for_mail(BRIDGE).await;
    call.principals.wanted().set_code(true);
    call.is_sent("123456", 1_000).await;
    assert_eq!(call.key("4072", 2).await, Some(ProofCheck::WrongPin));
    assert_eq!(call.key("123456", 3).await, Some(ProofCheck::Right));
}

#[tokio::test]
async fn strangers_put_through_only_where_everybody_may() {
    let call = call_from("+15559998888").await;
    let ask = async |public: &[&str]| {
        let assistant = Assistant {
            allowed_actions: vec!["call.*".into()],
            public_actions: public.iter().map(|name| (*name).to_owned()).collect(),
            ..Assistant::builtin("default").unwrap().clone()
        };
        let claim = Claim {
            row: None,
            assistant,
            past: Vec::new(),
            principals: call.principals.clone(),
        };
        let (reports, _inbox) = tokio::sync::mpsc::channel(8);
        let guard = Guard::new(Arc::new(Mailbox::default()), &claim, reports);
        let stranger = call.principals.speaker(BRIDGE.into(), false);
        let mut may = Vec::new();
        for name in ["call__transfer", "call__send_dtmf", "call__hang_up"] {
            let prepared = guard.prepare(&stranger, name, json!({})).await;
            may.push(matches!(prepared, Prepared::Ready { .. }));
        }
        may
    };
    assert_eq!(ask(&[]).await, [false, false, true]);
    assert_eq!(ask(&["call.transfer"]).await, [true, false, true]);
    assert_eq!(ask(&["call.*"]).await, [true, true, true]);
}
