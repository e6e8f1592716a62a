//! `casp jobs`: the work in the background, for those who run it.

use crate::{parts, settings::Settings};
use anyhow::{Context, bail};
use casp_store::{
    Store,
    jobs::{self, Job, JobFilter},
};
use clap::{Args, Subcommand};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Arguments of `casp jobs`.
#[derive(Debug, Args)]
pub(crate) struct JobsArgs {
    /// Where `casp dev` keeps its database; used when DATABASE_URL is not set.
    #[arg(long, global = true, default_value = ".casp", value_name = "FOLDER")]
    data_dir: PathBuf,
    #[command(subcommand)]
    command: JobsCommand,
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// Shows what waits and what runs, the next due first.
    List {
        /// Shows what was given up instead, the newest first.
        #[arg(long)]
        failed: bool,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
    },
    /// Tries a job that was given up or cancelled again, now.
    Retry {
        /// As `casp jobs list` shows it.
        id: String,
    },
    /// Takes a job away that waits or runs; who works on it drops it.
    Cancel {
        /// As `casp jobs list` shows it.
        id: String,
    },
}

pub(crate) async fn run(args: JobsArgs, settings: &Settings) -> anyhow::Result<()> {
    let store = store(&args.data_dir, settings).await?;
    let now = now_ms();
    match args.command {
        JobsCommand::List { failed, limit } => {
            let filter = if failed {
                JobFilter::Dead
            } else {
                JobFilter::Open
            };
            let found = jobs::list(&store, filter, limit).await?;
            if found.is_empty() {
                println!(
                    "{}",
                    if failed {
                        "no job was given up"
                    } else {
                        "no job waits or runs"
                    }
                );
            } else {
                print!("{}", table(&found, failed, now));
            }
            let dead = jobs::dead_count(&store).await?;
            if !failed && dead > 0 {
                println!("{dead} given up: casp jobs list --failed");
            }
        }
        JobsCommand::Retry { id } => {
            if !jobs::requeue(&store, &id, now).await? {
                bail!("{}", why_not(&store, &id, "given up or cancelled").await?);
            }
            println!("{id} is tried again");
        }
        JobsCommand::Cancel { id } => {
            if !jobs::cancel(&store, &id, now).await? {
                bail!("{}", why_not(&store, &id, "waiting or running").await?);
            }
            println!("{id} is cancelled");
        }
    }
    Ok(())
}

/// The database of the settings, or that of `casp dev`.
pub(crate) async fn store(data_dir: &Path, settings: &Settings) -> anyhow::Result<Store> {
    if settings.database_url.is_some() {
        return parts::store(settings).await;
    }
    let file = data_dir.join("casp.db");
    if !file.exists() {
        bail!(
            "DATABASE_URL is not set, and there is no {}; --data-dir names the folder of `casp dev`",
            file.display()
        );
    }
    Store::connect(&format!("sqlite://{}", file.display()))
        .await
        .context("cannot open the database")
}

async fn why_not(store: &Store, id: &str, wanted: &str) -> anyhow::Result<String> {
    Ok(match jobs::get(store, id).await? {
        Some(job) => format!("{id} is {}, not {wanted}", job.state.name()),
        None => format!("there is no job {id}"),
    })
}

/// One line a job, in columns.
fn table(found: &[Job], failed: bool, now_ms: i64) -> String {
    let when = if failed { "GIVEN UP" } else { "DUE" };
    let mut text = format!(
        "{:<32}  {:<18}  {:<9}  {:<10}  {:<7}  {:<7}  LAST ERROR\n",
        "ID", "KIND", "STATE", when, "TRIED", "ACCOUNT"
    );
    for job in found {
        let at_ms = if failed {
            job.finished_at_ms.unwrap_or_default()
        } else {
            job.due_at_ms
        };
        let account = job
            .account
            .map_or_else(|| "-".to_owned(), |account| account.0.to_string());
        let tried = format!("{} of {}", job.attempts, job.max_attempts);
        let _ = writeln!(
            text,
            "{:<32}  {:<18}  {:<9}  {:<10}  {:<7}  {:<7}  {}",
            job.id,
            job.kind,
            job.state.name(),
            relative(at_ms - now_ms),
            tried,
            account,
            job.last_error.as_deref().unwrap_or("-").replace('\n', " ")
        );
    }
    text
}

/// `in 5 min`, `3 h ago`
fn relative(difference_ms: i64) -> String {
    let seconds = Duration::from_millis(difference_ms.unsigned_abs()).as_secs();
    let amount = match seconds {
        0 => return "now".into(),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    };
    if difference_ms > 0 {
        format!("in {amount}")
    } else {
        format!("{amount} ago")
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_store::{AccountId, jobs::JobState};

    #[test]
    fn times_are_said_as_people_do() {
        for (ms, said) in [
            (0, "now"),
            (-999, "now"),
            (5_000, "in 5 s"),
            (-119_000, "119 s ago"),
            (300_000, "in 5 min"),
            (-10_800_000, "3 h ago"),
            (864_000_000, "in 10 d"),
        ] {
            assert_eq!(relative(ms), said);
        }
    }

    #[test]
    fn a_job_is_a_line() {
        let job = Job {
            id: "0199".into(),
            kind: "webhook-delivery".into(),
            account: Some(AccountId(7)),
            state: JobState::Waiting,
            due_at_ms: 80_000,
            worker: None,
            attempts: 2,
            max_attempts: 10,
            last_error: Some("it answered 500\nand more".into()),
            created_at_ms: 0,
            finished_at_ms: None,
        };
        let text = table(&[job], false, 0);
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "0199 webhook-delivery waiting in 80 s 2 of 10 7 it answered 500 and more"
        );
    }
}
