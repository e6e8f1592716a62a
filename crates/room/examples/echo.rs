//! Says back whatever audio it hears: `echo <url> <token>`.
//!
//! Packets pass as they are, so that nothing is decoded; the first speaker's codec decides that of the echo.

use anyhow::Context as _;
use casp_room::{OutgoingPacket, PublishOptions, Room, RoomEvent, RoomOptions};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("echo <url> <token>")?;
    let token = arguments.next().context("echo <url> <token>")?;
    let (room, mut events) = Room::connect(&url, &token, RoomOptions::default()).await?;
    println!("in room {} as {}", room.name(), room.identity());
    let mut echoes = tokio::task::JoinSet::new();
    while let Some(event) = events.recv().await {
        match event {
            RoomEvent::TrackSubscribed(mut heard) => {
                let room = room.clone();
                echoes.spawn(async move {
                    let Some(first) = heard.recv().await else {
                        return;
                    };
                    let options = PublishOptions {
                        name: format!("echo of {}", heard.participant()),
                        codec: first.codec,
                        dtx: false,
                    };
                    match room.publish_audio(options).await {
                        Ok(track) => {
                            while let Some(packet) = heard.recv().await {
                                let _ = track.send(OutgoingPacket {
                                    payload: packet.payload,
                                    rtp_timestamp: packet.rtp_timestamp,
                                    starts_talkspurt: packet.lost_before > 0,
                                });
                            }
                        }
                        Err(error) => eprintln!("cannot publish: {error}"),
                    }
                });
            }
            RoomEvent::Disconnected(reason) => println!("the end: {reason:?}"),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}
