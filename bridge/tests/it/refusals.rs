//! Who is not let in.

use crate::{
    bridge::{API_KEY, Bridge},
    caller::{Caller, Said, start},
    livekit::LiveKitServer,
};
use casp_store::sessions;
use serde_json::json;

/// What becomes of a socket that starts like this.
async fn fate(bridge: &Bridge, path: &str, call_sid: &str, token: &str) -> Said {
    let mut caller = bridge.open(path).await;
    caller.start(call_sid, token).await;
    caller.hear().await
}

#[tokio::test]
async fn without_the_token_of_this_very_call_nobody_gets_in() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let token = bridge.announce("CA1").await;
    bridge.announce("CA2").await;
    let path = "/twilio/stream/CA2";
    assert_eq!(
        fate(&bridge, path, "CA2", "wrong").await,
        Said::Closed(4401),
        "a wrong token"
    );
    assert_eq!(
        fate(&bridge, path, "CA2", &token).await,
        Said::Closed(4401),
        "of another call"
    );
    let token = bridge.token("CA2").await;
    assert_eq!(
        fate(&bridge, path, "CA1", &token).await,
        Said::Closed(4401),
        "another CallSid than the path's"
    );
    let mut caller = bridge.open(path).await;
    caller
        .send(&json!({"event": "start", "start": {"streamSid": "MZ1", "callSid": "CA2"}}))
        .await;
    assert_eq!(caller.hear().await, Said::Closed(4401), "no token");
    assert!(
        sessions::get(&bridge.store, "phone-CA2")
            .await
            .unwrap()
            .unwrap()
            .ended_at_ms
            .is_none()
    );
}

#[tokio::test]
async fn a_token_is_good_once() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let token = bridge.announce("CAonce").await;
    bridge.create_room("CAonce").await;
    let mut first = bridge.open("/twilio/stream/CAonce").await;
    first.start("CAonce", &token).await;
    first.hear_media().await;
    assert_eq!(
        fate(&bridge, "/twilio/stream/CAonce", "CAonce", &token).await,
        Said::Closed(4401)
    );
}

#[tokio::test]
async fn an_ended_call_is_not_revived() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let token = bridge.announce("CAover").await;
    sessions::end(&bridge.store, "phone-CAover", "completed", 1)
        .await
        .unwrap();
    assert_eq!(
        fate(&bridge, "/twilio/stream/CAover", "CAover", &token).await,
        Said::Closed(4401)
    );
}

#[tokio::test]
async fn a_call_sid_that_is_none_is_refused_before_the_upgrade() {
    let bridge = Bridge::start_alone(|_| {}).await;
    for path in [
        "/twilio/stream/a%2Fb",
        "/twilio/stream/%F0%9F%93%9E",
        &format!("/twilio/stream/{}", "x".repeat(300)),
    ] {
        assert_eq!(
            Caller::connect(&bridge.url(path), &[]).await.err(),
            Some(404),
            "{path}"
        );
    }
}

#[tokio::test]
async fn keys_and_scenarios_are_checked_before_the_upgrade() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let refused = async |path: &str, headers: &[(&'static str, &str)]| {
        Caller::connect(&bridge.url(path), headers).await.err()
    };
    assert_eq!(
        refused("/media-stream/nobody?api_key=sk_test_key", &[]).await,
        Some(404)
    );
    assert_eq!(
        refused("/media-stream/default?api_key=sk_wrong", &[]).await,
        Some(401)
    );
    assert_eq!(
        refused(
            "/media-stream/default",
            &[("authorization", "Bearer sk_wrong")]
        )
        .await,
        Some(401)
    );
    assert_eq!(
        refused(&format!("/media-stream/default?api_key={API_KEY}"), &[]).await,
        None
    );
    assert_eq!(
        refused(
            "/media-stream/default",
            &[("authorization", &format!("Bearer {API_KEY}"))]
        )
        .await,
        None
    );
}

#[tokio::test]
async fn without_a_key_only_dev_on_this_machine_is_open() {
    let closed = Bridge::start_alone(|_| {}).await;
    assert_eq!(
        fate(&closed, "/media-stream/default", "CA1", "").await,
        Said::Closed(4401),
        "not in dev"
    );

    let livekit = LiveKitServer::start().await;
    let mut account = None;
    let open = Bridge::start_with(livekit.admin.clone(), |config| {
        config.dev_account = Some(casp_store::AccountId(1));
        account = config.dev_account;
    })
    .await;
    assert_eq!(Some(open.account), account, "the only account there is");
    let mut remote = Caller::connect(
        &open.url("/media-stream/default"),
        &[("x-forwarded-for", "192.0.2.1")],
    )
    .await
    .unwrap();
    remote.send(&start("CA1", "")).await;
    assert_eq!(remote.hear().await, Said::Closed(4401), "through a proxy");
    let mut local = open.open("/media-stream/sales").await;
    local.send(&start("CA1", "")).await;
    let Said::Other(started) = local.hear().await else {
        panic!("not started")
    };
    assert_eq!(
        started,
        json!({"event": "start", "streamSid": "MZ1", "callSid": "CA1", "roomName": "twilio-CA1",
            "assistant": "sales"})
    );
    assert_eq!(open.session("CA1").await.assistant, "sales");
}

#[tokio::test]
async fn one_accounts_call_is_not_joined_by_another() {
    let bridge = Bridge::start_alone(|_| {}).await;
    bridge.announce("CAmine").await;
    let other = casp_store::accounts::ensure(&bridge.store, "other@casp.local", None, false)
        .await
        .unwrap();
    casp_store::accounts::ensure_key(
        &bridge.store,
        other.id,
        casp_store::accounts::KeyKind::Secret,
        "sk_other",
    )
    .await
    .unwrap();
    let path = "/media-stream/default?api_key=sk_other";
    assert_eq!(fate(&bridge, path, "CAmine", "").await, Said::Closed(4401));
}
