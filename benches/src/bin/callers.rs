//! Light load callers: `callers room …` and `callers phone …`, with the rig's options and its JSON.

use anyhow::Context;
use casp_benches::caller::Caller;
use casp_benches::clock::Clock;
use casp_benches::gate::Gate;
use casp_benches::phone::Phones;
use casp_benches::report::summarise;
use casp_benches::room::Rooms;
use casp_benches::script::Script;
use casp_benches::utterance::{Coding, Voice};
use casp_room::AudioCodec;
use casp_room::admin::LiveKit;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Callers that talk with an agent and measure it")]
struct Cli {
    #[command(subcommand)]
    line: LineArgs,
}

#[derive(Subcommand)]
enum LineArgs {
    /// LiveKit rooms, a caller each; any agent that joins is measured.
    Room(RoomArgs),
    /// Twilio Media Streams calls.
    Phone(PhoneArgs),
}

#[derive(Args, Serialize)]
struct CommonArgs {
    /// Measured turns a caller.
    #[arg(long, default_value_t = 4)]
    turns: u32,
    /// Interruptions a caller, after those.
    #[arg(long, default_value_t = 1)]
    barge: u32,
    /// Seconds of agent speech before the interruption.
    #[arg(long, default_value_t = 0.8)]
    barge_after: f64,
    /// What callers say: mono, 16 bit.
    #[arg(long)]
    utterance: PathBuf,
    /// Pause before a turn: this to twice this, in seconds.
    #[arg(long, default_value_t = 0.5)]
    gap: f64,
    /// Seconds of silence after which the agent has finished.
    #[arg(long, default_value_t = 0.8)]
    silence: f64,
    /// Seconds that an answer is waited for.
    #[arg(long, default_value_t = 8.0)]
    answer_timeout: f64,
    /// Seconds between callers' arrivals.
    #[arg(long, default_value_t = 0.3)]
    stagger: f64,
    /// Seconds that the agent is waited for.
    #[arg(long, default_value_t = 45.0)]
    ready_timeout: f64,
    /// Seconds to wait after all callers are ready.
    #[arg(long, default_value_t = 1.0)]
    settle: f64,
    /// File of the result; `-` for standard output.
    #[arg(long, default_value = "-")]
    out: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Codec {
    Opus,
    Pcmu,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Dtx {
    Default,
    On,
    Off,
}

#[derive(Args, Serialize)]
struct RoomArgs {
    #[command(flatten)]
    #[serde(flatten)]
    common: CommonArgs,
    /// LiveKit's server.
    #[arg(long, default_value = "ws://127.0.0.1:27880")]
    url: String,
    /// API key.
    #[arg(long, default_value = "benchkey")]
    key: String,
    /// API secret.
    #[arg(long, default_value = "benchsecretbenchsecretbenchsecret00")]
    #[serde(skip)]
    secret: String,
    /// Number of rooms.
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// Rooms are named this, a dash and a number.
    #[arg(long, default_value_t = format!("bench-{}", std::process::id()))]
    room_prefix: String,
    /// Dispatch this agent; empty for automatic dispatch.
    #[arg(long, default_value = "")]
    agent_name: String,
    /// Take any participant for the agent.
    #[arg(long)]
    any_participant: bool,
    /// Whether callers send nothing in silence, as browsers do.
    #[arg(long, value_enum, default_value_t = Dtx::Default)]
    dtx: Dtx,
    /// Codec of the callers' voice.
    #[arg(long, value_enum, default_value_t = Codec::Opus)]
    codec: Codec,
}

#[derive(Args, Serialize)]
struct PhoneArgs {
    #[command(flatten)]
    #[serde(flatten)]
    common: CommonArgs,
    /// The Media Streams WebSocket.
    #[arg(long)]
    url: String,
    /// Number of calls.
    #[arg(long, default_value_t = 1)]
    calls: usize,
    /// `K=V` of start.customParameters.
    #[arg(long, value_parser = pair::<'='>)]
    #[serde(skip)]
    param: Vec<(String, String)>,
    /// `K:V`, a header of the handshake.
    #[arg(long, value_parser = pair::<':'>)]
    #[serde(skip)]
    header: Vec<(String, String)>,
}

fn pair<const SEPARATOR: char>(text: &str) -> Result<(String, String), String> {
    text.split_once(SEPARATOR)
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` has no `{SEPARATOR}`"))
}

impl CommonArgs {
    fn script(&self) -> anyhow::Result<Script> {
        let time = |seconds: f64| {
            Duration::try_from_secs_f64(seconds).with_context(|| format!("{seconds} is no time"))
        };
        Ok(Script {
            turns: self.turns,
            barges: self.barge,
            barge_after: time(self.barge_after)?,
            gap: time(self.gap)?,
            silence: time(self.silence)?,
            answer_timeout: time(self.answer_timeout)?,
            ready_timeout: time(self.ready_timeout)?,
            settle: time(self.settle)?,
        })
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match Cli::parse().line {
        LineArgs::Room(args) => rooms(args).await,
        LineArgs::Phone(args) => phones(args).await,
    }
}

async fn rooms(args: RoomArgs) -> anyhow::Result<()> {
    let settings = serde_json::to_value(&args)?;
    let (codec, coding) = match args.codec {
        Codec::Opus => (
            AudioCodec::Opus,
            Coding::Opus {
                uses_dtx: args.dtx != Dtx::Off,
            },
        ),
        Codec::Pcmu => (AudioCodec::Pcmu, Coding::Pcmu),
    };
    // A quiet room, not digital silence.
    let voice = Voice::load(&args.common.utterance, coding, 6.0)?;
    let extra = extra("livekit", &voice);
    let rooms = Arc::new(Rooms {
        livekit: LiveKit::new(&args.url, &args.key, &args.secret)?,
        prefix: args.room_prefix,
        agent_name: args.agent_name,
        takes_anybody: args.any_participant,
        codec,
        voice,
    });
    let report = call_all(
        args.rooms,
        &args.common,
        &settings,
        || extra,
        |caller, script, gate| {
            let rooms = Arc::clone(&rooms);
            async move { rooms.call(caller, &script, &gate).await }
        },
    )
    .await?;
    emit(&report, &args.common.out)
}

async fn phones(args: PhoneArgs) -> anyhow::Result<()> {
    let settings = serde_json::to_value(&args)?;
    let voice = Voice::load(&args.common.utterance, Coding::Pcmu, 10.0)?;
    let mut extra = extra("twilio", &voice);
    let params = args.param.into_iter().collect();
    let phones = Arc::new(Phones::new(args.url, params, args.header, &voice));
    let wire = Arc::clone(&phones);
    let finish = move || {
        let wire = *wire.wire.lock().unwrap_or_else(PoisonError::into_inner);
        extra.insert("wire".into(), json!(wire));
        extra
    };
    let report = call_all(
        args.calls,
        &args.common,
        &settings,
        finish,
        |caller, script, gate| {
            let phones = Arc::clone(&phones);
            async move { phones.call(caller, &script, &gate).await }
        },
    )
    .await?;
    emit(&report, &args.common.out)
}

fn extra(kind: &str, voice: &Voice) -> Map<String, Value> {
    let speech_s = (voice.speech_s * 1e3).round() / 1e3;
    let extra = json!({"sim": kind, "user_speech_s": speech_s});
    extra.as_object().cloned().unwrap_or_default()
}

/// Lets all callers come one after the other and talk together; returns the report.
async fn call_all<F: Future<Output = ()> + Send + 'static>(
    count: usize,
    common: &CommonArgs,
    settings: &Value,
    extra: impl FnOnce() -> Map<String, Value>,
    call: impl Fn(Arc<Caller>, Arc<Script>, Arc<Gate>) -> F,
) -> anyhow::Result<Value> {
    let clock = Clock::new();
    let script = Arc::new(common.script()?);
    let gate = Arc::new(Gate::new(count));
    let callers: Vec<Arc<Caller>> = (0..count)
        .map(|index| {
            Arc::new(Caller {
                index,
                ..Caller::default()
            })
        })
        .collect();
    let mut calls = tokio::task::JoinSet::new();
    for caller in &callers {
        calls.spawn(call(
            Arc::clone(caller),
            Arc::clone(&script),
            Arc::clone(&gate),
        ));
        tokio::time::sleep(Duration::from_secs_f64(common.stagger)).await;
    }
    while let Some(result) = calls.join_next().await {
        result.context("a caller panicked")?;
    }
    let records: Vec<_> = callers
        .iter()
        .map(|caller| caller.note(|record| record.clone()))
        .collect();
    Ok(summarise(
        &clock,
        &records,
        common.turns as usize,
        settings,
        extra(),
    ))
}

fn emit(report: &Value, out: &str) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    if out == "-" {
        println!("{text}");
        return Ok(());
    }
    std::fs::write(out, text).with_context(|| format!("cannot write {out}"))?;
    let mut brief = report.clone();
    if let Some(brief) = brief.as_object_mut() {
        brief.retain(|key, _| key != "per_session" && key != "args");
    }
    eprintln!("{}", serde_json::to_string_pretty(&brief)?);
    Ok(())
}
