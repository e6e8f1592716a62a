//! A call's webhooks in any order, repeated, late, and all at once: one effect, and an ended call stays ended.

use crate::{
    test_app::{Answer, TestApp, unique},
    twilio_request::signed,
};
use casp_store::{
    jobs::{self, NewJob},
    sessions::{self, SessionState},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// So many streams within two minutes end a call, too.
const MOST_STREAMS: usize = 10;

/// A webhook of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Webhook {
    Voice,
    Routing,
    Resume,
    Status(&'static str),
    OtherStatus(&'static str),
    Recording,
    RecordingBegins,
}

impl Webhook {
    fn any() -> impl Strategy<Value = Self> {
        let status = prop::sample::select(vec![
            "queued",
            "initiated",
            "ringing",
            "in-progress",
            "",
            "nonsense",
            "completed",
            "busy",
            "failed",
            "no-answer",
            "canceled",
        ]);
        prop_oneof![
            3 => Just(Self::Voice),
            1 => Just(Self::Routing),
            2 => Just(Self::Resume),
            3 => status.clone().prop_map(Self::Status),
            1 => status.prop_map(Self::OtherStatus),
            2 => Just(Self::Recording),
            1 => Just(Self::RecordingBegins),
        ]
    }

    fn is_final(self) -> bool {
        let (Self::Status(status) | Self::OtherStatus(status)) = self else {
            return false;
        };
        matches!(
            status,
            "completed" | "busy" | "failed" | "no-answer" | "canceled"
        )
    }

    /// Whether the call is known after it.
    fn announces(self) -> bool {
        matches!(self, Self::Voice | Self::Routing) || self.is_final()
    }

    async fn send(self, app: &TestApp, call: &str) -> Answer {
        let recording = format!("RE{call}");
        let recording = recording.as_str();
        let (path, more): (String, &[(&str, &str)]) = match self {
            Self::Voice => ("/twilio/voice".into(), &[("CallStatus", "ringing")]),
            Self::Routing => ("/twilio/routing".into(), &[("Digits", "1")]),
            Self::Resume => (
                format!("/twilio/resume/{call}"),
                &[("CallStatus", "in-progress")],
            ),
            Self::Status(status) => ("/twilio/status".into(), &[("CallStatus", status)]),
            Self::OtherStatus(status) => ("/twilio-callback".into(), &[("CallStatus", status)]),
            Self::Recording => (
                "/recording-callback".into(),
                &[
                    ("RecordingSid", recording),
                    ("RecordingStatus", "completed"),
                    ("RecordingDuration", "7"),
                ],
            ),
            Self::RecordingBegins => (
                "/recording-callback".into(),
                &[
                    ("RecordingSid", recording),
                    ("RecordingStatus", "in-progress"),
                ],
            ),
        };
        let form: Vec<(&str, &str)> = [
            ("CallSid", call),
            ("From", "+15551230001"),
            ("To", "+15551230002"),
        ]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
        let answer = signed(app, &path, &form).await;
        assert!(
            answer.status.is_success() || answer.status == 404,
            "{self:?}: {answer:?}"
        );
        answer
    }
}

/// Whether the recording of the call is to be fetched; one key is one job.
async fn is_recorded(app: &TestApp, call: &str) -> bool {
    let same = NewJob {
        kind: "fetch-recording",
        account: None,
        key: Some(format!("RE{call}")),
        payload: serde_json::json!({}),
        run_at_ms: i64::MAX,
        max_attempts: 1,
    };
    !jobs::enqueue(&app.store, &same, 0).await.unwrap().is_new
}

async fn state_of(app: &TestApp, call: &str) -> Option<SessionState> {
    let id = format!("phone-{call}");
    let session = sessions::get(&app.store, &id).await.unwrap();
    session.map(|session| session.state)
}

/// One after the other: each answer, and what is left.
async fn in_order(app: &TestApp, webhooks: &[Webhook]) {
    let call = unique("CA");
    let (mut is_known, mut is_over, mut is_recorded) = (false, false, false);
    for webhook in webhooks {
        let answer = webhook.send(app, &call).await;
        if is_over {
            assert!(
                !answer.text.contains("<Stream"),
                "{webhook:?} revived the call: {}",
                answer.text
            );
        }
        if matches!(webhook, Webhook::Recording | Webhook::RecordingBegins) {
            assert_eq!(answer.status.is_success(), is_known, "{webhook:?}");
        }
        is_recorded |= *webhook == Webhook::Recording && is_known;
        is_over |= webhook.is_final();
        is_known |= webhook.announces();
    }
    let expected = match (is_known, is_over) {
        (_, true) => Some(SessionState::Ended),
        (true, false) => Some(SessionState::Announced),
        (false, false) => None,
    };
    let state = state_of(app, &call).await;
    assert!(
        state == expected
            || (is_known
                && state == Some(SessionState::Ended)
                && streams(webhooks) >= MOST_STREAMS),
        "{state:?} instead of {expected:?}"
    );
    assert_eq!(self::is_recorded(app, &call).await, is_recorded);
}

fn streams(webhooks: &[Webhook]) -> usize {
    let is_stream =
        |webhook: &&Webhook| matches!(webhook, Webhook::Voice | Webhook::Routing | Webhook::Resume);
    webhooks.iter().filter(is_stream).count()
}

/// Each of them would begin a stream.
const LATE: [Webhook; 3] = [Webhook::Voice, Webhook::Routing, Webhook::Resume];

/// All at once, as from several connections of Twilio's.
async fn at_once(app: &TestApp, webhooks: &[Webhook]) {
    let call = unique("CA");
    futures_util::future::join_all(webhooks.iter().map(|webhook| webhook.send(app, &call))).await;
    let state = state_of(app, &call).await;
    if webhooks.iter().any(|webhook| webhook.is_final()) {
        assert_eq!(state, Some(SessionState::Ended));
    }
    for webhook in LATE {
        let late = webhook.send(app, &call).await;
        assert!(
            state != Some(SessionState::Ended) || !late.text.contains("<Stream"),
            "{webhook:?}"
        );
    }
    let after = state_of(app, &call).await;
    assert!(
        (after == Some(SessionState::Ended)) == (state == Some(SessionState::Ended))
            || streams(webhooks) + LATE.len() >= MOST_STREAMS,
        "{state:?} became {after:?}"
    );
}

fn any_order_has_one_effect(app: impl Future<Output = TestApp>, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(app);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(Webhook::any(), 1..12), |webhooks| {
            runtime.block_on(async {
                app.worker(10_000).await;
                in_order(&app, &webhooks).await;
                at_once(&app, &webhooks).await;
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn webhooks_in_any_order_have_one_effect_on_sqlite() {
    any_order_has_one_effect(TestApp::production(), 48);
}

#[test]
fn webhooks_in_any_order_have_one_effect_on_postgresql() {
    any_order_has_one_effect(TestApp::on_postgres(), 24);
}
