//! Whether a conversation may begin, or go on.

use super::{
    CeilingReached, DAY_MS, EVERYBODY, Resource, SpendingRefused, day, limits, may_spend, total_for,
};
use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;

/// What talking costs.
const COSTS: [Resource; 2] = [Resource::Minutes, Resource::Tokens];

/// Why an account may not talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TalkingRefused {
    /// By the rules.
    #[error(transparent)]
    Rule(#[from] SpendingRefused),
    /// It has talked enough today.
    #[error(transparent)]
    Ceiling(#[from] CeilingReached),
}

/// Whether the account may spend, and has minutes and tokens left today. Takes none of them: they are counted as they
/// are used. Everybody who comes asks this, so it asks the database little.
pub async fn may_talk(
    store: &Store,
    account: AccountId,
    now_ms: i64,
) -> Result<Result<(), TalkingRefused>, StoreError> {
    if let Err(refused) = may_spend(store, account, None).await? {
        return Ok(Err(refused.into()));
    }
    let rules = store.spending_rules();
    let limits = limits(store, account).await?;
    let ceilings = COSTS.into_iter().flat_map(|resource| {
        let own = limits.daily(resource);
        let of_account = own.unwrap_or(rules.per_account.of(resource));
        let of_all = total_for(rules, own, resource);
        [(account.0, of_account), (EVERYBODY, of_all)]
            .into_iter()
            .filter_map(move |(whose, ceiling)| Some((whose, resource, ceiling.most()?)))
    });
    let ceilings: Vec<_> = ceilings.collect();
    if ceilings.is_empty() {
        return Ok(Ok(()));
    }
    let used = used_today(store, account, now_ms).await?;
    let reached = ceilings.into_iter().find(|(whose, resource, most)| {
        let of_it = used
            .iter()
            .find(|(account, name, _)| account == whose && name == resource.name());
        of_it.map_or(0, |(_, _, used)| *used) >= i64::from(*most)
    });
    Ok(match reached {
        None => Ok(()),
        Some((whose, resource, limit)) => Err(TalkingRefused::Ceiling(CeilingReached {
            resource,
            limit,
            is_total: whose == EVERYBODY,
            resets_at_ms: (day(now_ms) + 1) * DAY_MS,
        })),
    })
}

/// What the account and all together have used: whose, of what, how much.
async fn used_today(
    store: &Store,
    account: AccountId,
    now_ms: i64,
) -> Result<Vec<(i64, String, i64)>, StoreError> {
    let rows = store
        .timed(
            sqlx::query(
                "SELECT account_id, resource, used FROM daily_use \
                 WHERE account_id IN ($1, $2) AND day = $3",
            )
            .bind(account.0)
            .bind(EVERYBODY)
            .bind(day(now_ms))
            .fetch_all(store.pool()),
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect()
}
