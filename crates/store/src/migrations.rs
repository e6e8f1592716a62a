//! The migrations, which the binary carries. Not by sqlx's macro: for it alone both database drivers would be built a
//! second time, to run in the compiler.

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};
use std::sync::LazyLock;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../migrations/", $name, ".sql")))),*]
    };
}

/// Names and texts, oldest first.
const FILES: &[(&str, &str)] = files![
    "0001_begin",
    "0002_accounts",
    "0003_jobs",
    "0004_assistants",
    "0005_calls",
    "0006_transcripts",
    "0007_numbers",
    "0008_connections",
    "0009_chat",
    "0010_action_log",
    "0011_minutes",
    "0012_revocations",
    "0013_transfers",
    "0014_ephemeral_keys",
    "0015_transcripts_of_a_number",
    "0016_call_codes",
    "0017_idempotency",
];

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migrations = FILES.iter().enumerate().map(|(before, (name, sql))| {
        let description = name.split_once('_').map_or(*name, |(_, rest)| rest);
        Migration::new(
            before as i64 + 1,
            description.replace('_', " ").into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
});

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn all_files_are_there_in_their_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let files = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let names = FILES.iter().map(|(name, _)| format!("{name}.sql"));
        assert_eq!(files, names.collect::<Vec<_>>());
        for (before, (name, _)) in FILES.iter().enumerate() {
            assert!(name.starts_with(&format!("{:04}_", before + 1)), "{name}");
        }
    }
}
