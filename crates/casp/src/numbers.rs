//! `casp numbers`: an operator gives numbers to accounts.

use crate::{parts, settings::Settings};
use anyhow::{Context, ensure};
use casp_store::{accounts, numbers};
use clap::Subcommand;
use std::time::{SystemTime, UNIX_EPOCH};

/// What to do with numbers.
#[derive(Debug, Subcommand)]
pub(crate) enum NumbersCommand {
    /// Gives a number to an account, whoever had it before.
    Assign {
        /// E.164, with its plus: +15551230002.
        number: String,
        /// E-mail of the account.
        #[arg(long, value_name = "EMAIL")]
        account: String,
        /// Who answers there; the account may choose another.
        #[arg(long, value_name = "NAME", default_value = "default")]
        assistant: String,
    },
    /// Lists all numbers with their owners.
    List,
    /// Takes a number from its account: its calls go to DEFAULT_ACCOUNT, or are refused.
    Release {
        /// E.164, with its plus.
        number: String,
    },
}

/// `casp numbers …`
pub(crate) async fn run(settings: &Settings, command: NumbersCommand) -> anyhow::Result<()> {
    let store = parts::store(settings).await?;
    match command {
        NumbersCommand::Assign {
            number,
            account,
            assistant,
        } => {
            ensure!(
                is_number(&number),
                "{number:?} is not a number: write a plus and 7 to 15 digits, +15551230002"
            );
            let owner = accounts::by_email(&store, &account)
                .await?
                .with_context(|| format!("there is no account {account}"))?;
            let found = casp_assistants::find(&store, owner.id, &assistant).await?;
            let assistant = found
                .with_context(|| format!("{account} has no assistant {assistant:?}"))?
                .name;
            numbers::assign(&store, owner.id, &number, &assistant, unix_ms()).await?;
            println!("{number}  {}  {assistant}", owner.email);
        }
        NumbersCommand::List => {
            for number in numbers::list(&store, None).await? {
                let owner = accounts::get(&store, number.account).await?;
                let email = owner.map_or_else(|| "?".to_owned(), |owner| owner.email);
                println!("{}  {email}  {}", number.number, number.assistant);
            }
        }
        NumbersCommand::Release { number } => {
            let found = numbers::owner(&store, &number)
                .await?
                .with_context(|| format!("{number} belongs to nobody"))?;
            numbers::release(&store, found.account, &number).await?;
            println!("{number} belongs to nobody now");
        }
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
