//! The CASP binary: every part of CASP by a subcommand of its own, and all of them in one process by `casp dev`.

mod accounts;
mod call;
mod config;
mod configs;
mod dev;
mod jobs;
mod keys;
mod livekit_server;
mod numbers;
mod operations;
mod parts;
mod recordings;
mod secret_key;
mod seed;
mod serve;
mod settings;

use anyhow::bail;
use clap::{Parser, Subcommand};
use settings::{Settings, Values};
use std::path::PathBuf;

/// One voice-and-text agent on every channel; every live conversation is a LiveKit room.
#[derive(Debug, Parser)]
#[command(name = "casp", version)]
struct Cli {
    /// Settings file; the environment wins over it.
    #[arg(long, global = true, default_value = "casp.toml", value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// API, bridge and agent in one process, with SQLite and, without LIVEKIT_URL, a livekit-server of its own.
    Dev(dev::DevArgs),
    /// The HTTP API alone.
    ControlApi,
    /// The Media Streams bridge alone.
    Bridge,
    /// The agent worker alone.
    Agent,
    /// Brings the database to this version's schema. Safe from several machines at once.
    Migrate,
    /// Telephone numbers: which account each belongs to.
    #[command(subcommand)]
    Numbers(numbers::NumbersCommand),
    /// Accounts: list, make, invite, verify, limit.
    Accounts(accounts::AccountsArgs),
    /// Settings: what is in force, and an example file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Work in the background: what waits, what was given up.
    Jobs(jobs::JobsArgs),
    /// Keys that secrets are encrypted with.
    Keys(keys::KeysArgs),
    /// A phone caller in the terminal: speaks to a running CASP and tells how fast it answers.
    Call(Box<call::CallArgs>),
    /// Exits with 0 when the CASP on this machine's PORT is ready (for containers).
    Healthcheck,
}

impl Command {
    /// Names the process in log files and traces.
    fn part(&self) -> &'static str {
        match self {
            Self::Dev(_) => "dev",
            Self::ControlApi => "control-api",
            Self::Bridge => "bridge",
            Self::Agent => "agent",
            _ => "admin",
        }
    }
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum ConfigCommand {
    /// Prints every setting with its source, secrets masked, and what is wrong. Exits with 1 when something is.
    Check {
        /// Asks too for all that production needs.
        #[arg(long)]
        production: bool,
    },
    /// Prints `.env.example`.
    Example,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match Box::pin(run(Cli::parse())).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("casp: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    if let Command::Config(ConfigCommand::Example) = cli.command {
        print!("{}", config::example());
        return Ok(());
    }
    let _ = dotenvy::dotenv();
    let mut values = Values::load(&cli.config).map_err(|errors| settings::report(&errors))?;
    if let Command::Config(ConfigCommand::Check { production }) = cli.command {
        let (text, is_fine) = config::check(&values, production);
        print!("{text}");
        std::process::exit(i32::from(!is_fine));
    }
    if let Command::Call(args) = cli.command {
        return call::run(*args).await;
    }
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        bail!("another TLS provider was installed first");
    }
    if let Command::Dev(args) = &cli.command {
        args.apply(&mut values);
    }
    let mut settings =
        Settings::from_values(&values).map_err(|errors| settings::report(&errors))?;
    cli.command.part().clone_into(&mut settings.logs.part);
    let _telemetry = casp_telemetry::start(&settings.logs)?;
    match cli.command {
        Command::Dev(args) => dev::run(args, settings).await,
        Command::ControlApi => serve::control_api(settings).await,
        Command::Bridge => serve::bridge(settings).await,
        Command::Agent => serve::agent(settings).await,
        Command::Migrate => serve::migrate(&settings).await,
        Command::Numbers(command) => numbers::run(&settings, command).await,
        Command::Jobs(args) => jobs::run(args, &settings).await,
        Command::Keys(args) => keys::run(args, &settings).await,
        Command::Accounts(args) => accounts::run(args, &settings).await,
        Command::Healthcheck => serve::healthcheck(&settings).await,
        Command::Config(_) | Command::Call(_) => unreachable!("answered above"),
    }
}
