//! A caller is never left alone.

use crate::{
    agent::{Agent, frame},
    bridge::{APOLOGY_SAMPLE, Bridge},
    caller::{Caller, Said},
    livekit::LiveKitServer,
};
use casp_audio::pcmu;
use casp_room::admin::LiveKit;
use casp_store::sessions::{self, SessionState};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// What a caller heard whom nobody came to, from the opening of the socket to its end.
#[derive(Default)]
struct Heard {
    rung_ms: u32,
    /// After how many milliseconds the first ring came.
    first_ring: Option<u128>,
    apologized_ms: u32,
    /// After how many milliseconds the apology began.
    apology: Option<u128>,
    closed: u16,
}

/// Listens to the end, returning marks as Twilio does.
async fn hear_out(caller: &mut Caller, began: Instant) -> Heard {
    let apology = frame(pcmu::encode_sample(APOLOGY_SAMPLE));
    let mut heard = Heard::default();
    loop {
        let said = caller.hear().await;
        let at = began.elapsed().as_millis();
        match said {
            Said::Media(payload) if payload == apology => {
                heard.apology.get_or_insert(at);
                heard.apologized_ms += 20;
            }
            Said::Media(_) => {
                heard.first_ring.get_or_insert(at);
                heard.rung_ms += 20;
            }
            Said::Mark(name) => caller.return_mark(&name).await,
            Said::Closed(code) => {
                heard.closed = code;
                return heard;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn without_an_agent_it_rings_then_apologises_then_ends() {
    let livekit = LiveKitServer::start().await;
    let bridge = Bridge::start(&livekit).await;
    let began = Instant::now();
    let mut caller = bridge.call("CAalone").await;
    let heard = hear_out(&mut caller, began).await;
    assert_eq!(
        heard.closed, 1000,
        "a clean end: Twilio goes on to its action"
    );
    let first_ring = heard.first_ring.unwrap();
    assert!(first_ring >= 400, "{first_ring} ms to the first ring");
    // What a busy machine does not ring in time it leaves out.
    assert!(
        (2_000..=4_200).contains(&heard.rung_ms),
        "{} ms of ringing: 2 s of every 6",
        heard.rung_ms
    );
    let apology = heard.apology.unwrap();
    assert!(
        apology >= 9_900 && apology > first_ring,
        "{apology} ms to the apology"
    );
    assert_eq!(heard.apologized_ms, 500, "all of it");
    assert_eq!(bridge.ended("CAalone").await, "no agent");
    livekit.is_rid_of("twilio-CAalone").await;
}

#[tokio::test]
async fn without_a_media_server_the_caller_hears_so_at_once() {
    let bridge = Bridge::start_alone(|_| {}).await;
    let token = bridge.announce("CAnowhere").await;
    bridge.announce("CAnext").await;
    let began = Instant::now();
    let mut caller = bridge.open("/twilio/stream/CAnowhere").await;
    caller.start("CAnowhere", &token).await;
    let heard = hear_out(&mut caller, began).await;
    assert_eq!(heard.closed, 1000, "a clean end");
    assert_eq!(heard.apologized_ms, 500, "all of it");
    assert_eq!(
        bridge.session("CAnowhere").await.end_reason.as_deref(),
        Some("no room"),
        "before the socket is closed: Twilio asks at once how the call goes on"
    );
    assert_eq!(
        bridge.session("CAnext").await.state,
        SessionState::Announced,
        "another call may fare better"
    );
}

#[tokio::test]
async fn while_the_media_server_does_not_answer_it_rings_and_not_for_ever() {
    // Connections are taken by the kernel, and nobody reads from them.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", mute.local_addr().unwrap());
    let livekit = LiveKit::new(&url, "key", "a secret of more than 32 bytes, at last").unwrap();
    let bridge = Bridge::start_with(livekit, |config| {
        config.join_timeout = Duration::from_secs(2);
    })
    .await;
    let token = bridge.announce("CAmute").await;
    let began = Instant::now();
    let mut caller = bridge.open("/twilio/stream/CAmute").await;
    caller.start("CAmute", &token).await;
    let heard = hear_out(&mut caller, began).await;
    let (first_ring, apology) = (heard.first_ring.unwrap(), heard.apology.unwrap());
    assert!(
        (400..apology).contains(&first_ring),
        "{first_ring} ms to the first ring, {apology} ms to the apology"
    );
    // What a busy machine does not ring in time it leaves out.
    assert!(
        (20..=1_600).contains(&heard.rung_ms),
        "{} ms of ringing",
        heard.rung_ms
    );
    assert!(
        (1_900..8_000).contains(&apology),
        "{apology} ms to the apology, sooner than a join fails by itself"
    );
    assert_eq!(heard.apologized_ms, 500, "all of it");
    assert_eq!(heard.closed, 1000, "a clean end");
    assert_eq!(bridge.ended("CAmute").await, "no room");
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
    // It may begin, until the store has been asked; left alone, it would ring again six seconds later.
    let began = Instant::now();
    let mut last_heard = Duration::ZERO;
    let _ = tokio::time::timeout(Duration::from_secs(8), async {
        loop {
            caller.hear_media().await;
            last_heard = began.elapsed();
        }
    })
    .await;
    assert!(
        last_heard < Duration::from_secs(5),
        "it rang until {last_heard:?}"
    );
}
