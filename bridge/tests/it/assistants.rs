//! Who answers: the assistant of the path, built-in or the account's own.

use crate::{
    bridge::{API_KEY, Bridge},
    caller::{Caller, Said, start},
    livekit::LiveKitServer,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use casp_store::{
    AccountId,
    accounts::{self, KeyKind},
    scenarios::{self, Content},
};
use serde_json::json;

async fn own(bridge: &Bridge, account: AccountId, name: &str) -> String {
    let definition = json!({"persona": "You sell doors.", "prompt": "Sell doors."});
    let content = Content {
        name: Some(name),
        definition: &definition,
    };
    let made = scenarios::create(&bridge.store, account, content, 1_640_995_200_000).await;
    made.unwrap().scenario_id
}

async fn neighbour(bridge: &Bridge) -> AccountId {
    let neighbour = accounts::ensure(&bridge.store, "next@casp.local", None, false).await;
    let id = neighbour.unwrap().id;
    accounts::ensure_key(&bridge.store, id, KeyKind::Secret, "sk_next")
        .await
        .unwrap();
    id
}

/// The assistant of the session that a caller begins there.
async fn answering(bridge: &Bridge, path: &str, call_sid: &str) -> String {
    let path = format!("{path}?api_key={API_KEY}");
    let mut caller = bridge.open(&path).await;
    caller.send(&start(call_sid, "")).await;
    let said = caller.hear().await;
    let Said::Other(started) = &said else {
        panic!("not started: {said:?}")
    };
    let session = bridge.session(call_sid).await;
    assert_eq!(started["assistant"], session.assistant.as_str());
    session.assistant
}

#[tokio::test]
async fn an_account_talks_with_its_own_assistant_by_any_of_its_names() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let id = own(&bridge, bridge.account, "Doors").await;
    for (number, path) in [
        format!("/media-stream-custom/{id}"),
        "/media-stream-custom/1".to_owned(),
        "/media-stream-custom/Doors".to_owned(),
        format!("/media-stream/{id}"),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(
            answering(&bridge, path, &format!("CA{number}")).await,
            id,
            "{path}"
        );
    }
    assert_eq!(
        answering(&bridge, "/media-stream/support", "CAs").await,
        "support"
    );
    assert_eq!(
        answering(&bridge, "/calendar-media-stream", "CAc").await,
        "calendar"
    );
}

#[tokio::test]
async fn nobody_talks_with_the_neighbours_assistant_or_with_one_that_is_gone() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let neighbour = neighbour(&bridge).await;
    let theirs = own(&bridge, neighbour, "Doors").await;
    let refused = async |path: String| Caller::connect(&bridge.url(&path), &[]).await.err();
    for reference in [theirs.as_str(), "1", "Doors", "nobody", "a%00b"] {
        for family in ["media-stream-custom", "media-stream"] {
            let path = format!("/{family}/{reference}?api_key={API_KEY}");
            assert_eq!(refused(path).await, Some(404), "{family} {reference}");
        }
    }
    assert_eq!(
        refused(format!("/media-stream-custom/sales?api_key={API_KEY}")).await,
        Some(404),
        "a built-in one is nobody's own"
    );
    let path = format!("/media-stream-custom/{theirs}?api_key=sk_next");
    assert_eq!(refused(path.clone()).await, None);
    scenarios::delete(&bridge.store, neighbour, &theirs)
        .await
        .unwrap();
    assert_eq!(refused(path).await, Some(404));
    assert_eq!(
        refused(format!("/media-stream-custom/{theirs}?api_key=sk_wrong")).await,
        Some(401)
    );
}

#[tokio::test]
async fn without_a_key_the_announced_call_says_who_answers() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start_with(livekit.admin.clone(), |config| {
        config.dev_account = Some(AccountId(1));
    })
    .await;
    let neighbour = neighbour(&bridge).await;
    let theirs = own(&bridge, neighbour, "Doors").await;
    let path = format!("/media-stream-custom/{theirs}");
    // In dev, on this machine, with nothing to show: only the seeded account's own assistants are open.
    let mut stranger = bridge.open(&path).await;
    stranger.send(&start("CAx", "")).await;
    assert_eq!(stranger.hear().await, Said::Closed(4401));
    for path in [path.as_str(), "/media-stream/sales"] {
        let token = bridge.announce_of(neighbour, "CAtheirs", &theirs).await;
        bridge.create_room("CAtheirs").await;
        let mut caller = bridge.open(path).await;
        caller.send(&start("CAtheirs", &token)).await;
        // As Twilio, it is told nothing but sound.
        caller.hear_media().await;
        let session = bridge.session("CAtheirs").await;
        assert_eq!(
            (session.account, session.assistant),
            (neighbour, theirs.clone()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_bearer_is_weighed_against_the_assistant_it_changes() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let id = own(&bridge, bridge.account, "Doors").await;
    for (call_sid, bearer, expected) in [
        (
            "CAgood",
            json!({"temperature": 0.2}),
            json!({"temperature": 0.2}),
        ),
        ("CAbad", json!({"temperature": 9}), json!({})),
    ] {
        let path = format!("/media-stream-custom/{id}?api_key={API_KEY}");
        let mut caller = bridge.open(&path).await;
        let mut message = start(call_sid, "");
        message["start"]["customParameters"]["bearer"] = STANDARD.encode(bearer.to_string()).into();
        caller.send(&message).await;
        assert!(matches!(caller.hear().await, Said::Other(_)));
        assert_eq!(bridge.session(call_sid).await.overrides, expected);
    }
}
