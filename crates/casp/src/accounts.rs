//! `casp accounts`: what an administrator does to accounts from the terminal.

use crate::{parts, seed, settings::Settings};
use anyhow::Context;
use casp_store::{
    Store,
    accounts::{self, Account},
    ceilings::{self, AccountLimits, Ceiling, Destinations, Resource},
    mailed_tokens::{self, Purpose},
    refresh_tokens,
};
use clap::{Args, Subcommand};
use std::{
    path::PathBuf,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

/// Accounts read at once.
const PAGE: i64 = 500;
/// Life of an invitation.
const INVITATION_TTL_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// What to do to which account.
#[derive(Debug, Args)]
pub(crate) struct AccountsArgs {
    /// Without DATABASE_URL: the data folder of `casp dev`.
    #[arg(long, default_value = ".casp", value_name = "FOLDER")]
    data_dir: PathBuf,
    #[command(subcommand)]
    command: AccountsCommand,
}

#[derive(Debug, Subcommand)]
enum AccountsCommand {
    /// Prints all accounts.
    List,
    /// Makes an account, its e-mail verified, and prints its password.
    Create {
        /// E-mail.
        email: String,
        /// An administrator.
        #[arg(long)]
        admin: bool,
    },
    /// Vouches for an account's e-mail: it may place calls and send messages.
    Verify {
        /// E-mail.
        email: String,
    },
    /// Makes an account an administrator.
    MakeAdmin {
        /// E-mail.
        email: String,
        /// Makes it none.
        #[arg(long)]
        remove: bool,
    },
    /// Prints a token by which this e-mail can register, for 7 days (REGISTRATION=invite).
    Invite {
        /// E-mail.
        email: String,
    },
    /// Sets a new password and prints it; every sign-in ends.
    ResetPassword {
        /// E-mail.
        email: String,
    },
    /// Closes an account: nobody signs in, no key works.
    Close {
        /// E-mail.
        email: String,
    },
    /// Opens a closed account again.
    Open {
        /// E-mail.
        email: String,
    },
    /// Prints an account's limits and what it spent today; options set its own.
    Limits(LimitsArgs),
}

#[derive(Debug, Args)]
struct LimitsArgs {
    /// E-mail.
    email: String,
    /// Calls placed a day: a number, `unlimited`, or `default` for that of the settings.
    #[arg(long, value_name = "N")]
    calls: Option<Own<Ceiling>>,
    /// Messages sent a day.
    #[arg(long, value_name = "N")]
    messages: Option<Own<Ceiling>>,
    /// Minutes of calls a day.
    #[arg(long, value_name = "N")]
    minutes: Option<Own<Ceiling>>,
    /// Tokens of language models a day.
    #[arg(long, value_name = "N")]
    tokens: Option<Own<Ceiling>>,
    /// Prefixes it may call and write to (+1,+49 or *), or `default`.
    #[arg(long, value_name = "LIST")]
    destinations: Option<Own<Destinations>>,
}

/// A value of the account's own, or `default`.
#[derive(Debug, Clone)]
struct Own<T>(Option<T>);

impl<T: FromStr> FromStr for Own<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "default" {
            Ok(Self(None))
        } else {
            text.parse().map(|value| Self(Some(value)))
        }
    }
}

/// Runs one command.
pub(crate) async fn run(args: AccountsArgs, settings: &Settings) -> anyhow::Result<()> {
    let store = &store(&args, settings).await?;
    match args.command {
        AccountsCommand::List => list(store).await,
        AccountsCommand::Create { email, admin } => create(store, &email, admin).await,
        AccountsCommand::Verify { email } => {
            let account = account(store, &email).await?;
            accounts::verify_email(store, account.id, now_ms()).await?;
            println!("{} is verified", account.email);
            Ok(())
        }
        AccountsCommand::MakeAdmin { email, remove } => {
            let account = account(store, &email).await?;
            accounts::set_admin(store, account.id, !remove).await?;
            let no = if remove { "no " } else { "an " };
            println!("{} is {no}administrator", account.email);
            Ok(())
        }
        AccountsCommand::Invite { email } => {
            let email = email.trim().to_lowercase();
            let ttl = INVITATION_TTL_MS;
            let token =
                mailed_tokens::issue(store, Purpose::Invitation, &email, now_ms(), ttl).await?;
            println!("invitation of {email}, good for 7 days:\n{token}");
            println!("It is `invitation` in the body of POST /auth/register.");
            Ok(())
        }
        AccountsCommand::ResetPassword { email } => {
            let account = account(store, &email).await?;
            let password = new_password(store, &account).await?;
            refresh_tokens::revoke_all(store, account.id, now_ms()).await?;
            println!("new password of {}: {password}", account.email);
            Ok(())
        }
        AccountsCommand::Close { email } => set_active(store, &email, false).await,
        AccountsCommand::Open { email } => set_active(store, &email, true).await,
        AccountsCommand::Limits(args) => limits(store, args).await,
    }
}

