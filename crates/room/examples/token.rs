//! A token for the other examples: `token <room> <identity>`, for `livekit-server --dev`, or with the server's key in
//! `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`.

use anyhow::Context as _;
use casp_room::admin::{LiveKit, TokenOptions};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().context("token <room> <identity>");
    let (room, identity) = (argument()?, argument()?);
    let setting = |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
    let livekit = LiveKit::new(
        &setting("LIVEKIT_URL", "ws://localhost:7880"),
        &setting("LIVEKIT_API_KEY", "devkey"),
        &setting("LIVEKIT_API_SECRET", "secret"),
    )?;
    let token = livekit.participant_token(&TokenOptions {
        room,
        name: identity.clone(),
        identity,
        ..TokenOptions::default()
    })?;
    println!("{token}");
    Ok(())
}
