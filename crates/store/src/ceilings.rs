//! What an account may spend a day, and where it may call. Shared Twilio and model keys must not become somebody's
//! free phone, so each ceiling is a hard stop, held by one compare-and-set in the database: however many requests run
//! at once, in however many processes, no more is taken than there is.
//!
//! The rules come from the settings ([`SpendingRules`], given to [`Store::with_spending_rules`]); an administrator may
//! set an account's own ([`set_limits`]). Days are UTC.

mod ceiling;
mod destinations;
mod limits;
mod talking;

pub use ceiling::{Ceiling, DailyCeilings, InvalidCeiling, Resource};
pub use destinations::{Destinations, InvalidDestinations};
pub use limits::{AccountLimits, limits, set_limits};
pub use talking::{TalkingRefused, may_talk};

use crate::{AccountId, Store, StoreError, accounts};
use sqlx::Row as _;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The row of all accounts together; no account has this number.
const EVERYBODY: i64 = 0;

/// What holds for accounts that have no limits of their own.
#[derive(Debug, Clone)]
pub struct SpendingRules {
    /// Whether an account must verify its e-mail before it spends anything.
    pub needs_verified_email: bool,
    /// A day, for each account.
    pub per_account: DailyCeilings,
    /// A day, for all accounts together that have no limit of their own: the bill of somebody who registers again and
    /// again ends here.
    pub total: DailyCeilings,
    /// Where accounts may call and write to.
    pub destinations: Destinations,
}

impl Default for SpendingRules {
    fn default() -> Self {
        Self {
            needs_verified_email: true,
            per_account: DailyCeilings {
                calls: Ceiling::AtMost(200),
                messages: Ceiling::AtMost(500),
                minutes: Ceiling::AtMost(1_000),
                tokens: Ceiling::AtMost(5_000_000),
            },
            total: DailyCeilings {
                calls: Ceiling::AtMost(2_000),
                messages: Ceiling::AtMost(5_000),
                minutes: Ceiling::AtMost(10_000),
                tokens: Ceiling::AtMost(50_000_000),
            },
            destinations: Destinations::default(),
        }
    }
}

impl SpendingRules {
    /// No bounds at all: for development.
    pub fn unbounded() -> Self {
        Self {
            needs_verified_email: false,
            per_account: DailyCeilings::UNLIMITED,
            total: DailyCeilings::UNLIMITED,
            destinations: Destinations::default(),
        }
    }
}

/// Why an account may not spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpendingRefused {
    /// Its e-mail is not verified.
    #[error("the account's e-mail is not verified yet")]
    Unverified,
    /// The number is not in a country that the account may reach, or a premium one.
    #[error("the account may not call or write to this number's country or number range")]
    Destination,
}

/// A day's ceiling stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("today's ceiling of {limit} {} is reached", .resource.name())]
pub struct CeilingReached {
    /// Of what.
    pub resource: Resource,
    /// The ceiling.
    pub limit: u32,
    /// It is that of all accounts together.
    pub is_total: bool,
    /// When the next day begins, Unix milliseconds.
    pub resets_at_ms: i64,
}

/// Whether an account may spend at all, and on this number where there is one (with or without a channel before it,
/// as in `whatsapp:+15551230001`).
pub async fn may_spend(
    store: &Store,
    account: AccountId,
    destination: Option<&str>,
) -> Result<Result<(), SpendingRefused>, StoreError> {
    let rules = store.spending_rules();
    if rules.needs_verified_email {
        let account = accounts::get(store, account).await?;
        if !account.is_some_and(|account| account.is_verified && account.is_active) {
            return Ok(Err(SpendingRefused::Unverified));
        }
    }
    let Some(number) = destination else {
        return Ok(Ok(()));
    };
    let limits = limits(store, account).await?;
    let destinations = limits.destinations.as_ref();
    Ok(
        if destinations.unwrap_or(&rules.destinations).allow(number) {
            Ok(())
        } else {
            Err(SpendingRefused::Destination)
        },
    )
}

/// Takes `amount` of today's, all of it or nothing.
pub async fn take(
    store: &Store,
    account: AccountId,
    resource: Resource,
    amount: u32,
    now_ms: i64,
) -> Result<Result<(), CeilingReached>, StoreError> {
    let rules = store.spending_rules();
    let own = limits(store, account).await?.daily(resource);
    let total = total_for(rules, own, resource);
    let own = own.unwrap_or(rules.per_account.of(resource));
    let reached = |ceiling: Ceiling, is_total| CeilingReached {
        resource,
        limit: ceiling.most().unwrap_or(u32::MAX),
        is_total,
        resets_at_ms: (day(now_ms) + 1) * DAY_MS,
    };
    if !add(store, account.0, resource, amount, own, now_ms).await? {
        return Ok(Err(reached(own, false)));
    }
    if total != Ceiling::Unlimited
        && !add(store, EVERYBODY, resource, amount, total, now_ms).await?
    {
        // A process that dies in between leaves the account with less, never with more.
        give_back(store, account, resource, amount, now_ms).await?;
        return Ok(Err(reached(total, true)));
    }
    Ok(Ok(()))
}

