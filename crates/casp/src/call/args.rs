//! The command line of `casp call`.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, error::Error};
use std::path::PathBuf;

/// Calls a running CASP as a phone would, and measures its answers.
#[derive(Debug, Clone, Args)]
pub(crate) struct CallArgs {
    /// The Media Streams socket.
    #[arg(
        long,
        default_value = "ws://127.0.0.1:8080/media-stream/default",
        conflicts_with = "webhook"
    )]
    pub(super) url: String,
    /// Begin where Twilio begins: post its webhook to this URL and follow the TwiML, for example
    /// `http://127.0.0.1:8080/twilio/voice`.
    #[arg(long)]
    pub(super) webhook: Option<String>,
    /// API key (`sk_…`) for `--url`; not needed on the machine that runs `casp dev`.
    #[arg(long, env = "CASP_API_KEY", hide_env_values = true)]
    pub(super) api_key: Option<String>,
    /// Signs the webhooks.
    #[arg(long, env = "TWILIO_AUTH_TOKEN", hide_env_values = true)]
    pub(super) auth_token: Option<String>,
    /// The caller's number in the webhook.
    #[arg(long, default_value = "+15005550006")]
    pub(super) from: String,
    /// The called number in the webhook.
    #[arg(long, default_value = "+15005550001")]
    pub(super) to: String,
    /// The call's id; a new one by default.
    #[arg(long)]
    pub(super) call_sid: Option<String>,
    #[command(flatten)]
    pub(super) lines: Lines,
    /// Turns in all; the lines are said again from the first when there are fewer.
    #[arg(long)]
    pub(super) turns: Option<usize>,
    /// Write what is heard to this WAV (8 kHz, mono, in real time).
    #[arg(long)]
    pub(super) out: Option<PathBuf>,
    /// Interrupt: each line begins when the agent has spoken for a second.
    #[arg(long)]
    pub(super) barge_in: bool,
    /// Do not wait for a greeting.
    #[arg(long)]
    pub(super) no_greeting: bool,
    /// Seconds to wait for a greeting or an answer.
    #[arg(long, default_value_t = 20.0)]
    pub(super) patience: f64,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Where the sound of a line comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A WAV file.
    Wav(PathBuf),
    /// Spoken by flite.
    Text(String),
}

/// `--wav` and `--text`, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(pub(super) Vec<Source>);

impl FromArgMatches for Lines {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut lines = Self::default();
        lines.update_from_arg_matches(matches)?;
        Ok(lines)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let mut found: Vec<(usize, Source)> = Vec::new();
        if let (Some(places), Some(values)) = (
            matches.indices_of("wav"),
            matches.get_many::<PathBuf>("wav"),
        ) {
            found.extend(places.zip(values.cloned().map(Source::Wav)));
        }
        if let (Some(places), Some(values)) = (
            matches.indices_of("text"),
            matches.get_many::<String>("text"),
        ) {
            found.extend(places.zip(values.cloned().map(Source::Text)));
        }
        found.sort_by_key(|(place, _)| *place);
        self.0 = found.into_iter().map(|(_, source)| source).collect();
        Ok(())
    }
}

impl Args for Lines {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new("wav")
                    .long("wav")
                    .value_name("FILE")
                    .action(ArgAction::Append)
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("Say this recording (may be repeated, and mixed with --text)"),
            )
            .arg(
                Arg::new("text")
                    .long("text")
                    .value_name("TEXT")
                    .action(ArgAction::Append)
                    .help(
                        "Say this text, with flite's voice (may be repeated, and mixed with --wav)",
                    ),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        call: CallArgs,
    }

    #[test]
    fn lines_keep_their_order() {
        let cli =
            Cli::try_parse_from(["casp", "--text", "a", "--wav", "b.wav", "--text", "c"]).unwrap();
        let expected = [
            Source::Text("a".into()),
            Source::Wav("b.wav".into()),
            Source::Text("c".into()),
        ];
        assert_eq!(cli.call.lines.0, expected);
        assert_eq!(cli.call.url, "ws://127.0.0.1:8080/media-stream/default");
    }

    #[test]
    fn a_url_and_a_webhook_exclude_each_other() {
        assert!(Cli::try_parse_from(["casp", "--url", "ws://x", "--webhook", "http://y"]).is_err());
    }
}
