//! Pages of transcripts, by filters and by words.

use super::{Transcript, columns, from_row, words::Search};
use crate::{AccountId, Store, StoreError};
use sqlx::{Arguments as _, any::AnyArguments};
use std::fmt::Write as _;

/// Which transcripts. An empty one means all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `inbound` or `outbound`.
    pub call_direction: Option<String>,
    /// Assistant.
    pub scenario_name: Option<String>,
    /// Calling or called.
    pub number: Option<String>,
    /// Begun at this time or later, Unix milliseconds.
    pub from_ms: Option<i64>,
    /// Begun before, Unix milliseconds.
    pub to_ms: Option<i64>,
    /// Words that all occur in it.
    pub words: Option<String>,
}

/// A page, the newest first.
pub async fn page(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    skip: u32,
    limit: u32,
) -> Result<Vec<Transcript>, StoreError> {
    let search = match &filter.words {
        None => None,
        Some(text) => match Search::new(store.dialect(), account, text) {
            Some(search) => Some(search),
            None => return Ok(Vec::new()),
        },
    };
    let mut arguments = Bound::default();
    let (from, order, mut conditions) = match &search {
        Some(search) => {
            arguments.bind(search.question.clone())?;
            let conditions = format!("{} AND ", search.condition);
            (search.from, search.order, conditions)
        }
        None => ("transcripts t", "t.id", String::new()),
    };
    let account = arguments.bind(account.0)?;
    let _ = write!(conditions, "t.account_id = {account} AND t.is_shown = 1");
    for (column, value) in [
        ("t.call_direction", &filter.call_direction),
        ("t.scenario_name", &filter.scenario_name),
    ] {
        if let Some(value) = value {
            let value = arguments.bind(value.clone())?;
            let _ = write!(conditions, " AND {column} = {value}");
        }
    }
    for (comparison, time) in [(">=", filter.from_ms), ("<", filter.to_ms)] {
        if let Some(time) = time {
            let id = arguments.bind(super::first_id_at(time))?;
            let _ = write!(conditions, " AND t.id {comparison} {id}");
        }
    }
    let (limit, skip) = (
        arguments.bind(i64::from(limit))?,
        arguments.bind(i64::from(skip))?,
    );
    let (mut from, mut order) = (from, order);
    if let Some(number) = &filter.number {
        // Those it called and those it was called in, each in the order of its index: either alone would be walked
        // through from the newest on, by all other calls of the account.
        let number = arguments.bind(number.clone())?;
        let newest = |side| {
            format!(
                "SELECT * FROM (SELECT t.id FROM {from} WHERE {conditions} AND t.{side} = {number} \
                 ORDER BY {order} DESC LIMIT {limit} + {skip}) AS {side}"
            )
        };
        let (calling, called) = (newest("from_address"), newest("to_address"));
        conditions = format!("t.id IN ({calling} UNION {called})");
        (from, order) = ("transcripts t", "t.id");
    }
    let sql = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM {} WHERE {} ORDER BY {} DESC LIMIT {} OFFSET {}"
        ),
        from, conditions, order, limit, skip
    );
    // Planned for these very words each time: what is rare is looked up, what is common is met on the way.
    let query = sqlx::query_with(sqlx::AssertSqlSafe(sql), arguments.0).persistent(false);
    let rows = store.timed(query.fetch_all(store.pool())).await?;
    rows.iter().map(from_row).collect()
}

/// Arguments in order, each with its place in the statement.
#[derive(Default)]
struct Bound(AnyArguments);

impl Bound {
    fn bind<'q, T>(&mut self, value: T) -> Result<String, StoreError>
    where
        T: sqlx::Encode<'q, sqlx::Any> + sqlx::Type<sqlx::Any> + 'q,
    {
        self.0
            .add(value)
            .map_err(|error| StoreError::Database(sqlx::Error::Encode(error)))?;
        Ok(format!("${}", self.0.len()))
    }
}
