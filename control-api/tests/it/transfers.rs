//! Calls that an agent has put through.

use crate::{
    test_app::{Answer, TestApp, now_ms, unique},
    twilio_request::{signed, stream_token},
};
use casp_store::{
    ceilings::{self, AccountLimits, Ceiling, Resource},
    do_not_call,
    sessions::{self, Session, SessionState},
    transfers::{self, TransferFailure, TransferState},
};

const CALLER: &str = "+15551230001";
const SALES: &str = "+15551230009";

/// A call that an agent talks in.
struct Call {
    app: TestApp,
    sid: String,
}

impl Call {
    async fn of(caller: &str) -> Self {
        let app = TestApp::production().await;
        app.worker(1).await;
        let sid = unique("CA");
        let form = [("CallSid", &*sid), ("From", caller), ("To", "+15551230002")];
        signed(&app, "/twilio/voice", &form).await;
        Self { app, sid }
    }

    fn session_id(&self) -> String {
        format!("phone-{}", self.sid)
    }

    async fn session(&self) -> Session {
        let session = sessions::get(&self.app.store, &self.session_id()).await;
        session.unwrap().unwrap()
    }

    async fn is_wanted(&self, number: &str) {
        let (store, id) = (&self.app.store, self.session_id());
        let wanted = transfers::want(store, &id, number, now_ms()).await;
        assert!(wanted.unwrap());
    }

    async fn state(&self) -> TransferState {
        let state = transfers::state(&self.app.store, &self.session_id()).await;
        state.unwrap().unwrap()
    }

    /// Twilio asks how the call goes on.
    async fn goes_on(&self) -> Answer {
        let path = format!("/twilio/resume/{}", self.sid);
        signed(&self.app, &path, &[("CallStatus", "in-progress")]).await
    }

    /// Twilio tells what became of the dialling.
    async fn dialed(&self, status: &str) -> Answer {
        let path = format!("/twilio/transferred/{}", self.sid);
        let form = [("CallStatus", "in-progress"), ("DialCallStatus", status)];
        signed(&self.app, &path, &form).await
    }

    async fn calls_today(&self) -> i64 {
        let (store, account) = (&self.app.store, self.app.account);
        let used = ceilings::used_today(store, account, Resource::Calls, now_ms());
        used.await.unwrap()
    }
}