/// The ceiling that stands in the way of one more, if one does. Takes nothing.
pub async fn reached(
    store: &Store,
    account: AccountId,
    resource: Resource,
    now_ms: i64,
) -> Result<Option<CeilingReached>, StoreError> {
    let rules = store.spending_rules();
    let own = limits(store, account).await?.daily(resource);
    let total = total_for(rules, own, resource);
    let own = own.unwrap_or(rules.per_account.of(resource));
    for (whose, ceiling, is_total) in [(account, own, false), (AccountId(EVERYBODY), total, true)] {
        let Some(most) = ceiling.most() else { continue };
        if used_today(store, whose, resource, now_ms).await? >= i64::from(most) {
            return Ok(Some(CeilingReached {
                resource,
                limit: most,
                is_total,
                resets_at_ms: (day(now_ms) + 1) * DAY_MS,
            }));
        }
    }
    Ok(None)
}

/// How much is left of today's; `None` where there is no ceiling.
pub async fn left(
    store: &Store,
    account: AccountId,
    resource: Resource,
    now_ms: i64,
) -> Result<Option<u32>, StoreError> {
    let rules = store.spending_rules();
    let own = limits(store, account).await?.daily(resource);
    let total = total_for(rules, own, resource);
    let own = own.unwrap_or(rules.per_account.of(resource));
    let mut least: Option<u32> = None;
    for (whose, ceiling) in [(account, own), (AccountId(EVERYBODY), total)] {
        let Some(most) = ceiling.most() else { continue };
        let used = used_today(store, whose, resource, now_ms).await?;
        let left = u32::try_from(i64::from(most) - used).unwrap_or(0);
        least = Some(least.map_or(left, |least| least.min(left)));
    }
    Ok(least)
}

/// Notes what was spent already, beyond the ceiling too: the next [`take`] is refused then. For amounts that are
/// known only afterwards, as a model's tokens are.
pub async fn record(
    store: &Store,
    account: AccountId,
    resource: Resource,
    amount: u32,
    now_ms: i64,
) -> Result<(), StoreError> {
    add(
        store,
        account.0,
        resource,
        amount,
        Ceiling::Unlimited,
        now_ms,
    )
    .await?;
    let own = limits(store, account).await?.daily(resource);
    if total_for(store.spending_rules(), own, resource) != Ceiling::Unlimited {
        let most = Ceiling::Unlimited;
        add(store, EVERYBODY, resource, amount, most, now_ms).await?;
    }
    Ok(())
}

/// An account that an administrator gave a limit of its own does not share that of all others.
fn total_for(rules: &SpendingRules, own: Option<Ceiling>, resource: Resource) -> Ceiling {
    if own.is_some() {
        Ceiling::Unlimited
    } else {
        rules.total.of(resource)
    }
}

/// What an account has spent today.
pub async fn used_today(
    store: &Store,
    account: AccountId,
    resource: Resource,
    now_ms: i64,
) -> Result<i64, StoreError> {
    let row = store
        .timed(
            sqlx::query(
                "SELECT used FROM daily_use WHERE account_id = $1 AND day = $2 AND resource = $3",
            )
            .bind(account.0)
            .bind(day(now_ms))
            .bind(resource.name())
            .fetch_optional(store.pool()),
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.try_get(0))?)
}

/// Takes away what was counted on days before `before_ms`; returns how many rows.
pub async fn purge(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let done = store
        .timed(
            sqlx::query("DELETE FROM daily_use WHERE day < $1")
                .bind(day(before_ms))
                .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected())
}

/// False, and nothing added, when it would go over the ceiling.
async fn add(
    store: &Store,
    account: i64,
    resource: Resource,
    amount: u32,
    ceiling: Ceiling,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let most = ceiling.most().map_or(i64::MAX, i64::from);
    // PostgreSQL checks the last WHERE again on the row that it had to wait for.
    let done = store
        .timed(
            sqlx::query(
                "INSERT INTO daily_use (account_id, day, resource, used) \
                 SELECT $1, $2, $3, $4 WHERE $4 <= $5 \
                 ON CONFLICT (account_id, day, resource) DO UPDATE \
                 SET used = daily_use.used + excluded.used \
                 WHERE daily_use.used <= $5 - excluded.used",
            )
            .bind(account)
            .bind(day(now_ms))
            .bind(resource.name())
            .bind(i64::from(amount))
            .bind(most)
            .execute(store.pool()),
        )
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn give_back(
    store: &Store,
    account: AccountId,
    resource: Resource,
    amount: u32,
    now_ms: i64,
) -> Result<(), StoreError> {
    store
        .timed(
            sqlx::query(
                "UPDATE daily_use SET used = used - $4 \
                 WHERE account_id = $1 AND day = $2 AND resource = $3 AND used >= $4",
            )
            .bind(account.0)
            .bind(day(now_ms))
            .bind(resource.name())
            .bind(i64::from(amount))
            .execute(store.pool()),
        )
        .await?;
    Ok(())
}

fn day(now_ms: i64) -> i64 {
    now_ms.div_euclid(DAY_MS)
}
