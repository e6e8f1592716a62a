//! A caller is never left alone.

use crate::{
    agent::{Agent, frame},
    bridge::{APOLOGY_SAMPLE, Bridge},
    caller::Said,
    livekit::LiveKitServer,
};
use casp_audio::pcmu;
use casp_store::sessions;
use std::time::{Duration, Instant};

#[tokio::test]
async fn without_an_agent_it_rings_then_apologises_then_ends() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let began = Instant::now();
    let mut caller = bridge.call("CAalone").await;
    let apology = frame(pcmu::encode_sample(APOLOGY_SAMPLE));
    let (mut rung_ms, mut first_ring, mut apologised_ms, mut apologised_at) = (0, None, 0, None);
    let closed = loop {
        match caller.hear().await {
            Said::Media(payload) if payload == apology => {
                apologised_at.get_or_insert(began.elapsed());
                apologised_ms += 20;
            }
            Said::Media(_) => {
                first_ring.get_or_insert(began.elapsed());
                rung_ms += 20;
            }
            Said::Mark(name) => caller.return_mark(&name).await,
            Said::Closed(code) => break code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closed, 1000, "a clean end: Twilio goes on to its action");
    let first_ring = first_ring.unwrap().as_millis();
    assert!(first_ring >= 400, "{first_ring} ms to the first ring");
    // What a busy machine does not ring in time it leaves out.
    assert!(
        (2_000..=4_200).contains(&rung_ms),
        "{rung_ms} ms of ringing: 2 s of every 6"
    );
    let apologised_at = apologised_at.unwrap().as_millis();
    assert!(
        apologised_at >= 9_900 && apologised_at > first_ring,
        "{apologised_at} ms to the apology"
    );
    assert_eq!(apologised_ms, 500, "all of it");
    assert_eq!(bridge.ended("CAalone").await, "no agent");
    livekit.is_rid_of("twilio-CAalone").await;
}

#[tokio::test]
async fn an_agent_that_comes_ends_the_ringing_and_one_that_goes_begins_it_again() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let mut caller = bridge.call("CAring").await;
    caller.hear_media().await;
    let mut agent = Agent::join(&livekit, "twilio-CAring").await;
    agent.caller().await;
    agent.is_heard_by(&mut caller).await;
    agent.room.leave().await;
    loop {
        let payload = caller.hear_media().await;
        let is_tone = payload.iter().any(|code| *code != payload[0]);
        if is_tone {
            break;
        }
    }
}

#[tokio::test]
async fn where_no_agent_is_wanted_nothing_rings() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let token = bridge.announce("CAquiet").await;
    bridge.create_room("CAquiet").await;
    sessions::set_wants_agent(&bridge.store, "phone-CAquiet", false)
        .await
        .unwrap();
    let mut caller = bridge.open("/twilio/stream/CAquiet").await;
    caller.start("CAquiet", &token).await;
    let (mut heard_ms, listen) = (0, Duration::from_secs(3));
    let _ = tokio::time::timeout(listen, async {
        loop {
            caller.hear_media().await;
            heard_ms += 20;
        }
    })
    .await;
    // It may begin, until the store has been asked; left alone, it would ring for two seconds.
    assert!(heard_ms < 1_500, "{heard_ms} ms of ringing");
}
