//! What a session costs: `load <url> <api key> <api secret> <rooms> [seconds]`.
//!
//! One participant in each room, publishing PCMU every 20 ms. Prints the times of joining and, for the seconds that
//! follow, CPU time and memory of this process (Linux: `/proc/self`).

use anyhow::Context as _;
use casp_room::{
    AudioCodec, OutgoingPacket, PublishOptions, Room, RoomOptions,
    admin::{LiveKit, TokenOptions},
};
use std::time::{Duration, Instant};

/// CPU time of this process so far, in ticks of 10 ms.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |index: usize| {
        fields
            .get(index)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    field(11) + field(12)
}

fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    const USAGE: &str = "load <url> <api key> <api secret> <rooms> [seconds]";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, key, secret, rooms, rest @ ..] = &arguments[..] else {
        anyhow::bail!(USAGE);
    };
    let rooms: u32 = rooms.parse().context(USAGE)?;
    let seconds: u64 = rest.first().map_or(Ok(10), |text| text.parse())?;
    let livekit = LiveKit::new(url, key, secret)?;
    let options = PublishOptions {
        codec: AudioCodec::Pcmu,
        ..Default::default()
    };
    let (mut sessions, mut times) = (Vec::new(), Vec::new());
    let before_kib = memory_kib();
    for number in 0..rooms {
        let token = livekit.participant_token(&TokenOptions {
            room: format!("load-{}-{number}", std::process::id()),
            identity: "load".into(),
            ..Default::default()
        })?;
        let join = RoomOptions {
            publish: Some(options.clone()),
            ..Default::default()
        };
        let start = Instant::now();
        let (room, events) = Room::connect(url, &token, join).await?;
        times.push(start.elapsed());
        let track = room.publish_audio(options.clone()).await?;
        sessions.push((room, events, track));
    }
    println!("first join {:?}", times[0]);
    times.sort_unstable();
    println!(
        "median join {:?}, slowest {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
    let (start, ticks) = (Instant::now(), cpu_ticks());
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let payload = bytes::Bytes::from_static(&[0xff; 160]);
    let mut time = 0_u32;
    while start.elapsed() < Duration::from_secs(seconds) {
        tick.tick().await;
        for (_, _, track) in &sessions {
            track.send(OutgoingPacket {
                payload: payload.clone(),
                rtp_timestamp: time,
                starts_talkspurt: time == 0,
            })?;
        }
        time = time.wrapping_add(160);
    }
    let cpu_ms = (cpu_ticks() - ticks) * 10;
    let per_session = cpu_ms as f64 / start.elapsed().as_secs_f64() / f64::from(rooms);
    println!("CPU {per_session:.2} ms a second of a session");
    let memory = memory_kib().saturating_sub(before_kib) / u64::from(rooms);
    println!("memory {memory} KiB a session");
    for (room, ..) in &sessions {
        room.leave().await;
    }
    Ok(())
}