async fn store(args: &AccountsArgs, settings: &Settings) -> anyhow::Result<Store> {
    let file = args.data_dir.join("casp.db");
    if settings.database_url.is_some() || !file.exists() {
        return parts::store(settings).await;
    }
    Store::connect(&format!("sqlite://{}", file.display()))
        .await
        .with_context(|| format!("cannot open {}", file.display()))
}

async fn account(store: &Store, email: &str) -> anyhow::Result<Account> {
    accounts::by_email(store, email)
        .await?
        .with_context(|| format!("there is no account {email}"))
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let mut skip = 0;
    loop {
        let page = accounts::list(store, skip, PAGE).await?;
        for account in &page {
            let marks = [
                (account.is_admin, "admin"),
                (!account.is_verified, "unverified"),
                (!account.is_active, "closed"),
            ];
            let marks: Vec<&str> = marks
                .into_iter()
                .filter_map(|(is_so, mark)| is_so.then_some(mark))
                .collect();
            println!(
                "{:>6}  {}  {}",
                account.id.0,
                account.email,
                marks.join(" ")
            );
        }
        if page.is_empty() {
            return Ok(());
        }
        skip += PAGE;
    }
}

async fn create(store: &Store, email: &str, is_admin: bool) -> anyhow::Result<()> {
    if accounts::by_email(store, email).await?.is_some() {
        anyhow::bail!("there is an account {email} already");
    }
    let account = accounts::ensure(store, email, None, is_admin).await?;
    let password = new_password(store, &account).await?;
    println!("account {}, password {password}", account.email);
    Ok(())
}

async fn new_password(store: &Store, account: &Account) -> anyhow::Result<String> {
    let password = seed::random(20);
    let hash = seed::hash_password(&password)?;
    accounts::set_password_hash(store, account.id, &hash).await?;
    Ok(password)
}

async fn set_active(store: &Store, email: &str, is_active: bool) -> anyhow::Result<()> {
    let account = account(store, email).await?;
    accounts::set_active(store, account.id, is_active).await?;
    let state = if is_active { "open" } else { "closed" };
    println!("{} is {state}", account.email);
    Ok(())
}

async fn limits(store: &Store, args: LimitsArgs) -> anyhow::Result<()> {
    let account = account(store, &args.email).await?;
    let before = ceilings::limits(store, account.id).await?;
    let mut limits = before.clone();
    change(&mut limits.calls, args.calls);
    change(&mut limits.messages, args.messages);
    change(&mut limits.minutes, args.minutes);
    change(&mut limits.tokens, args.tokens);
    change(&mut limits.destinations, args.destinations);
    if limits != before {
        ceilings::set_limits(store, account.id, &limits).await?;
    }
    print_limits(store, &account, &limits).await
}

fn change<T>(limit: &mut Option<T>, own: Option<Own<T>>) {
    if let Some(Own(value)) = own {
        *limit = value;
    }
}

async fn print_limits(
    store: &Store,
    account: &Account,
    limits: &AccountLimits,
) -> anyhow::Result<()> {
    println!("{} a day", account.email);
    for resource in Resource::ALL {
        let limit = limits.daily(resource);
        let limit = limit.map_or("default".to_owned(), |limit| limit.to_string());
        let used = ceilings::used_today(store, account.id, resource, now_ms()).await?;
        println!("  {:<12} {limit:<12} {used} today", resource.name());
    }
    let destinations = limits.destinations.as_ref();
    let destinations = destinations.map_or("default".to_owned(), ToString::to_string);
    println!("  {:<12} {destinations}", "destinations");
    Ok(())
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
