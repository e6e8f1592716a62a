//! Full-text search: the one thing that SQLite and PostgreSQL do each in their own way.
//!
//! Texts are taken apart here, so that both engines see the same words: lower case, without accents, letters and
//! digits alone; of scripts without blanks each character is a word. Besides its words a transcript holds one for its
//! account (`@17`), so that a search never wades through the neighbours' transcripts. A search finds what holds all
//! of its words.

use crate::{AccountId, Store, StoreError, store::Dialect};
use sqlx::{AnyConnection, Executor as _};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Longer words are cut: nobody looks for them, and PostgreSQL takes no endless ones.
const LONGEST_WORD: usize = 40;
/// More words of one conversation are not found by search (PostgreSQL's vectors end at 1 MiB).
const MOST_WORDS: i64 = 40_000;
/// Words of a question that count.
const MOST_ASKED: usize = 16;
/// PostgreSQL has no lock of its own for tables that are made.
const SCHEMA_LOCK: &str = "SELECT pg_advisory_xact_lock(7263549812)";

const SQLITE_SCHEMA: &str = "CREATE VIRTUAL TABLE IF NOT EXISTS transcript_words USING fts5(words, detail=none, \
     tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* S* P* C*'\")";
const POSTGRES_SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS transcript_words (transcript_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX IF NOT EXISTS transcript_words_gin ON transcript_words USING GIN (words)",
    // By the usual thousand most common words a rare one seems ten times as common as it is, and is then looked for by
    // reading on and on from the newest: 46 ms instead of 3 in a hundred thousand.
    "ALTER TABLE transcript_words ALTER COLUMN words SET STATISTICS 1000",
];

/// Makes the table of words, if it is not there.
pub(crate) async fn prepare_search(store: &Store) -> Result<(), StoreError> {
    store
        .timed(async {
            let mut transaction = store.pool().begin().await?;
            match store.dialect() {
                Dialect::Sqlite => {
                    transaction.execute(SQLITE_SCHEMA).await?;
                }
                Dialect::Postgres => {
                    transaction.execute(SCHEMA_LOCK).await?;
                    for statement in POSTGRES_SCHEMA {
                        transaction.execute(statement).await?;
                    }
                }
            }
            transaction.commit().await
        })
        .await
}

/// How many words a text has, as people count them.
pub fn count(text: &str) -> i64 {
    let words = text.split_whitespace();
    words
        .filter(|word| word.contains(char::is_alphanumeric))
        .count() as i64
}

/// The words of a text, as they are searched for.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = String> {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .flat_map(|c| {
            let around = if has_no_blanks(c) { " " } else { "" };
            around.chars().chain([c]).chain(around.chars())
        })
        .collect();
    let words: Vec<String> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST_WORD).collect())
        .collect();
    words.into_iter()
}

/// Scripts that are written without blanks between words.
fn has_no_blanks(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// Adds the words of a text to a transcript.
pub(super) async fn add(
    connection: &mut AnyConnection,
    dialect: Dialect,
    transcript: i64,
    account: AccountId,
    text: &str,
) -> Result<(), sqlx::Error> {
    let mut words: Vec<String> = tokens(text).collect();
    words.sort_unstable();
    words.dedup();
    if words.is_empty() {
        return Ok(());
    }
    let words = words.join(" ");
    match dialect {
        Dialect::Sqlite => {
            let update = "UPDATE transcript_words SET words = words || ' ' || $2 \
                 WHERE rowid = $1 AND length(words) < 8 * $3";
            let done = sqlx::query(update)
                .bind(transcript)
                .bind(&words)
                .bind(MOST_WORDS)
                .execute(&mut *connection)
                .await?;
            if done.rows_affected() == 0 {
                let insert = "INSERT INTO transcript_words (rowid, words) SELECT $1, $2 \
                     WHERE NOT EXISTS (SELECT 1 FROM transcript_words WHERE rowid = $1)";
                sqlx::query(insert)
                    .bind(transcript)
                    .bind(format!("@{} {words}", account.0))
                    .execute(connection)
                    .await?;
            }
        }
        Dialect::Postgres => {
            let upsert = "INSERT INTO transcript_words (transcript_id, words) \
                 VALUES ($1, array_to_tsvector(string_to_array($2, ' '))) ON CONFLICT (transcript_id) \
                 DO UPDATE SET words = transcript_words.words || excluded.words \
                 WHERE length(transcript_words.words) < $3";
            sqlx::query(upsert)
                .bind(transcript)
                .bind(format!("@{} {words}", account.0))
                .bind(MOST_WORDS)
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

/// Forgets the words of a transcript.
pub(super) async fn remove(
    connection: &mut AnyConnection,
    dialect: Dialect,
    transcript: i64,
) -> Result<(), sqlx::Error> {
    let delete = match dialect {
        Dialect::Sqlite => "DELETE FROM transcript_words WHERE rowid = $1",
        Dialect::Postgres => "DELETE FROM transcript_words WHERE transcript_id = $1",
    };
    sqlx::query(delete)
        .bind(transcript)
        .execute(connection)
        .await?;
    Ok(())
}

/// A search of an account's transcripts, in SQL.
#[derive(Debug)]
pub(super) struct Search {
    /// What takes the place of `transcripts t`.
    pub(super) from: &'static str,
    /// With `$1`, the question.
    pub(super) condition: &'static str,
    /// What the newest come first by.
    pub(super) order: &'static str,
    /// The question.
    pub(super) question: String,
}

impl Search {
    /// `None` when there is no word in the text: nothing is found.
    pub(super) fn new(dialect: Dialect, account: AccountId, text: &str) -> Option<Self> {
        let words: Vec<String> = tokens(text).take(MOST_ASKED).collect();
        if words.is_empty() {
            return None;
        }
        let words = std::iter::once(format!("@{}", account.0)).chain(words);
        Some(match dialect {
            Dialect::Sqlite => Self {
                // The index gives its rows in the order of their ids, and as many as are asked for.
                from: "transcript_words CROSS JOIN transcripts t ON t.id = transcript_words.rowid",
                condition: "transcript_words MATCH $1",
                order: "transcript_words.rowid",
                question: words
                    .map(|word| format!("\"{word}\""))
                    .collect::<Vec<_>>()
                    .join(" "),
            },
            Dialect::Postgres => Self {
                from: "transcript_words w JOIN transcripts t ON t.id = w.transcript_id",
                condition: "w.words @@ $1::tsquery",
                order: "w.transcript_id",
                question: words
                    .map(|word| format!("'{word}'"))
                    .collect::<Vec<_>>()
                    .join(" & "),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_for_both_engines() {
        let words: Vec<_> = tokens("Grüezi, CAFÉ-bar! it's 4.5 你好").collect();
        assert_eq!(
            words,
            ["gruezi", "cafe", "bar", "it", "s", "4", "5", "你", "好"]
        );
        assert_eq!(count("Hello, this is — you & me"), 5);
    }

    #[test]
    fn a_question_cannot_be_more_than_words() {
        let search = Search::new(Dialect::Postgres, AccountId(7), "a' | !b:* \" (NEAR").unwrap();
        assert_eq!(search.question, "'@7' & 'a' & 'b' & 'near'");
        assert!(Search::new(Dialect::Sqlite, AccountId(7), "?!").is_none());
    }
}