#[tokio::test]
async fn whom_the_agent_wrote_down_is_dialled_once() {
    let call = Call::of(CALLER).await;
    call.is_wanted(SALES).await;
    let dial = call.goes_on().await;
    insta::assert_snapshot!(dial.text.replace(&call.sid, "CA1"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Dial callerId="+15551230001" timeout="20" timeLimit="3600" action="https://voice.example.com/twilio/transferred/CA1"><Number>+15551230009</Number></Dial></Response>
    "#);
    assert_eq!(call.state().await, TransferState::Dialing);
    // Our answer was lost, and Twilio asks once more.
    assert_eq!(call.goes_on().await.text, dial.text);
    assert_eq!(call.calls_today().await, 1, "it is one call");
    let over = call.dialed("completed").await;
    assert!(over.text.contains("<Hangup/>"), "{}", over.text);
    let session = call.session().await;
    assert_eq!(session.state, SessionState::Ended);
    assert_eq!(session.end_reason.as_deref(), Some("transferred"));
    assert_eq!(call.state().await, TransferState::Over);
}

#[tokio::test]
async fn who_is_not_reached_leaves_the_call_with_the_agent() {
    for (status, failure) in [
        ("no-answer", TransferFailure::NobodyThere),
        ("busy", TransferFailure::NobodyThere),
        ("failed", TransferFailure::Undialable),
        ("", TransferFailure::Undialable),
    ] {
        let call = Call::of(CALLER).await;
        call.is_wanted(SALES).await;
        call.goes_on().await;
        let answer = call.dialed(status).await;
        let again = stream_token(&answer.text);
        // Told twice it is the same.
        assert_ne!(stream_token(&call.dialed(status).await.text), again);
        assert_eq!(call.state().await, TransferState::Failed(failure));
        assert_ne!(call.session().await.state, SessionState::Ended, "{status}");
        // A stream that breaks later is no reason to dial again.
        stream_token(&call.goes_on().await.text);
    }
}

#[tokio::test]
async fn what_the_account_may_not_call_it_may_not_be_put_through_to() {
    for (number, is_on_the_list, calls_a_day) in [
        ("+19005550100", false, 100),
        (SALES, true, 100),
        (SALES, false, 0),
    ] {
        let call = Call::of(CALLER).await;
        let (store, account) = (&call.app.store, call.app.account);
        let limits = AccountLimits {
            calls: Some(Ceiling::AtMost(calls_a_day)),
            ..AccountLimits::default()
        };
        ceilings::set_limits(store, account, &limits).await.unwrap();
        if is_on_the_list {
            let reason = "They asked us not to call.";
            do_not_call::add(store, account, number, reason, now_ms())
                .await
                .unwrap();
        }
        call.is_wanted(number).await;
        stream_token(&call.goes_on().await.text);
        let expected = TransferState::Failed(TransferFailure::NotAllowed);
        assert_eq!(call.state().await, expected, "{number}");
        assert_eq!(call.calls_today().await, 0);
    }
}

#[tokio::test]
async fn the_two_talk_no_longer_than_the_account_may_today() {
    let call = Call::of(CALLER).await;
    let limits = AccountLimits {
        minutes: Some(Ceiling::AtMost(7)),
        ..AccountLimits::default()
    };
    let (store, account) = (&call.app.store, call.app.account);
    ceilings::set_limits(store, account, &limits).await.unwrap();
    call.is_wanted(SALES).await;
    let dial = call.goes_on().await;
    assert!(dial.text.contains(r#"timeLimit="420""#), "{}", dial.text);
}

#[tokio::test]
async fn a_wish_that_the_agent_did_not_live_to_leave_with_is_forgotten() {
    let call = Call::of(CALLER).await;
    let long_ago = now_ms() - 61_000;
    transfers::want(&call.app.store, &call.session_id(), SALES, long_ago)
        .await
        .unwrap();
    stream_token(&call.goes_on().await.text);
    assert_eq!(call.calls_today().await, 0);
}

#[tokio::test]
async fn a_caller_without_a_number_shows_ours() {
    for caller in ["anonymous", "sip:ann@example.org", ""] {
        let call = Call::of(caller).await;
        call.is_wanted(SALES).await;
        let dial = call.goes_on().await;
        let ours = r#"callerId="+15551230002""#;
        assert!(dial.text.contains(ours), "{}", dial.text);
    }
}

#[tokio::test]
async fn who_hangs_up_while_they_talk_was_put_through() {
    let call = Call::of(CALLER).await;
    call.is_wanted(SALES).await;
    call.goes_on().await;
    let form = [("CallSid", &*call.sid), ("CallStatus", "completed")];
    signed(&call.app, "/twilio/status", &form).await;
    let session = call.session().await;
    assert_eq!(session.end_reason.as_deref(), Some("transferred"));
    let late = call.dialed("completed").await;
    assert!(late.text.contains("<Hangup/>"), "{}", late.text);
}

#[tokio::test]
async fn minutes_without_the_agent_are_counted_too() {
    let call = Call::of(CALLER).await;
    let minutes = async || {
        let (store, account) = (&call.app.store, call.app.account);
        let used = ceilings::used_today(store, account, Resource::Minutes, now_ms());
        used.await.unwrap()
    };
    let ten_minutes_ago = now_ms() - 600_000;
    let (store, id) = (&call.app.store, call.session_id());
    transfers::want(store, &id, SALES, ten_minutes_ago)
        .await
        .unwrap();
    transfers::dial(store, &id, 0, ten_minutes_ago)
        .await
        .unwrap();
    // The agent waited for a minute.
    sessions::end(store, &id, "transferred", ten_minutes_ago + 60_000)
        .await
        .unwrap();
    let before = minutes().await;
    call.dialed("completed").await;
    assert_eq!(minutes().await - before, 10, "nine minutes and a moment");
    call.dialed("completed").await;
    assert_eq!(minutes().await - before, 10, "once");
}

#[tokio::test]
async fn a_call_that_nobody_knows_is_hung_up() {
    let app = TestApp::production().await;
    let path = format!("/twilio/transferred/{}", unique("CA"));
    let answer = signed(&app, &path, &[("DialCallStatus", "busy")]).await;
    assert!(answer.text.contains("<Hangup/>"), "{}", answer.text);
}
