//! How an account's calls went, day by day.

use crate::{AccountId, Store, StoreError};
use sqlx::Row as _;
use std::collections::BTreeMap;

const MS_A_DAY: i64 = 86_400_000;

/// Which step of a fourth of a power of two a time is in.
pub(super) fn step_of(ms: i64) -> i64 {
    ((ms.max(0) as f64 + 1.0).log2() * 4.0).floor() as i64
}

/// The middle of a step, milliseconds.
fn ms_of(step: i64) -> i64 {
    (2_f64.powf((step as f64 + 0.5) / 4.0) - 1.0).round() as i64
}

/// One day (UTC).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// Its beginning, Unix milliseconds.
    pub begins_at_ms: i64,
    /// Conversations that began on it, by channel.
    pub channels: BTreeMap<String, i64>,
    /// The same by how they ended; `in progress` for those that did not.
    pub outcomes: BTreeMap<String, i64>,
    /// The same by who called whom.
    pub directions: BTreeMap<String, i64>,
    /// Their time together, milliseconds.
    pub duration_ms: i64,
    /// Answers of the agent that were measured.
    pub answers: i64,
    /// Half of them were faster, milliseconds (to within a tenth).
    pub median_answer_ms: Option<i64>,
    /// One in twenty was slower.
    pub p95_answer_ms: Option<i64>,
}

/// The days from `from_ms` to before `to_ms`, those without anything left out; the first day first.
pub async fn days(
    store: &Store,
    account: AccountId,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<Day>, StoreError> {
    let (first, last) = (from_ms.div_euclid(MS_A_DAY), to_ms.div_euclid(MS_A_DAY));
    let (calls, answers) = tokio::try_join!(
        store.timed(
            sqlx::query(
                "SELECT started_at_ms / 86400000, channel, COALESCE(end_reason, 'in progress'), call_direction, \
                 COUNT(*), CAST(SUM(COALESCE(ended_at_ms, started_at_ms) - started_at_ms) AS BIGINT) \
                 FROM transcripts WHERE account_id = $1 AND id >= $2 AND id < $3 GROUP BY 1, 2, 3, 4",
            )
            .bind(account.0)
            .bind(super::first_id_at(from_ms))
            .bind(super::first_id_at(to_ms))
            .fetch_all(store.pool()),
        ),
        store.timed(
            sqlx::query(
                "SELECT day, step, answers FROM answer_times \
                 WHERE account_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, step",
            )
            .bind(account.0)
            .bind(first)
            .bind(last)
            .fetch_all(store.pool()),
        ),
    )?;
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    for row in &calls {
        let day = days.entry(row.try_get(0)?).or_default();
        let count: i64 = row.try_get(4)?;
        *day.channels.entry(row.try_get(1)?).or_default() += count;
        *day.outcomes.entry(row.try_get(2)?).or_default() += count;
        *day.directions.entry(row.try_get(3)?).or_default() += count;
        day.duration_ms += row.try_get::<i64, _>(5)?;
    }
    let mut steps: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
    for row in &answers {
        let step = (row.try_get(1)?, row.try_get(2)?);
        steps.entry(row.try_get(0)?).or_default().push(step);
    }
    for (number, steps) in steps {
        let day = days.entry(number).or_default();
        day.answers = steps.iter().map(|(_, answers)| answers).sum();
        day.median_answer_ms = quantile(&steps, day.answers, 50);
        day.p95_answer_ms = quantile(&steps, day.answers, 95);
    }
    Ok(days
        .into_iter()
        .map(|(number, day)| Day {
            begins_at_ms: number * MS_A_DAY,
            ..day
        })
        .collect())
}

/// Of counts by step, in order.
fn quantile(steps: &[(i64, i64)], total: i64, percent: i64) -> Option<i64> {
    let wanted = (total * percent + 99) / 100;
    let mut seen = 0;
    for (step, answers) in steps {
        seen += answers;
        if seen >= wanted.max(1) {
            return Some(ms_of(*step));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_true_to_within_a_tenth() {
        for ms in [50, 100, 412, 800, 2_000, 9_999] {
            let kept = ms_of(step_of(ms));
            assert!((kept - ms).abs() * 10 <= ms, "{ms} is kept as {kept}");
        }
        assert_eq!(step_of(-5), 0);
    }

    #[test]
    fn quantiles_of_counts() {
        let steps = [(step_of(100), 95), (step_of(1_000), 5)];
        assert_eq!(quantile(&steps, 100, 50), Some(ms_of(step_of(100))));
        assert_eq!(quantile(&steps, 100, 95), Some(ms_of(step_of(100))));
        assert_eq!(quantile(&steps, 100, 96), Some(ms_of(step_of(1_000))));
        assert_eq!(quantile(&[], 0, 50), None);
    }
}
