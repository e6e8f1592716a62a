//! A hundred thousand conversations, written as they are in service: announced, turn by turn, ended. The words are drawn
//! as in speech: a few are in nearly every conversation, most are rare.

use anyhow::Context as _;
use casp_store::{
    AccountId, Store,
    sessions::{self, NewSession, SessionKind},
    turns::{self, Turn},
};
use casp_testkit::PostgresServer;
use serde_json::json;
use sqlx::{Connection as _, Executor as _};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::task::JoinSet;

/// Words that there are.
pub const VOCABULARY: u64 = 20_000;
/// When the first one began: 2024-01-01, Unix milliseconds.
pub const BEGIN_MS: i64 = 1_704_067_200_000;
const TURNS: u64 = 6;
const WORDS_A_TURN: u64 = 12;
/// Between two calls.
const STEP_MS: i64 = 60_000;

/// A PostgreSQL of its own with an empty database; its URL.
///
/// # Errors
/// When there is no PostgreSQL on this machine.
pub async fn postgres() -> anyhow::Result<String> {
    let server = tokio::task::spawn_blocking(PostgresServer::shared).await?;
    sqlx::any::install_default_drivers();
    let mut admin = sqlx::AnyConnection::connect(&server.url("postgres")).await?;
    admin.execute("CREATE DATABASE bench").await?;
    Ok(server.url("bench"))
}

/// What autovacuum does within minutes.
///
/// # Errors
/// When the database does not answer.
pub async fn vacuum(url: &str) -> anyhow::Result<()> {
    let mut connection = sqlx::AnyConnection::connect(url).await?;
    connection.execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// Writes `count` conversations of one account, and a tenth of that of its neighbour.
///
/// # Errors
/// When the database fails.
pub async fn fill(
    store: &Store,
    ours: AccountId,
    neighbour: AccountId,
    count: u32,
) -> anyhow::Result<()> {
    let next = Arc::new(AtomicU32::new(0));
    let total = count + count / 10;
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let (store, next) = (store.clone(), next.clone());
        writers.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= total {
                    return anyhow::Ok(());
                }
                let account = if n % 11 == 10 { neighbour } else { ours };
                conversation(&store, account, u64::from(n)).await?;
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    Ok(())
}

async fn conversation(store: &Store, account: AccountId, n: u64) -> anyhow::Result<()> {
    let mut chance = Chance(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let at_ms = BEGIN_MS + n as i64 * STEP_MS;
    let new = NewSession {
        id: format!("phone-CA{n:032x}"),
        account,
        kind: SessionKind::Phone,
        room_name: format!("twilio-CA{n:032x}"),
        from: format!("+1555{:07}", n % 5_000),
        to: "+15551230002".into(),
        assistant: ["default", "sales", "support", "reminder"][(n % 97 % 4) as usize].into(),
        overrides: json!({}),
    };
    sessions::announce(store, &new, at_ms).await?;
    for turn in 0..TURNS {
        let words: Vec<String> = (0..WORDS_A_TURN).map(|_| word(chance.rank())).collect();
        let at_ms = at_ms + turn as i64 * 5_000;
        let turn = Turn {
            position: 0,
            role: if turn % 2 == 0 { "assistant" } else { "user" }.into(),
            text: format!("{} {}.", word(0), words.join(" ")),
            was_interrupted: false,
            timings: json!({"total_ms": 400}),
            at_ms,
        };
        turns::append(store, &new.id, 0, &turn)
            .await?
            .context("the session is ours")?;
    }
    sessions::end(store, &new.id, "completed", at_ms + 40_000).await?;
    Ok(())
}

/// The word of that rank: 0 is in every turn, the last one is rare.
pub fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ka", "lo", "mi", "ru", "sen", "ta", "vo", "ne", "pi", "gar", "du", "fel", "ho", "jin",
        "bra", "zu",
    ];
    let mut rest = rank + 16;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}

/// xorshift64*, the same at every run.
struct Chance(u64);

impl Chance {
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Ranks as Zipf has them: each is drawn with a chance of about one over itself.
    fn rank(&mut self) -> u64 {
        let rank = (VOCABULARY as f64).powf(self.share());
        (rank as u64 - 1).min(VOCABULARY - 1)
    }
}
