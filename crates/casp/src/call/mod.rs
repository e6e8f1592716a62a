//! `casp call`: a phone caller in a terminal.
//!
//! It speaks Media Streams as Twilio does, models Twilio's playback buffer (audio is played in real time, `clear`
//! throws away what was not played, marks come back when they are reached), says its lines and measures the
//! answers. With `--webhook` it begins where Twilio begins: with the signed webhook and its TwiML.

mod args;
mod door;
mod ear;
mod line;
mod report;
mod script;
mod voice;

pub(crate) use args::CallArgs;

use anyhow::{Context as _, bail};
use door::Door;
use line::Line;
use script::Script;

/// Calls, speaks, listens, reports.
///
/// # Errors
/// What went wrong, for the one at the terminal: no connection, a refusal, no greeting, an unreadable file.
pub(crate) async fn run(args: CallArgs) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for source in &args.lines.0 {
        lines.push(voice::load(source).await?);
    }
    if lines.is_empty() && args.turns.unwrap_or(0) > 0 {
        bail!("nothing to say: give --wav FILE or --text \"…\"");
    }
    let turns = args.turns.unwrap_or(lines.len());
    let mut door = Door::open(&args).await?;
    let mut script = Script::new(lines, turns, &args);
    let mut line = Line::connect(&door).await?;
    let ending = loop {
        match line.talk(&mut script).await? {
            line::Ending::Said => {
                line.hang_up().await;
                break "we hung up".to_owned();
            }
            line::Ending::Closed { code, reason } => {
                if !door.resume().await? {
                    break format!("the other side hung up ({code} {reason})");
                }
                line = Line::connect(&door)
                    .await
                    .context("the call could not be resumed")?;
            }
        }
    };
    if let Some(path) = &args.out {
        script.ear().write_wav(path)?;
    }
    let report = script.into_report(ending);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    if report.is_complete() {
        Ok(())
    } else {
        bail!("not every line was answered")
    }
}
