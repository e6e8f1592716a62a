//! A chat on `lk.chat`, as LiveKit's own components speak it: `chat <url> <token>`, lines from standard input.

use anyhow::Context as _;
use casp_room::{Room, RoomEvent, RoomOptions, TextOptions};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("chat <url> <token>")?;
    let token = arguments.next().context("chat <url> <token>")?;
    let (room, mut events) = Room::connect(&url, &token, RoomOptions::default()).await?;
    println!(
        "in room {} as {}; ctrl-d leaves",
        room.name(),
        room.identity()
    );
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => {
                    let options = TextOptions {
                        topic: "lk.chat".into(),
                        ..Default::default()
                    };
                    room.send_text(&line, options).await?;
                }
                None => break,
            },
            event = events.recv() => match event {
                Some(RoomEvent::TextStream(reader)) if reader.topic() == "lk.chat" => {
                    let from = reader.participant().to_owned();
                    println!("{from}: {}", reader.read_all(64 * 1024).await?);
                }
                Some(RoomEvent::ParticipantJoined(who)) => println!("* {} is here", who.identity),
                Some(RoomEvent::ParticipantLeft(who)) => println!("* {} has gone", who.identity),
                Some(RoomEvent::Disconnected(reason)) => println!("* the end: {reason:?}"),
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
    room.leave().await;
    Ok(())
}
